"""Our own doings are told apart from everybody else's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.tasks.own import MARK, own_event
from tests.tasks.payloads import TEXT, comment, issue, payload

BOT = {"sender": {"login": "github-actions[bot]", "type": "Bot"}}
OURS = f"{MARK} task 00 -->\nDone."


@pytest.mark.parametrize(
    "name", ["issues.labeled", "issue_comment.created", "push", "workflow_dispatch", "workflow_run"]
)
def test_what_others_do_is_theirs(name: str) -> None:
    found = payload("workflow_run.completed" if name == "workflow_run" else name)
    assert own_event(name.partition(".")[0], found) is None
    assert own_event(name.partition(".")[0], found | {"sender": {"login": "renovate[bot]", "type": "Bot"}}) is None


def test_what_the_workflows_own_token_does_is_ours_but_for_what_it_does_on_purpose() -> None:
    assert "workflow's own token" in (own_event("issue_comment", comment("/agentos") | BOT) or "")
    assert own_event("push", payload("push") | BOT) is not None
    assert own_event("workflow_dispatch", payload("workflow_dispatch") | BOT) is None
    assert own_event("repository_dispatch", payload("repository_dispatch") | BOT) is None
    assert own_event("schedule", {"schedule": "0 3 * * *"} | BOT) is None
    assert own_event("workflow_run", payload("workflow_run.completed") | BOT) is None
    pushed = payload("workflow_run.completed") | BOT
    pushed["workflow_run"]["event"] = "push"
    assert own_event("workflow_run", pushed) is not None


def test_our_comment_is_ours_and_one_below_our_pull_request_is_not() -> None:
    assert own_event("issue_comment", comment(OURS)) == "the comment is one of ours"
    assert own_event("issue_comment", comment("/agentos", pull_request=True, body=OURS)) is None
    reviewed = payload("pull_request_review_comment.created")
    reviewed["pull_request"]["body"] = OURS
    assert own_event("pull_request_review_comment", reviewed) is None
    reviewed["comment"]["body"] = OURS
    assert own_event("pull_request_review_comment", reviewed) is not None
    assert own_event("issues", issue(f"I saw {MARK}")) is None


def test_our_pull_request_is_ours() -> None:
    opened = payload("pull_request.opened")
    assert own_event("pull_request", opened) is None
    opened["pull_request"]["body"] = OURS
    assert own_event("pull_request", opened) == "the pull request is one of ours"
    assert own_event("pull_request_target", opened) is not None


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ("a\n\nAgentOS-Run: 1\nAgentOS-Model: x", True),
        ("a\r\n\r\nAgentOS-Run: 1\r\n", True),
        ("a\n\nAgentOS-Run: 1\n\nCo-authored-by: Ada <a@b.c>\n", True),
        ("a\n\nAgentOS-Run: 1\n\nand more", False),
        ("a\n\nI saw\nAgentOS-Run: 1", False),
        ("a about AgentOS-Run: 1", False),
        ("", False),
    ],
)
def test_a_push_of_a_commit_of_ours_is_ours(message: str, *, ours: bool) -> None:
    found = payload("push")
    found["head_commit"]["message"] = message
    assert (own_event("push", found) is not None) == ours


ITEMS = st.none() | st.integers() | TEXT | st.dictionaries(st.sampled_from(["login", "body", "message", "event"]), TEXT)


@given(
    st.sampled_from(["push", "issue_comment", "pull_request", "workflow_run", "x"]),
    st.dictionaries(
        st.sampled_from(["sender", "comment", "review", "pull_request", "head_commit", "workflow_run"]), ITEMS
    ),
)
def test_any_payload_is_ours_or_not(name: str, found: dict[str, Any]) -> None:
    assert own_event(name, found) is None or own_event(name, found)
