"""A pull request is judged by the policy of the branch it goes to, never by one it brings along."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.entry.inputs import read_inputs
from agentos_action.errors import UsageError

WITH = {"AGENTOS_INPUT_RECIPE": "docstrings", "GITHUB_EVENT_NAME": "pull_request"}


def event(tmp_path: Path, content: object) -> dict[str, str]:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return {**WITH, "GITHUB_EVENT_PATH": str(file)}


def test_the_base_of_the_pull_request_is_the_policy_commit(tmp_path: Path) -> None:
    base = "a" * 40
    told = event(tmp_path, {"pull_request": {"base": {"sha": base}, "head": {"sha": "b" * 40}}})
    assert f"--policy-ref={base}" in read_inputs(told).argv


def test_other_events_and_a_policy_ref_of_ones_own_are_left_as_they_are(tmp_path: Path) -> None:
    told = event(tmp_path, {"pull_request": {"base": {"sha": "a" * 40}}})
    pushed = read_inputs({**told, "GITHUB_EVENT_NAME": "push"}).argv
    assert not any(argument.startswith("--policy-ref") for argument in pushed)
    own = read_inputs({**told, "AGENTOS_INPUT_POLICY_REF": "main"}).argv
    assert [argument for argument in own if argument.startswith("--policy-ref")] == ["--policy-ref=main"]


@pytest.mark.parametrize("content", [{}, {"pull_request": None}, [], {"pull_request": {"base": {}}}])
def test_an_event_without_that_commit_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(UsageError, match=r"does not name the commit|is no JSON object"):
        read_inputs(event(tmp_path, content))
