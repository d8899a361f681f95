"""Secrets that a door has read are out of the environment, and still in nothing that is said."""

from __future__ import annotations

import os

import pytest

from agentos_action.entry.fail import take_out, tell
from agentos_action.errors import UsageError


def test_a_secret_that_was_taken_out_is_still_kept_out_of_what_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "taken-out-battery-staple"
    monkeypatch.setenv("AGENTOS_INPUT_GITHUB_TOKEN", secret)
    take_out("AGENTOS_INPUT_GITHUB_TOKEN", "NOT_THERE")
    assert secret not in os.environ.values()
    tell(UsageError(f"the server said {secret}", secret), as_json=False)
    said = capsys.readouterr().err
    assert "the server said" in said
    assert secret not in said
