"""A log in a workflow tells paths as its reader knows them; elsewhere, and within quotes, they stay as they are."""

from __future__ import annotations

import io
import sys

import pytest

from agentos_action.records.run import RunReport
from agentos_action.report.near import nearness
from agentos_action.report.terminal import Reporter

RUNNER = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "/runner/work/p/p", "RUNNER_TEMP": "/runner/work/_temp/"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("commit it: agentos commit /runner/work/_temp/e/1", "commit it: agentos commit $RUNNER_TEMP/e/1"),
        ("it is not in /runner/work/_temp, so", "it is not in $RUNNER_TEMP, so"),
        ("/runner/work/p/p/a.toml:3: wrong", "a.toml:3: wrong"),
        ("/runner/work/p/p: no repository", ".: no repository"),
        ("see /runner/work/p/p/", "see ./"),
        ("/runner/work/p/p2/a and x/runner/work/p/p/a", "/runner/work/p/p2/a and x/runner/work/p/p/a"),
        ("agentos commit '/runner/work/_temp/a b'", "agentos commit '/runner/work/_temp/a b'"),
    ],
)
def test_a_path_is_told_from_where_the_reader_stands(text: str, told: str) -> None:
    assert nearness(RUNNER)(text) == told
    assert nearness({**RUNNER, "GITHUB_ACTIONS": ""})(text) == text
    assert nearness({"GITHUB_ACTIONS": "true", "RUNNER_TEMP": "/"})(text) == text


def test_the_log_of_a_run_tells_its_evidence_so(monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    evidence = "/runner/work/_temp/e/1"
    message = f"accepted; commit it: agentos commit {evidence}"
    report = RunReport(status="dry_run", exit_code=0, message=message, evidence=evidence)
    Reporter(plain=True, near=nearness(RUNNER)).report(report)
    assert "dry run: accepted; commit it: agentos commit $RUNNER_TEMP/e/1\n" in said.getvalue()
    assert "evidence  $RUNNER_TEMP/e/1\n" in said.getvalue()
