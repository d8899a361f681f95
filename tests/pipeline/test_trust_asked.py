"""Who may ask is asked of the forge, and the text acted on is the one that was approved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentos_action.records.delivery import Delivery, Forge
from tests.forge.api import Fault, add_comment
from tests.git import commit_all, write_files
from tests.pipeline.events import (
    BODY,
    ISSUE,
    UNASKED,
    Workplace,
    commented,
    events_of,
    ids,
    labelled,
    loaded,
    payload,
    workplace,
)
from tests.runs import state_of
from tests.sealing import reseal

ADA = {"login": "ada", "type": "User"}
DELIVERY = Delivery(way="pull-request", issue=ISSUE)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path) as place:
        yield place


@pytest.mark.parametrize("who", ["tim", "eve", "nobody"])
def test_whom_the_forge_does_not_let_write_is_refused_and_no_model_is_asked(here: Workplace, who: str) -> None:
    before = state_of(here.repo)
    report = here.run("issues", labelled(sender=who), delivery=DELIVERY, branch="agentos/{task}")
    assert (report.status, report.exit_code, ids(report)) == ("rejected", 1, ["trust.permission"])
    assert events_of(report) == UNASKED
    assert here.api.comments == []
    assert here.api.issue_reactions == []
    assert here.api.asked == [f"GET /repos/o/r/collaborators/{who}/permission"]
    assert state_of(here.repo) == before


def test_what_is_wrong_in_a_text_is_answered_to_whoever_may_ask(here: Workplace) -> None:
    for who, answers in (("eve", 0), ("ada", 1)):
        report = here.run("issue_comment", commented("/agentos recipe", sender=who), delivery=DELIVERY)
        assert (report.status, report.exit_code) == ("usage", 2)
        assert [comment["issue"] for comment in here.api.comments] == [ISSUE] * answers
    assert "names no recipe" in here.api.comments[0]["body"]


def test_what_the_event_says_does_not_outvote_the_forge(here: Workplace) -> None:
    report = here.run("issue_comment", commented("/agentos", sender="eve", standing="MEMBER"))
    assert (report.status, ids(report)) == ("rejected", ["trust.permission"])
    told = loaded(report)["asked_by"]
    assert told == [{"login": "eve", "bot": False, "association": "MEMBER", "permission": "read", "told_by": "forge"}]


def test_a_writer_may_ask_in_a_stranger_s_issue(here: Workplace) -> None:
    asked = add_comment(here.api, ISSUE, "/agentos", ADA)
    # Whoever is a member may have been given less; and who is none in the event may write all the same.
    report = here.run("issue_comment", commented("/agentos", standing="NONE", comment=asked["id"]))
    assert report.status == "committed", report.message


def test_where_the_policy_names_the_users_the_forge_is_not_asked(here: Workplace) -> None:
    write_files(here.repo, {"agentos.toml": '[trust]\nusers = ["eve"]\n'})
    commit_all(here.repo)
    assert here.run("issues", labelled(sender="eve")).status == "committed"
    assert ids(here.run("issues", labelled(sender="ada"))) == ["trust.user"]
    assert not any("collaborators" in line for line in here.api.asked)


def test_a_task_lets_nobody_ask_whom_the_policy_does_not(here: Workplace, tmp_path: Path) -> None:
    task = tmp_path / "task.md"
    task.write_text('+++\n[trust]\nusers = ["eve"]\n+++\nChange it\n', encoding="utf-8")
    here.api.permissions["eve"] = "read"
    report = here.run("issues", labelled(sender="eve"), task_file=task)
    assert (report.status, ids(report)) == ("rejected", ["trust.permission"])
    assert ids(here.run("issues", labelled(sender="ada"), task_file=task)) == ["trust.user"]


@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (401, "Bad credentials", "forge_bad_token"),
        (403, "Resource not accessible by integration", "forge_permission"),
        (418, "Oh no", "forge_refused"),
    ],
)
def test_a_failure_of_the_forge_is_no_permission(here: Workplace, status: int, message: str, code: str) -> None:
    here.api.faults.append(Fault("GET", ".*/permission", status, message, times=99))
    report = here.run("issues", labelled())
    assert (report.status, report.exit_code) == ("usage", 2)
    assert report.raw_error_code == code
    assert "tool_dispatch_started" not in events_of(report)


def test_a_forge_that_is_not_there_gives_no_permission(here: Workplace) -> None:
    gone = replace(here.forge, api_url="http://127.0.0.1:9")
    report = here.run("issues", labelled(), forge=gone)
    assert (report.status, report.exit_code, report.raw_error_code) == ("usage", 2, "forge_unreachable")


def test_without_a_token_only_what_the_event_proves_counts(here: Workplace) -> None:
    none = here.run("issues", labelled(), forge=Forge())
    assert (none.status, ids(none)) == ("rejected", ["trust.permission"])
    proven = here.run("issues", labelled(by="ada", standing="OWNER"), forge=Forge())
    assert proven.status == "committed", proven.message
    assert ids(proven) == ["trust.uncompared"]
    assert loaded(proven)["asked_by"][0]["told_by"] == "event"
    # A given task is the workflow's own: there only who is disproved is refused.
    given = here.run("issues", labelled(), forge=Forge(), instruction="Change it", dry_run=True)
    assert given.status in {"dry_run", "no_change", "rejected"}
    assert "trust.permission" not in ids(given)


# --- the text is the one that was approved -------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"body": "Delete it all."}, {"title": "Another"}, None, 301], ids=str)
def test_a_text_that_was_changed_since_the_label_is_refused(
    here: Workplace, change: dict[str, str] | int | None
) -> None:
    if change is None:
        del here.api.issues[ISSUE]
    elif isinstance(change, int):
        # It was moved to another repository.
        here.api.faults.append(Fault("GET", f".*/issues/{ISSUE}", change, "Moved Permanently", times=99))
    else:
        here.api.issues[ISSUE].update(change)
    report = here.run("issues", labelled())
    assert (report.status, report.exit_code, ids(report)) == ("rejected", 1, ["trust.edited"])
    assert events_of(report) == UNASKED


def test_line_ends_are_no_change(here: Workplace) -> None:
    here.api.issues[ISSUE]["body"] = "One\nline"
    assert here.run("issues", labelled(body="One\r\nline")).status == "committed"


def test_a_comment_that_was_changed_since_is_refused(here: Workplace) -> None:
    asked = add_comment(here.api, ISSUE, "/agentos delete it all", ADA)
    report = here.run("issue_comment", commented("/agentos count on", comment=asked["id"]))
    assert ids(report) == ["trust.edited"]


def test_a_text_that_was_changed_between_the_halves_is_not_committed(here: Workplace) -> None:
    proposal = here.propose("issues", labelled())
    assert proposal.status == "dry_run", proposal.message
    before = state_of(here.repo)
    here.api.issues[ISSUE]["body"] = "Delete it all."
    report = here.commit("issues", labelled(), proposal.evidence)
    assert (report.status, report.exit_code, ids(report)) == ("rejected", 1, ["trust.edited"])
    assert state_of(here.repo) == before
    here.api.issues[ISSUE]["body"] = BODY
    done = here.commit("issues", labelled(), proposal.evidence)
    assert done.status == "committed", done.message
    assert loaded(done)["asked_by"][0]["permission"] == "write"


def test_one_who_was_let_propose_may_have_lost_it_before_the_commit(here: Workplace) -> None:
    proposal = here.propose("issues", labelled())
    here.api.permissions["ada"] = "read"
    report = here.commit("issues", labelled(), proposal.evidence)
    assert (report.status, ids(report)) == ("rejected", ["trust.permission"])


def forged(bundle: str | None, **task: object) -> None:
    """Change the task that a bundle tells of, and make all else right again."""
    folder = Path(bundle or "")
    reseal(folder, lambda line: line["task"].update(task) if line["event"] == "task_loaded" else None)
    summary = folder / "reports/run_summary.json"
    told = json.loads(summary.read_text(encoding="utf-8"))
    assert told["task"] == {**told["task"], **task}


@pytest.mark.parametrize(
    ("task", "named"),
    [
        ({"task_id": "issue-6"}, "id"),
        ({"recipe": "docstrings"}, "recipe"),
        ({"allowed_paths": ["**"]}, "allowed_paths"),
        ({"source": "comment"}, "source"),
    ],
)
def test_the_bundle_s_task_must_be_the_event_s(here: Workplace, task: dict[str, object], named: str) -> None:
    proposal = here.propose("issues", labelled())
    forged(proposal.evidence, **task)
    report = here.commit("issues", labelled(), proposal.evidence)
    assert (report.status, ids(report)) == ("rejected", ["bundle.other-task"]), report.message
    assert f"its {named} is not what the event asks for" in report.message


def test_a_bundle_of_another_event_is_not_taken(here: Workplace) -> None:
    proposal = here.propose("issues", labelled())
    report = here.commit("issues", labelled("bug"), proposal.evidence)
    assert ids(report) == ["bundle.other-task"]
    assert "the event asks for nothing" in report.message


def test_a_run_that_follows_looks_the_issue_up(here: Workplace) -> None:
    proposal = here.propose("issues", labelled())
    found = payload("workflow_run.completed")
    found["workflow_run"]["id"] = 7
    for key in ("actor", "triggering_actor"):
        # The sample is older than these two.
        found["workflow_run"][key] = {"login": "ada", "type": "User"}
    done = here.commit("workflow_run", found, proposal.evidence, dry_run=True)
    assert done.status == "dry_run", done.message
    here.api.issues[ISSUE]["body"] = "Delete it all."
    report = here.commit("workflow_run", found, proposal.evidence)
    assert ids(report) == ["bundle.other-task"]
    assert "its instruction is not" in report.message


def test_a_secret_in_the_issue_is_compared_as_it_was(here: Workplace) -> None:
    body = f"{BODY} The password is hunter2hunter2."
    here.api.issues[ISSUE]["body"] = body
    proposal = here.propose("issues", labelled(body=body), secrets=("hunter2hunter2",))
    assert "hunter2" not in json.dumps(loaded(proposal))
    report = here.commit("issues", labelled(body=body), proposal.evidence, secrets=("hunter2hunter2",))
    assert report.status == "committed", report.message


def test_our_own_event_commits_nothing(here: Workplace) -> None:
    proposal = here.propose("issues", labelled())
    report = here.commit("issues", labelled(sender="github-actions[bot]"), proposal.evidence)
    assert (report.status, report.exit_code) == ("no_change", 0)
    assert report.message.startswith("skipped: ")
