"""`agentos commit` of a run that proposes nothing tells how that one ended, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.evidence.told import tell
from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.run import ModelWish, Workflow
from tests.git import make_repo
from tests.pipeline.test_halves import FILES, committed, proposed
from tests.runs import diff_answer, state_of


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, FILES)


def test_a_model_that_did_not_answer_is_told(repo: Path, tmp_path: Path) -> None:
    nobody = ModelWish(provider="llamacpp", base_url="http://127.0.0.1:9")
    ended = proposed(repo, tmp_path, flags=nobody)
    assert ended.status == "tool_failed"
    before = state_of(repo)
    report = committed(repo, ended.evidence)
    (finding,) = report.findings
    assert (report.status, report.parent, finding.id) == ("rejected", ended.run_id, "bundle.no-proposal")
    assert "ended as 'tool_failed'" in finding.message
    assert "Nothing answers at 127.0.0.1:9" in finding.message
    assert state_of(repo) == before
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_a_refusal_is_told_in_its_own_words(repo: Path, tmp_path: Path) -> None:
    ended = proposed(repo, tmp_path, diff_answer(".github/x", "a", "b"))
    assert ended.status == "rejected"
    assert ended.message in committed(repo, ended.evidence).message


def test_nothing_to_change_is_nothing_to_commit(repo: Path, tmp_path: Path) -> None:
    ended = proposed(repo, tmp_path, "```diff\n```\n")
    assert ended.status == "no_change"
    report = committed(repo, ended.evidence)
    # Its words are told as its own: whoever made the bundle speaks in them, and not we.
    said = f"the run that was to propose ended as 'no_change': {ended.message}"
    assert (report.status, report.exit_code, report.message) == ("no_change", 0, said)


def test_who_may_not_ask_is_refused_for_that(repo: Path, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    issue = {"number": 7, "user": {"login": "eve"}, "author_association": "NONE"}
    sender = {"login": "eve", "type": "User"}
    comment = {"id": 1, "body": "/agentos", "user": sender, "author_association": "NONE"}
    told = {"action": "created", "sender": sender, "issue": issue, "comment": comment}
    event.write_text(json.dumps(told), encoding="utf-8")
    workflow = Workflow(repository="o/r", run_id="1", event="issue_comment", event_file=event)
    ended = proposed(repo, tmp_path, workflow=workflow)
    assert ended.status == "rejected"
    report = committed(repo, ended.evidence, workflow=workflow)
    assert [finding.id for finding in report.findings] == ["trust.permission"]
    # No task is loaded, and who acted is told all the same.
    acting = {"login": "eve", "bot": False, "association": "NONE", "permission": None, "told_by": "event"}
    assert tell(Path(report.evidence or ""))["asked_by"] == [acting]


def test_a_workflow_takes_no_other_runs_word(repo: Path, tmp_path: Path) -> None:
    ended = proposed(repo, tmp_path, "```diff\n```\n")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"sender": {"login": "ada", "type": "User"}}), encoding="utf-8")
    workflow = Workflow(repository="o/r", run_id="2", event="workflow_dispatch", event_file=event)
    report = committed(repo, ended.evidence, workflow=workflow)
    assert [finding.id for finding in report.findings] == ["bundle.other-run"]
