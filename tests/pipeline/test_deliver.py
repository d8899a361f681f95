"""From an answer to a pull request: a real git server with a token, and a GitHub API that keeps its description."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.forge.github import COMMENT_MARKER
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.records.observer import Nobody
from agentos_action.records.run import Workflow
from agentos_action.wiring import parts
from tests.forge.api import BOT, PERSON, Fault, add_comment, add_issue, add_pull, add_reaction
from tests.forge.git_server import TOKEN
from tests.forge.place import BRANCH, Here, place, told
from tests.git import commit_all, git, write_files
from tests.runs import diff_answer, request, scripted, tape_of

MARKER = "<!-- agentos-action: task "


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    with place(tmp_path) as one:
        yield one


def test_a_commit_becomes_one_pull_request_which_the_next_run_updates(here: Here) -> None:
    first = here.run()
    assert first.status == "committed", told(first)
    assert first.delivery is not None
    (pull,) = here.api.pulls
    assert first.pull_request_url == pull["html_url"] == "https://github.com/o/r/pull/100"
    assert here.tip(first.branch or "") == first.commit
    assert (pull["target"], pull["branch"], pull["draft"]) == ("main", first.branch, True), "no checks ran: a draft"
    assert pull["body"].startswith(MARKER)
    message = git(here.repo, "log", "-1", "--format=%B", first.commit or "").strip()
    trailers = message.rpartition("\n\n")[2]
    assert pull["body"].rstrip().endswith(trailers)
    digest = trailers.partition("AgentOS-Evidence: ")[2].splitlines()[0]
    assert digest.replace(":", "&#x3a;") in pull["body"]
    assert pull["title"] == message.partition("\n")[0]
    second = here.run("three")
    assert second.status == "committed", told(second)
    assert len(here.api.pulls) == 1
    assert (second.delivery and second.delivery.done, second.delivery and second.delivery.replaced) == (
        "updated",
        first.commit,
    )
    assert here.tip(first.branch or "") == second.commit
    assert second.run_id is not None
    assert second.run_id in here.api.pull(100)["body"]


def test_the_evidence_tells_it_and_holds_no_token(here: Here) -> None:
    report = here.run(issue=5)
    finished = tape_of(report)[-1]
    assert finished["event"] == "run_finished"
    assert finished["pull_request_url"] == report.pull_request_url
    assert finished["delivery"]["pull_request"] == 100
    folder = Path(report.evidence or "")
    summary = json.loads((folder / "reports/run_summary.json").read_text(encoding="utf-8"))
    assert summary["delivery"] == finished["delivery"]
    assert verify_bundle(folder).problems == ()
    kept = [path for path in here.tmp.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
    assert kept == []
    assert TOKEN not in json.dumps(here.api.pulls + here.api.comments)


def test_the_workflow_s_own_token_starts_no_ci_and_that_is_said(here: Here) -> None:
    own = here.run(issue=5)
    assert own.delivery is not None
    assert not own.delivery.starts_ci
    assert "workflow's own token" in own.message
    assert "starts no workflows" in here.api.comments[0]["body"]
    here.api.who = {"login": "our-app[bot]", "type": "Bot"}
    app = here.run(task="Another")
    assert app.delivery is not None
    assert app.delivery.starts_ci
    assert "own token" not in app.message


def test_whose_token_pushed_decides_where_that_is_known(here: Here) -> None:
    here.run()
    here.api.pull(100)["user"] = {**here.api.pull(100)["user"], **PERSON}
    own = here.run("three", own_token=True)
    assert (own.delivery and own.delivery.done, own.delivery and own.delivery.starts_ci) == ("updated", False)
    assert "workflow's own token" in own.message
    here.api.pull(100)["user"] |= {"login": "github-actions[bot]", "type": "Bot"}
    app = here.run("four", own_token=False)
    assert (app.delivery and app.delivery.starts_ci, "own token" in app.message) == (True, False)
    pushed = here.run("five", own_token=True, way="push")
    assert (pushed.delivery and pushed.delivery.starts_ci, "own token" in pushed.message) == (False, True)


def test_one_comment_on_the_issue_and_reactions_where_it_was_asked(here: Here) -> None:
    add_comment(
        here.api, 5, "<!-- agentos-action: the comment on this issue, which later runs update -->\nMine!", PERSON
    )
    asked = add_comment(here.api, 5, "/agentos do it", PERSON)
    here.run(issue=5, asked_in=asked["id"])
    assert here.api.reactions == [(asked["id"], "eyes"), (asked["id"], "rocket")]
    assert len(here.api.comments) == 3
    assert "AgentOS: committed" in here.api.comments[2]["body"]
    assert "#100" in here.api.comments[2]["body"]
    here.run("three", issue=5, asked_in=asked["id"])
    assert len(here.api.comments) == 3, "it is updated, and a stranger's with our marker is left alone"
    assert here.api.comments[0]["body"].endswith("Mine!")
    silent = here.run("four", issue=6, comment=False)
    assert silent.status == "committed"
    assert len(here.api.comments) == 3
    add_comment(here.api, 7, here.api.comments[2]["body"], PERSON, "MEMBER")
    here.run("five", issue=7)
    assert len(here.api.comments) == 5, "nor does a bot write into a member's copy"


def test_an_issue_that_asked_itself_gets_the_reactions(here: Here) -> None:
    assert here.run(issue=5, comment=False).status == "committed"
    assert (here.api.issue_reactions, here.api.comments) == ([(5, "eyes"), (5, "rocket")], [])
    here.api.faults.append(Fault("POST", "/repos/o/r/issues/6/comments", 403, "Resource not accessible by integration"))
    here.api.faults += [Fault("POST", "/repos/o/r/issues/7/reactions", 403, "Resource not accessible", times=2)]
    once = here.run("two", issue=7)
    assert [one.id for one in once.findings] == ["delivery.reaction"], "the same refusal is told once"
    assert "reaction" not in here.api.pulls[-1]["body"] + here.api.comments[-1]["body"], "which concerns nobody there"
    mute = here.run("three", issue=6)
    assert [one.id for one in mute.findings] == ["delivery.partly"]
    assert here.api.issue_reactions[2:] == [(6, "eyes"), (6, "rocket")], "a comment that is refused takes none away"


def test_a_comment_in_a_review_gets_the_reactions_itself(here: Here) -> None:
    report = here.run(issue=5, asked_in=700, in_review=True, labels=("agent",))
    assert (report.status, report.findings) == ("committed", ()), told(report)
    assert here.api.review_reactions == [(700, "eyes"), (700, "rocket")]
    assert (here.api.issue_reactions, here.api.reactions) == ([], [])
    here.api.faults += [
        Fault("POST", "/repos/o/r/pulls/comments/700/reactions", 502),
        Fault("POST", "/repos/o/r/issues/100/labels", 500, done=True),
    ]
    again = here.run("three", issue=5, asked_in=700, in_review=True, labels=("agent",))
    assert (again.findings, here.api.labels) == ((), {100: ["agent"]}), "what may be sent twice is"


@pytest.mark.parametrize("where", ["issue", "comment", "review"])
def test_a_success_takes_back_our_own_confusion_and_nobody_else_s(here: Here, where: str) -> None:
    asked: dict[str, Any] = {} if where == "issue" else {"asked_in": 9, "in_review": where == "review"}
    to = 5 if where == "issue" else 9
    others = [add_reaction(here.api, where, to, "confused", PERSON) for _ in range(100)]
    elsewhere = add_reaction(here.api, where, 6, "confused", BOT)
    here.api.faults.append(Fault("POST", "/repos/o/r/pulls", 403, "Resource not accessible by integration"))
    assert here.run(issue=5, comment=False, **asked).status == "usage"
    ours = [row["content"] for row in here.api.reacted if row not in others and row is not elsewhere]
    assert ours == ["eyes", "confused"]
    report = here.run("three", issue=5, comment=False, **asked)
    assert (report.status, report.findings) == ("committed", ()), told(report)
    assert here.api.reacted[:101] == [*others, elsewhere]
    assert [row["content"] for row in here.api.reacted[101:]] == ["eyes", "rocket"]


def test_a_confusion_that_cannot_be_taken_back_is_a_finding_and_what_is_gone_is_none(here: Here) -> None:
    for status, message, found in ((404, "Not Found", []), (403, "Resource not accessible", ["delivery.reaction"])):
        add_reaction(here.api, "issue", 5, "confused", BOT)
        here.api.faults.append(Fault("DELETE", r"/repos/o/r/issues/5/reactions/\d+", status, message))
        report = here.run(f"after {status}", issue=5)
        assert (report.status, [one.id for one in report.findings]) == ("committed", found), told(report)
    assert "an earlier reaction could not be taken back" in report.findings[0].message
    assert "reaction" not in here.api.pulls[-1]["body"] + here.api.comments[-1]["body"]


def test_of_two_runs_at_once_one_comment_stays_the_older(here: Here) -> None:
    def other() -> None:
        add_comment(here.api, 5, f"{COMMENT_MARKER}\nAnother run", BOT)

    here.api.meanwhile["POST /repos/o/r/issues/5/comments"] = other
    assert here.run(issue=5).findings == ()
    (comment,) = here.api.comments
    assert (comment["id"], "AgentOS: committed" in comment["body"]) == (500, True)
    here.api.meanwhile["GET /repos/o/r/issues/6/comments"] = lambda: here.api.meanwhile.update(
        {"GET /repos/o/r/issues/6/comments": lambda: add_comment(here.api, 6, f"{COMMENT_MARKER}\nLater", BOT)}
    )
    here.run("three", issue=6)
    assert [row["body"].endswith("Later") for row in here.api.comments[1:]] == [False, True], "the later run's to mend"


def test_a_run_that_had_nothing_to_do_with_us_is_told_to_nobody(here: Here, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    bot = {"login": "github-actions[bot]", "type": "Bot"}
    event.write_text(json.dumps({"action": "created", "issue": {"number": 5}, "comment": {"id": 9}, "sender": bot}))
    workflow = Workflow(repository="o/r", run_id="7", event="issue_comment", event_file=event)
    report = here.run(issue=5, asked_in=9, workflow=workflow)
    assert (report.status, report.exit_code) == ("no_change", 0), told(report)
    assert report.message.startswith("skipped: ")
    assert here.api.asked == []


def test_who_approved_a_text_that_was_changed_since_is_told(here: Here, tmp_path: Path) -> None:
    issue = {"number": 5, "title": "T", "body": "Change it", "state": "open", "user": PERSON}
    label = {"name": "agentos"}
    repository = {"default_branch": "main"}
    event = {"action": "labeled", "issue": issue, "label": label, "sender": PERSON, "repository": repository}
    (tmp_path / "event.json").write_text(json.dumps(event))
    workflow = Workflow(repository="o/r", run_id="7", event="issues", event_file=tmp_path / "event.json")
    here.api.permissions["ada"] = "write"
    add_issue(here.api, 5, "T", "Change something else")
    report = here.run(task=None, issue=5, workflow=workflow)
    assert (report.status, [one.id for one in report.findings]) == ("rejected", ["trust.edited"]), told(report)
    assert "AgentOS: rejected" in here.api.comments[0]["body"]
    assert here.api.issue_reactions == [(5, "confused")]
    here.api.permissions["ada"] = "read"
    assert here.run(task=None, issue=5, workflow=workflow).status == "rejected"
    assert len(here.api.comments) == 1
    assert here.api.issue_reactions == [(5, "confused")], "who may not ask hears nothing"


def test_a_refusal_is_told_in_the_issue_too(here: Here) -> None:
    report = scripted(
        here.repo,
        here.tmp,
        diff_answer("agentos.toml", "one", "two"),
        delivery=replace(here.wish, issue=5, asked_in=9),
        forge=here.forge,
        secrets=(TOKEN,),
        branch=BRANCH,
    )
    assert report.status == "rejected"
    (comment,) = here.api.comments
    assert "AgentOS: rejected" in comment["body"]
    assert here.api.reactions == [(9, "eyes"), (9, "confused")]
    assert here.api.pulls == []


def test_labels_draft_and_target(here: Here) -> None:
    git(here.repo, "push", "--quiet", str(here.server.bare("o/r.git")), "main:refs/heads/release/1")
    git(here.repo, "fetch", "--quiet", str(here.server.bare("o/r.git")), "refs/heads/*:refs/remotes/origin/*")
    report = here.run(labels=("agent", "docs"), draft=True, base="origin/release/1")
    assert report.status == "committed", told(report)
    assert here.api.labels == {100: ["agent", "docs"]}
    assert here.api.pull(100)["target"] == "release/1"
    assert here.api.pull(100)["draft"]


def test_a_draft_that_nobody_asked_for_is_none_where_the_forge_has_none(here: Here) -> None:
    here.api.drafts = False
    assert here.run().status == "committed"
    assert not here.api.pull(100)["draft"]
    asked = here.run(task="Another", draft=True)
    assert (asked.status, asked.raw_error_code) == ("usage", "forge_no_drafts")


def test_what_a_person_closed_stays_closed(here: Here) -> None:
    here.run()
    before = here.tip(here.api.pull(100)["branch"])
    here.api.close(100, by=PERSON)
    report = here.run("three", issue=5)
    assert (report.status, report.exit_code, report.commit) == ("conflict", 4, None)
    assert "'ada' closed the pull request 100" in report.message
    assert "tool_dispatch_started" not in [line["event"] for line in tape_of(report)], "no model is asked for nothing"
    assert here.tip(here.api.pull(100)["branch"]) == before, "nothing was pushed"
    assert [pull["state"] for pull in here.api.pulls] == ["closed"]
    assert "AgentOS: conflict" in here.api.comments[0]["body"]


def test_it_stays_closed_too_where_a_person_wrote_into_it_before(here: Here) -> None:
    here.run()
    here.api.pull(100)["body"] = "Not like this.\n\n" + here.api.pull(100)["body"]
    here.api.close(100, by=PERSON)
    assert here.run("three").status == "conflict"
    here.api.pull(100)["body"] = None
    assert here.run("four").status == "conflict"
    assert here.run(task="Another", branch=here.api.pull(100)["branch"]).status == "conflict", "whose it was is unknown"


@pytest.mark.parametrize(("by", "merged"), [(PERSON, True), ({"login": "stale[bot]", "type": "Bot"}, False)])
def test_after_a_merge_or_a_bot_s_closing_there_is_a_new_one(here: Here, by: dict[str, str], *, merged: bool) -> None:
    here.run()
    here.api.close(100, by=by, merged=merged)
    assert here.run("three").status == "committed"
    assert [pull["state"] for pull in here.api.pulls] == ["closed", "open"]


def test_a_person_s_own_pull_request_from_the_branch_keeps_its_words(here: Here) -> None:
    here.run()
    here.api.pull(100)["body"] = "I looked at it.\n\n" + here.api.pull(100)["body"]
    report = here.run("three")
    assert report.delivery is not None
    assert report.delivery.done == "untouched"
    assert here.api.pull(100)["body"].startswith("I looked at it.")
    assert here.tip(report.branch or "") == report.commit


def test_a_person_s_further_pull_request_from_the_branch_leaves_ours_the_one_to_update(here: Here) -> None:
    branch = here.run().branch or ""
    add_pull(here.api, branch, number=101, target="release", body="For the release")
    report = here.run("three")
    assert (report.delivery and report.delivery.pull_request, here.api.pull(101)["body"]) == (100, "For the release")
    assert (report.run_id or "-") in here.api.pull(100)["body"]


def test_what_we_wrote_of_another_task_does_not_stay_above_this_one_s_commit(here: Here) -> None:
    here.run(task="Make it two", branch="agentos/x")
    assert here.run("three", task="Make it three", branch="agentos/x").delivery is not None
    (pull,) = here.api.pulls
    assert (pull["title"], "<code>Make it three</code>" in pull["body"]) == ("Make it three", True)


def test_a_pull_request_that_goes_elsewhere_than_asked_is_told(here: Here) -> None:
    here.run()
    git(here.server.bare("o/r.git"), "update-ref", "refs/heads/release", "main")
    git(here.repo, "fetch", "--quiet", str(here.server.bare("o/r.git")), "refs/heads/*:refs/remotes/origin/*")
    report = here.run("three", base="origin/release")
    assert (report.status, here.api.pull(100)["target"]) == ("committed", "main"), told(report)
    assert [one.message for one in report.findings] == ["the pull request 100 goes to 'main' and not to 'release'"]


def test_the_pull_request_of_a_task_is_found_whatever_its_branch_is_called(here: Here) -> None:
    first = here.run(branch="agentos/run-1")
    second = here.run("three", branch="agentos/run-2")
    assert second.status == "committed", told(second)
    assert len(here.api.pulls) == 1
    assert second.delivery is not None
    assert (second.branch, second.delivery.branch) == ("agentos/run-2", "agentos/run-1")
    assert here.tip("agentos/run-1") == second.commit != first.commit


def test_a_marker_on_somebody_s_branch_brings_nothing_of_ours_there(here: Here) -> None:
    here.run(branch="agentos/run-1")
    body = here.api.pull(100)["body"]
    here.api.close(100, by=PERSON, merged=True)
    git(here.repo, "checkout", "--quiet", "-b", "theirs", "origin/main")
    write_files(here.repo, {"b.txt": "theirs\n"})
    theirs = commit_all(here.repo, "Theirs")
    git(here.repo, "push", "--quiet", str(here.server.bare("o/r.git")), "theirs")
    git(here.repo, "checkout", "--quiet", "main")
    here.api.pulls.append({**here.api.pull(100), "number": 101, "state": "open", "merged_at": None, "branch": "theirs"})
    here.api.pulls[-1]["body"] = body
    report = here.run("three", branch="agentos/run-2")
    assert (report.status, report.exit_code) == ("conflict", 4)
    assert here.tip("theirs") == theirs


def test_a_moved_branch_is_a_conflict_and_the_commit_stays(here: Here) -> None:
    first = here.run()
    branch = first.branch or ""
    git(here.repo, "checkout", "--quiet", branch)
    write_files(here.repo, {"b.txt": "theirs\n"})
    theirs = commit_all(here.repo, "Theirs")
    git(here.repo, "push", "--quiet", str(here.server.bare("o/r.git")), branch)
    git(here.repo, "checkout", "--quiet", "main")
    report = here.run("three")
    assert (report.status, report.exit_code, report.error_category) == ("conflict", 4, None)
    assert report.message.startswith(f"the commit {(report.commit or '')[:10]} was made on")
    assert git(here.repo, "rev-parse", branch).strip() == report.commit
    assert here.tip(branch) == theirs
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_what_a_person_made_of_our_commit_is_not_pushed_over_even_where_we_commit_as_that_person(here: Here) -> None:
    branch = here.run().branch or ""
    git(here.repo, "checkout", "--quiet", branch)
    write_files(here.repo, {"a.txt": "my own\n"})
    git(here.repo, "commit", "--quiet", "--all", "--amend", "--no-edit")
    theirs = git(here.repo, "rev-parse", "HEAD").strip()
    git(here.repo, "push", "--quiet", "--force", str(here.server.bare("o/r.git")), branch)
    git(here.repo, "checkout", "--quiet", "main")
    report = here.run("three", way="push")
    assert (report.status, report.exit_code) == ("conflict", 4), told(report)
    assert here.tip(branch) == theirs


def test_what_was_asked_for_in_a_pull_request_goes_to_its_branch_also_where_the_clone_does_not_know_it(
    here: Here,
) -> None:
    git(here.repo, "checkout", "--quiet", "-b", "feature")
    write_files(here.repo, {"b.txt": "theirs\n"})
    commit_all(here.repo, "Theirs")
    git(here.repo, "push", "--quiet", str(here.server.bare("o/r.git")), "feature")
    git(here.repo, "checkout", "--quiet", "main")
    add_pull(here.api, "feature", number=50, title="T", body="b")
    words = "/agentos Change it in a.txt"
    asked = add_comment(here.api, 50, words, PERSON)
    here.api.permissions["ada"] = "write"
    issue = {"number": 50, "title": "T", "body": "b", "state": "open", "user": PERSON, "pull_request": {"url": "x"}}
    comment = {"id": asked["id"], "body": words, "user": PERSON}
    event = {"action": "created", "issue": issue, "comment": comment, "sender": PERSON}
    file = here.tmp / "event.json"
    file.write_text(json.dumps({**event, "repository": {"default_branch": "main"}}))
    workflow = Workflow(repository="o/r", run_id="7", event="issue_comment", event_file=file)
    report = here.run(task=None, issue=50, asked_in=asked["id"], workflow=workflow)
    assert report.status == "committed", told(report)
    assert here.api.pull(101)["target"] == "feature"


@pytest.mark.parametrize(
    ("status", "message", "code", "says"),
    [
        (403, "Resource not accessible by integration", "forge_permission", "pull-requests: write"),
        (
            403,
            "GitHub Actions is not permitted to create or approve pull requests.",
            "forge_actions_may_not_open",
            "Allow GitHub Actions to create and approve pull requests",
        ),
        (404, "Not Found", "forge_not_found", "GITHUB_REPOSITORY"),
        (422, "Validation Failed", "forge_invalid", "target branch"),
        (401, "Bad credentials", "forge_bad_token", "expired"),
        (301, "Moved Permanently", "forge_moved", "present name"),
        (418, "short and stout", "forge_refused", "githubstatus"),
    ],
)
def test_a_refusal_names_the_setting_and_the_commit_stays(
    here: Here, status: int, message: str, code: str, says: str
) -> None:
    here.api.faults.append(Fault("POST", "/repos/o/r/pulls", status, message))
    report = here.run()
    assert (report.status, report.exit_code, report.raw_error_code) == ("usage", 2, code)
    assert says in report.hint
    assert report.commit is not None
    assert report.delivery is not None
    assert report.delivery.done == "pushed"
    assert here.tip(report.branch or "") == report.commit, "it was pushed before"
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_a_protected_branch_is_told(here: Here) -> None:
    hook = here.server.bare("o/r.git") / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'error: GH006: Protected branch update failed' >&2\nexit 1\n")
    hook.chmod(0o755)
    report = here.run()
    assert (report.exit_code, report.raw_error_code) == (2, "push_protected")
    assert here.api.pulls == []


def test_a_limit_is_waited_for_and_a_stumble_is_asked_again(here: Here) -> None:
    used_up = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()))}
    here.api.faults += [
        Fault("GET", "/repos/o/r/pulls", 429, "slow down", {"Retry-After": "1"}),
        Fault("GET", "/repos/o/r/pulls", 502),
        Fault("POST", "/repos/o/r/pulls", 403, "rate limit", used_up),
    ]
    started = time.monotonic()
    assert here.run().status == "committed"
    assert time.monotonic() - started >= 1
    assert len(here.api.pulls) == 1


def test_a_limit_that_lasts_longer_than_we_wait_ends_it(here: Here) -> None:
    here.api.faults.append(Fault("POST", "/repos/o/r/pulls", 403, "secondary rate limit", {"Retry-After": "3600"}))
    report = here.run()
    assert (report.exit_code, report.error_category, report.raw_error_code) == (2, "network", "forge_rate_limit")
    assert "3600 s" in report.message


def test_a_forge_that_fails_for_good_is_asked_a_bounded_number_of_times(here: Here) -> None:
    here.api.faults.append(Fault("GET", "/repos/o/r/pulls", 503, times=99))
    report = here.run()
    assert report.raw_error_code == "forge_5xx"
    assert here.api.asked.count("GET /repos/o/r/pulls") == 4


def test_what_came_about_without_an_answer_is_not_made_twice(here: Here) -> None:
    here.api.faults += [
        Fault("POST", "/repos/o/r/pulls", 502, done=True),
        Fault("POST", "/repos/o/r/issues/5/comments", 500, done=True),
    ]
    report = here.run(issue=5)
    assert report.status == "committed", told(report)
    assert (len(here.api.pulls), len(here.api.comments)) == (1, 1)


def test_a_comment_that_is_refused_is_a_warning(here: Here) -> None:
    here.api.faults.append(Fault("GET", "/repos/o/r/issues/5/comments", 403, "Resource not accessible by integration"))
    report = here.run(issue=5)
    assert report.status == "committed"
    assert [(one.id, one.severity) for one in report.findings] == [("delivery.partly", "warning")]
    assert "issues: write" in report.findings[0].hint


def test_a_missing_token_is_told_before_anything_is_asked(here: Here) -> None:
    report = here.run(token=None)
    assert (report.exit_code, report.raw_error_code, report.commit) == (2, "forge_no_token", None)
    assert "tool_dispatch_started" not in [line["event"] for line in tape_of(report)]
    elsewhere = here.run(api_url="https://api.evil.example")
    assert "may not be sent" in elsewhere.message
    assert elsewhere.commit is None


@pytest.mark.parametrize("base", ["HEAD", "HEAD~0", "main", "origin/main"])
def test_a_base_that_names_no_branch_of_the_remote_is_only_a_base(here: Here, base: str) -> None:
    report = here.run(base=base)
    assert report.status == "committed", told(report)
    assert here.api.pull(100)["target"] == "main"


def test_no_pull_request_from_a_branch_to_itself(here: Here) -> None:
    report = here.run(branch="main")
    assert (report.status, report.exit_code, report.commit) == ("usage", 2, None), "no model is asked for nothing"
    assert "to itself" in report.message


def test_a_person_who_closes_it_while_the_model_answers_is_heard_too(here: Here) -> None:
    here.run()
    branch = here.api.pull(100)["branch"]
    before = here.tip(branch)

    class Meanwhile(Nobody):
        def stage(self, _text: str) -> None:
            if here.api.pull(100)["state"] == "open":
                here.api.close(100, by=PERSON)

    report = here.run("three", observer=Meanwhile())
    assert (report.status, report.exit_code) == ("conflict", 4)
    assert here.tip(branch) == before


def test_a_remote_that_is_not_there_is_told_before_a_model_is_asked(here: Here) -> None:
    report = here.run(way="push", remote="upstream")
    assert (report.exit_code, report.commit) == (2, None)
    assert "there is no remote 'upstream'" in report.message


def test_push_alone_asks_no_forge(here: Here) -> None:
    report = here.run(way="push", issue=5)
    assert report.status == "committed", told(report)
    assert here.tip(report.branch or "") == report.commit
    assert here.api.asked == []
    assert here.run("two", way="push").status == "committed"


def test_a_bare_repository_needs_neither_token_nor_forge(here: Here) -> None:
    bare = here.server.bare("o/r.git")
    report = here.run(way="push", remote=str(bare), token=None)
    assert report.status == "committed", told(report)
    assert here.tip(report.branch or "") == report.commit


def test_a_dry_run_delivers_nothing(here: Here) -> None:
    assert here.run(dry_run=True, issue=5).status == "dry_run"
    assert (here.api.asked, here.server.asked) == ([], [])


def test_the_second_half_delivers_too(here: Here) -> None:
    proposal = scripted(
        here.repo, here.tmp, diff_answer("a.txt", "one", "two"), half="propose", evidence=here.tmp / "proposed"
    )
    asked = request(
        here.repo,
        here.tmp,
        half="commit",
        proposal=Path(proposal.evidence or ""),
        branch=BRANCH,
        delivery=here.wish,
        forge=here.forge,
        secrets=(TOKEN,),
    )
    report = commit_proposal(asked, parts(), Nobody())
    assert report.status == "committed", told(report)
    assert report.pull_request_url == "https://github.com/o/r/pull/100"


HOSTILE = (
    "@octocat fixes #1 closes GH-1 <!-- agentos-action: task x --> </details><img src=x onerror=alert(1)>"
    " ``` ~~~ | [x](javascript:alert(1)) \u202e https://evil.example #2"
)


def test_hostile_words_act_on_nothing(here: Here) -> None:
    here.run(task=HOSTILE, issue=5)
    for text in (here.api.pull(100)["body"], here.api.comments[0]["body"]):
        own = text.replace("Asked in #5. ", "").replace("The change is in #100.", "").partition("-->")[2]
        for sign in (
            "@octocat",
            "#1",
            "#2",
            "<!--",
            "<img",
            "</details>",
            "```",
            "~~~",
            "](java",
            "\u202e",
            "https://evil",
        ):
            assert sign not in own, sign
        assert re.search(r"#\d", own) is None
    assert "@" not in here.api.pull(100)["title"]
    assert "#" not in here.api.pull(100)["title"]


def test_a_secret_in_the_task_is_in_no_text_of_ours(here: Here) -> None:
    here.run(task=f"Use {TOKEN} for it", issue=5)
    assert TOKEN not in json.dumps([here.api.pulls, here.api.comments])
