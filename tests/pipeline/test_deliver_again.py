"""`agentos deliver`: what a failed delivery left behind is delivered, and nothing that is not ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.pipeline.deliver_again import deliver_commit
from agentos_action.records.delivery import Delivery
from agentos_action.records.observer import Nobody
from agentos_action.records.run import RunReport
from agentos_action.wiring import parts
from tests.forge.api import PERSON, Fault
from tests.forge.git_server import TOKEN
from tests.forge.place import Here, place, told
from tests.git import commit_all, git, write_files
from tests.runs import cli, request, state_of, tape_of


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    with place(tmp_path) as one:
        yield one


def failed(here: Here, **more: Any) -> RunReport:
    """Make a commit whose pull request is refused."""
    here.api.faults.append(Fault("POST", "/repos/o/r/pulls", 403, "Resource not accessible by integration"))
    report = here.run(**more)
    assert (report.status, report.raw_error_code) == ("usage", "forge_permission"), told(report)
    assert report.commit is not None
    assert f"agentos deliver {report.commit[:10]} --branch {report.branch}" in report.hint
    assert "--repository o/r" in report.hint
    return report


def again(here: Here, what: str | Path | None, **more: Any) -> RunReport:
    wish = replace(here.wish, **{name: more.pop(name) for name in list(more) if name in Delivery.__slots__})
    fields: dict[str, Any] = {"half": "commit", "secrets": (TOKEN,), "delivery": wish, "forge": here.forge, **more}
    if isinstance(what, Path):
        fields["proposal"] = what
    asked = request(fields.pop("repo", here.repo), here.tmp, **{"instruction": None, **fields})
    return deliver_commit(asked, parts(), Nobody(), commit=what if isinstance(what, str) else None)


@pytest.mark.parametrize("by", ["bundle", "commit"])
def test_a_failed_delivery_is_made_up_for_and_tells_the_same(here: Here, by: str) -> None:
    first = failed(here)
    before = state_of(here.repo)
    report = again(here, Path(first.evidence or "") if by == "bundle" else first.commit, labels=("agent",), issue=5)
    assert (report.status, report.exit_code, report.commit) == ("no_change", 0, first.commit), told(report)
    assert report.findings == ()
    assert here.tip(first.branch or "") == first.commit
    (pull,) = here.api.pulls
    assert report.pull_request_url == pull["html_url"]
    assert pull["body"].startswith("<!-- agentos-action: task ")
    assert "Change" in pull["body"]
    assert "| files | <code>a&#x2e;txt</code> |" in pull["body"], pull["body"]
    assert first.run_id is not None
    assert first.run_id in pull["body"]
    assert (pull["draft"], here.api.labels) == (True, {100: ["agent"]})
    assert "AgentOS: delivered" in here.api.comments[0]["body"]
    assert "pull request 100" not in here.api.comments[0]["body"], "where it is stands there once"
    assert here.api.issue_reactions == [(5, "eyes"), (5, "rocket")]
    assert state_of(here.repo) == before, "nothing but evidence is written"
    # The task is known by the same marker: the next run of it updates what was opened here.
    later = here.run("three")
    assert later.delivery is not None
    assert (later.delivery.done, len(here.api.pulls)) == ("updated", 1)


def test_its_evidence_names_the_run_and_the_commit(here: Here) -> None:
    first = failed(here)
    report = again(here, first.commit)
    started, finished = tape_of(report)
    assert started["parent"]["run_id"] == first.run_id
    assert (started["parent"]["commit"], started["parent"]["branch"]) == (first.commit, first.branch)
    assert started["parent"]["head"] == tape_of(first)[-1]["hash"]
    assert finished["delivery"]["done"] == "opened"
    assert report.parent == first.run_id
    folder = Path(report.evidence or "")
    assert verify_bundle(folder).problems == ()
    summary = json.loads((folder / "reports/run_summary.json").read_text(encoding="utf-8"))
    assert (summary["parent"], summary["delivery"]) == (first.run_id, finished["delivery"])
    assert TOKEN not in (folder / "audit/run_tape.jsonl").read_text(encoding="utf-8")


def test_a_base_that_is_not_there_is_not_passed_over(here: Here) -> None:
    first = failed(here, base="origin/main")
    assert f"--branch {first.branch} --base main --repository o/r" in first.hint
    report = again(here, first.commit, base="relase")
    assert (report.exit_code, report.raw_error_code) == (2, "forge_invalid"), told(report)
    assert "check target branch" in report.hint
    before = len(here.api.asked)
    for itself in (first.branch, f"origin/{first.branch}"):
        report = again(here, first.commit, base=itself)
        assert (report.exit_code, "the very branch" in report.message) == (2, True), told(report)
        assert report.hint.startswith("Give --base with the branch that the pull request goes to")
    assert not [line for line in here.api.asked[before:] if not line.startswith("GET ")], "and nothing is made"
    asked = failed(here, new="three", labels=("a b", "c"), draft=True, issue=5, comment=False)
    assert asked.hint.endswith("--repository o/r --draft --label 'a b' --label c --issue 5 --no-comment")


def test_a_second_delivery_changes_nothing(here: Here) -> None:
    first = failed(here)
    again(here, first.commit)
    second = again(here, first.commit, base="origin/main")
    assert second.delivery is not None
    assert (second.delivery.done, len(here.api.pulls)) == ("updated", 1)
    pushed = again(here, first.commit, way="push")
    assert pushed.delivery is not None
    assert pushed.delivery.done == "there"


def test_without_its_evidence_a_commit_is_delivered_and_that_is_said(here: Here) -> None:
    first = failed(here, evidence=here.tmp / "elsewhere")
    assert f"--evidence {here.tmp / 'elsewhere'} " in first.hint
    report = again(here, first.commit)
    assert report.exit_code == 0, told(report)
    assert [(one.id, one.severity) for one in report.findings] == [("delivery.partly", "warning")]
    assert report.pull_request_url == "https://github.com/o/r/pull/100"
    assert "| checks | not known |" in here.api.pull(100)["body"]
    here.api.close(100, by=PERSON)
    assert again(here, first.commit).status == "conflict"
    assert here.run("three").status == "conflict", "whichever task it is"
    assert len(here.api.pulls) == 1


def test_evidence_that_is_found_later_tells_the_task(here: Here) -> None:
    first = failed(here)
    again(here, first.commit, evidence=here.tmp / "elsewhere")
    assert "Change it" not in here.api.pull(100)["body"]
    report = again(here, first.commit)
    assert report.delivery is not None
    assert (report.delivery.done, "Change it" in here.api.pull(100)["body"]) == ("updated", True)
    known = here.api.pull(100)["body"].partition("\n")[0]
    again(here, first.commit, evidence=here.tmp / "elsewhere2")
    assert here.api.pull(100)["body"].partition("\n")[0] == known, "by which the task's next run finds it"


def test_a_clone_that_ends_with_the_commit_is_told_what_to_fetch(here: Here) -> None:
    first = here.run(way="push")
    bare, branch = here.server.bare("o/r.git"), first.branch or ""
    shallow = here.tmp / "shallow"
    git(here.tmp, "clone", "--quiet", "--depth=1", "--branch", branch, f"file://{bare}", str(shallow))
    git(shallow, "config", "user.name", "Ada Test")
    git(shallow, "config", "user.email", "ada@example.org")
    git(shallow, "remote", "set-url", "origin", f"{here.server.url}/o/r.git")
    report = again(here, "HEAD", repo=shallow)
    assert (report.exit_code, "shallow" in report.message, "--deepen" in report.hint) == (2, True, True), told(report)
    git(shallow, "fetch", "--quiet", "--deepen=1", f"file://{bare}")
    assert again(here, "HEAD", repo=shallow).exit_code == 0


def test_an_amended_commit_is_not_the_run_s(here: Here) -> None:
    first = failed(here)
    git(here.repo, "checkout", "--quiet", first.branch or "")
    write_files(here.repo, {"a.txt": "my own\n"})
    git(here.repo, "commit", "--quiet", "--all", "--amend", "--no-edit")
    report = again(here, "HEAD")
    assert (report.exit_code, f"is not the one of run {first.run_id}" in report.message) == (2, True), told(report)
    elsewhere = again(here, "HEAD", evidence=here.tmp / "elsewhere")
    assert "is not one of ours" in elsewhere.message
    assert here.api.pulls == []


def test_what_fails_again_says_so(here: Here) -> None:
    first = failed(here)
    here.api.faults.append(Fault("POST", "/repos/o/r/pulls", 404, "Not Found"))
    report = again(here, first.commit, issue=5)
    assert (report.exit_code, report.raw_error_code, report.commit) == (2, "forge_not_found", first.commit)
    assert here.api.issue_reactions == [(5, "eyes"), (5, "confused")]
    assert verify_bundle(Path(report.evidence or "")).problems == ()
    again(here, first.commit)
    here.api.close(100, by=PERSON)
    closed = again(here, first.commit)
    assert (closed.status, closed.exit_code) == ("conflict", 4)
    assert "'ada' closed" in closed.message


def test_only_what_is_ours_and_stands_at_a_branch_is_delivered(here: Here) -> None:
    first = failed(here)
    branch = first.branch or ""

    def refused(what: str | Path | None, **more: Any) -> str:
        report = again(here, what, **more)
        assert report.exit_code in {1, 2, 4}
        assert report.commit is None or report.delivery is None
        assert verify_bundle(Path(report.evidence or "")).problems == ()
        return report.message

    assert "0 trailers AgentOS-Run" in refused("main")
    assert "nonsense" in refused("nonsense")
    assert "there is no local branch 'other'" in refused(first.commit, branch="other")
    assert "'main' is at" in refused(first.commit, branch="main")
    git(here.repo, "config", "user.email", "somebody@example.org")
    assert "is not one of ours" in refused(first.commit)
    git(here.repo, "config", "user.email", "ada@example.org")
    git(here.repo, "checkout", "--quiet", branch)
    write_files(here.repo, {"b.txt": "mine\n"})
    commit_all(here.repo, "A person's own\n\nAgentOS-Run: x y")
    assert "trailers AgentOS-Run" in refused("HEAD")
    assert "is at" in refused(Path(first.evidence or ""))
    assert here.api.pulls == []


def test_a_bundle_that_was_changed_or_is_another_s_is_refused(here: Here) -> None:
    first = failed(here)
    folder = Path(first.evidence or "")
    tape = folder / "audit/run_tape.jsonl"
    kept = tape.read_bytes()
    tape.write_bytes(kept.replace(b"Change it", b"Change me"))
    changed = again(here, folder)
    assert (changed.exit_code, changed.delivery) == (2, None)
    assert "run_tape.jsonl" in changed.message
    # By its commit it is delivered, but nothing of such evidence is told.
    told_less = again(here, first.commit)
    assert told_less.exit_code == 0, told(told_less)
    assert [one.id for one in told_less.findings] == ["delivery.partly"]
    assert "Change me" not in here.api.pull(100)["body"]
    nothing = again(here, Path(told_less.evidence or ""))
    assert nothing.exit_code == 2
    assert nothing.delivery is None


def test_a_push_that_failed_is_made_up_for_by_the_command_it_names(here: Here) -> None:
    here.server.refuse = 500
    report = here.run(way="push", base="origin/main")
    assert report.hint.endswith(f"--branch {report.branch} --delivery push"), report.hint
    other = here.run("three", way="push", remote=f"{here.server.url}/o/r.git")
    assert other.hint.endswith(f"--remote {here.server.url}/o/r.git --delivery push"), other.hint


def test_the_policy_s_branches_hold_here_too(here: Here) -> None:
    first = failed(here)
    write_files(here.repo, {"agentos.toml": '[commit]\nbranches = ["bots/**"]\n'})
    commit_all(here.repo, "Policy")
    report = again(here, first.commit, policy_ref="main")
    assert report.exit_code == 2
    assert "allows no commit on the branch" in report.message


def test_a_push_has_no_base(tmp_path: Path) -> None:
    done = cli("deliver", "HEAD", "--delivery", "push", "--base", "main", cwd=tmp_path)
    assert (done.returncode, "--delivery push opens none" in done.stderr) == (2, True), done.stderr
