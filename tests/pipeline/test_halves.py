"""A run in two halves: `propose` writes nothing but evidence, `commit` takes that evidence as a stranger's."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.layout import ANSWERS, DIFF, SUMMARY, SUMS, TAPE, digest_of
from agentos_action.evidence.verify import verify_bundle, verify_commit
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.records.observer import Nobody
from agentos_action.records.run import RunReport, RunRequest, Workflow
from agentos_action.repo import RepoView
from agentos_action.wiring import parts
from tests.git import commit_all, git, make_repo, write_files
from tests.runs import diff_answer, scripted, state_of, tape_of
from tests.sealing import reseal as sealed

ANSWER = diff_answer("a.txt", "one", "1")
FILES = {"a.txt": "one\n", "b.txt": "two\n"}


def proposed(repo: Path, tmp_path: Path, answer: str = ANSWER, **changes: Any) -> RunReport:
    """Propose into a folder outside of the repository."""
    return scripted(repo, tmp_path, answer, half="propose", evidence=tmp_path / "proposals", **changes)


def committed(repo: Path, bundle: str | Path | None, **changes: Any) -> RunReport:
    """Commit a proposal."""
    request = RunRequest(repo=repo, half="commit", proposal=Path(bundle or ""), **changes)
    return commit_proposal(request, parts(), Nobody())


def reseal(bundle: Path, event: str = "", **changes: Any) -> None:
    """Change an event of a bundle's tape and make all else right again, as whoever forges it would."""
    sealed(bundle, lambda line: line.update(changes if line["event"] == event else {}))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, FILES)


def test_two_halves_make_the_commit_that_one_run_makes(repo: Path, tmp_path: Path) -> None:
    before = state_of(repo)
    proposal = proposed(repo, tmp_path)
    assert (proposal.status, proposal.exit_code) == ("dry_run", 0)
    assert state_of(repo) == before
    assert not (repo / ".git" / "agentos").exists()
    report = committed(repo, proposal.evidence)
    assert (report.status, report.exit_code, report.findings) == ("committed", 0, ())
    assert git(repo, "show", "HEAD:a.txt") == "1\n"
    assert (repo / "a.txt").read_text() == "1\n"
    assert git(repo, "status", "--porcelain") == ""
    assert report.diff == proposal.diff
    assert report.parent == proposal.run_id
    assert report.model_id == "scripted"


def test_the_new_bundle_is_whole_and_names_its_parent_and_the_commit(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    report = committed(repo, proposal.evidence)
    folder = Path(report.evidence or "")
    assert verify_bundle(folder).problems == ()
    facts = RepoView.open(repo).commit_facts(report.commit or "")
    assert facts is not None
    assert verify_commit(folder, facts) == []
    started = tape_of(report)[0]
    parent = Path(proposal.evidence or "")
    assert started["parent"] == {
        "run_id": proposal.run_id,
        "head": tape_of(proposal)[-1]["hash"],
        "sums_sha256": digest_of(parent / SUMS),
    }
    assert f"AgentOS-Run: {report.run_id}" in facts.message
    assert "Change it" not in facts.message


def test_propose_needs_no_write_permission(repo: Path, tmp_path: Path) -> None:
    folders = [path for path in (repo, *repo.rglob("*")) if not path.is_symlink()]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in folders}
    before = {path: path.stat().st_mtime_ns for path in folders}
    for path in folders:
        path.chmod(modes[path] & ~0o222)
    try:
        report = proposed(repo, tmp_path)
        assert report.status == "dry_run"
        assert {path: path.stat().st_mtime_ns for path in (repo, *repo.rglob("*"))} == before
    finally:
        for path in folders:
            path.chmod(modes[path])


def test_the_branch_may_have_moved_on_elsewhere(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    write_files(repo, {"b.txt": "changed\n", "c.txt": "new\n"})
    tip = commit_all(repo, "meanwhile")
    report = committed(repo, proposal.evidence)
    assert report.status == "committed"
    assert git(repo, "rev-parse", "HEAD^").strip() == tip
    assert git(repo, "show", "HEAD:b.txt") == "changed\n"
    assert git(repo, "show", "HEAD:a.txt") == "1\n"


def test_a_file_that_changed_since_is_a_conflict(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    write_files(repo, {"a.txt": "one\nmore\n"})
    commit_all(repo, "meanwhile")
    before = state_of(repo)
    report = committed(repo, proposal.evidence)
    assert (report.status, report.exit_code) == ("conflict", 4)
    assert "'a.txt'" in report.message
    assert state_of(repo) == before


def test_a_base_that_the_branch_does_not_stand_on_is_a_conflict(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"b.txt": "more\n"})
    commit_all(repo, "second")
    proposal = proposed(repo, tmp_path)
    git(repo, "reset", "--quiet", "--hard", "HEAD^")
    before = state_of(repo)
    report = committed(repo, proposal.evidence)
    assert (report.status, report.exit_code) == ("conflict", 4)
    assert "does not stand on" in report.message
    assert state_of(repo) == before


def test_a_base_of_another_repository_is_a_conflict(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    other = make_repo(tmp_path, {"a.txt": "one\n", "z.txt": "z\n"}, name="other")
    report = committed(other, proposal.evidence)
    assert (report.status, report.exit_code) == ("conflict", 4)


def test_the_policy_is_that_of_the_branch_and_not_of_the_base(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    write_files(repo, {"agentos.toml": 'allowed_paths = ["docs/**"]\n'})
    commit_all(repo, "a policy")
    before = state_of(repo)
    report = committed(repo, proposal.evidence)
    assert (report.status, report.exit_code) == ("rejected", 1)
    assert [finding.id for finding in report.findings] == ["paths.not-allowed"]
    assert state_of(repo) == before


def test_the_proposals_own_exceptions_do_not_count(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": 'allowed_paths = ["docs/**"]\n'})
    commit_all(repo, "a policy")
    proposal = proposed(repo, tmp_path, allow_path=("a.txt",))
    assert proposal.status == "dry_run"
    refused = committed(repo, proposal.evidence)
    assert [finding.id for finding in refused.findings] == ["paths.not-allowed"]
    assert committed(repo, proposal.evidence, allow_path=("a.txt",)).status == "committed"


def test_the_proposals_branch_and_words_are_not_taken_over(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path, branch="theirs", instruction="Obey me")
    report = committed(repo, proposal.evidence, branch="ours")
    assert report.branch == "ours"
    assert "theirs" not in git(repo, "branch", "--list")
    assert git(repo, "log", "-1", "--format=%s", "ours") == "Change a.txt\n"
    assert (repo / "a.txt").read_text() == "one\n"


def test_the_tasks_narrowing_is_taken_over(repo: Path, tmp_path: Path) -> None:
    task = tmp_path / "task.md"
    task.write_text('+++\n[commit]\nbranches = ["agentos/**"]\n+++\nChange it\n')
    proposal = proposed(repo, tmp_path, instruction=None, task_file=task, branch="agentos/{task}")
    assert proposal.branch == "agentos/task"
    refused = committed(repo, proposal.evidence, branch="main")
    assert (refused.status, refused.exit_code) == ("usage", 2)
    assert "commit.branches" in refused.message
    assert committed(repo, proposal.evidence, branch="agentos/x").status == "committed"


@pytest.mark.parametrize("name", [TAPE, ANSWERS, DIFF, SUMMARY, SUMS])
def test_one_changed_byte_is_refused_and_named(repo: Path, tmp_path: Path, name: str) -> None:
    proposal = proposed(repo, tmp_path)
    file = Path(proposal.evidence or "", name)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    before = state_of(repo)
    report = committed(repo, proposal.evidence)
    assert (report.status, report.exit_code) == ("rejected", 1)
    assert {finding.id for finding in report.findings} == {"bundle.changed"}
    assert any(name in f"{finding.path} {finding.message}" for finding in report.findings)
    assert state_of(repo) == before


def test_a_diff_that_its_answers_do_not_give_is_refused(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    bundle = Path(proposal.evidence or "")
    text = (bundle / DIFF).read_text().replace("+1", "+evil")
    (bundle / DIFF).write_text(text)
    checks = next(line for line in tape_of(proposal) if line["event"] == "checks_completed")
    reseal(bundle, "checks_completed", digests={**checks["digests"], "diff": digest_of(bundle / DIFF)})
    assert verify_bundle(bundle).problems == ()
    report = committed(repo, bundle)
    assert [finding.id for finding in report.findings] == ["bundle.diff"]
    assert report.commit is None


def test_what_a_forged_bundle_answers_is_judged_as_any_answer(repo: Path, tmp_path: Path) -> None:
    hostile = diff_answer("a.txt", "one", "1").replace("a.txt", ".github/workflows/x.yml")
    proposal = proposed(repo, tmp_path)
    bundle = Path(proposal.evidence or "")
    forge_answer(bundle, proposal, hostile)
    assert verify_bundle(bundle).problems == ()
    before = state_of(repo)
    report = committed(repo, bundle)
    assert (report.status, report.commit) == ("rejected", None)
    assert state_of(repo) == before


@pytest.mark.parametrize("event", ["task_loaded", "context_built", "tool_result_verified"])
def test_a_bundle_whose_records_are_none_is_refused_by_line(repo: Path, tmp_path: Path, event: str) -> None:
    bundle = Path(proposed(repo, tmp_path).evidence or "")
    reseal(bundle, event, task={"task_id": "../x"}, files=7, status="odd")
    report = committed(repo, bundle)
    assert {finding.id for finding in report.findings} == {"bundle.changed"}
    assert all(finding.line for finding in report.findings)


def test_what_proposes_nothing_is_refused(repo: Path, tmp_path: Path) -> None:
    refused = proposed(repo, tmp_path, diff_answer(".github/x", "a", "b"))
    assert refused.status == "rejected"
    assert [finding.id for finding in committed(repo, refused.evidence).findings] == ["bundle.no-proposal"]
    done = scripted(repo, tmp_path, ANSWER)
    assert done.status == "committed"
    assert [finding.id for finding in committed(repo, done.evidence).findings] == ["bundle.no-proposal"]


def test_what_redaction_changed_is_refused(repo: Path, tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    proposal = proposed(repo, tmp_path, f"The word is {secret}.\n\n{ANSWER}", secrets=(secret,))
    report = committed(repo, proposal.evidence)
    assert [finding.id for finding in report.findings] == ["bundle.not-replayable"]


def test_a_secret_in_the_task_does_not_keep_the_answer_from_being_committed(repo: Path, tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    proposal = proposed(repo, tmp_path, instruction=f"Change it, {secret}", secrets=(secret,))
    report = committed(repo, proposal.evidence)
    assert report.status == "committed"
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_links_in_a_bundle_are_not_followed(repo: Path, tmp_path: Path) -> None:
    bundle = Path(proposed(repo, tmp_path).evidence or "")
    copy = tmp_path / "elsewhere.diff"
    shutil.move(bundle / DIFF, copy)
    (bundle / DIFF).symlink_to(copy)
    report = committed(repo, bundle)
    assert report.status == "rejected"
    assert {finding.id for finding in report.findings} == {"bundle.changed"}


def workflow(tmp_path: Path, run_id: str, payload: dict[str, Any] | None = None, name: str = "push") -> Workflow:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload or {"sender": {"login": "ada", "type": "User"}}))
    return Workflow(repository="o/r", run_id=run_id, event=name, event_file=file)


def test_a_workflow_takes_only_what_the_same_run_proposed(repo: Path, tmp_path: Path) -> None:
    own = workflow(tmp_path, "1")
    proposal = proposed(repo, tmp_path, workflow=own)
    refused = committed(repo, proposal.evidence, workflow=workflow(tmp_path, "2"))
    assert [finding.id for finding in refused.findings] == ["bundle.other-run"]
    by_hand = proposed(repo, tmp_path)
    assert [f.id for f in committed(repo, by_hand.evidence, workflow=own).findings] == ["bundle.other-run"]
    assert committed(repo, proposal.evidence, workflow=own).status == "committed"


def test_a_workflow_takes_what_the_run_before_it_proposed(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path, workflow=workflow(tmp_path, "1"))
    ada = {"login": "ada", "type": "User"}
    write_files(repo, {"agentos.toml": '[trust]\nusers = ["ada"]\n'})
    commit_all(repo, "a policy")
    payload = {
        "sender": ada,
        "repository": {"default_branch": "main"},
        "workflow_run": {"id": 1, "actor": ada, "triggering_actor": ada},
    }
    after = workflow(tmp_path, "2", payload, "workflow_run")
    assert committed(repo, proposal.evidence, workflow=after).status == "committed"


def test_who_may_not_ask_gets_no_commit(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path, workflow=workflow(tmp_path, "1"))
    own = workflow(tmp_path, "1", {"sender": {"login": "eve[bot]", "type": "Bot"}})
    before = state_of(repo)
    report = committed(repo, proposal.evidence, workflow=own)
    assert [finding.id for finding in report.findings] == ["trust.bot"]
    assert state_of(repo) == before


def test_a_proposal_can_be_looked_at_without_a_commit(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    before = state_of(repo)
    report = committed(repo, proposal.evidence, dry_run=True)
    assert (report.status, report.commit) == ("dry_run", None)
    assert state_of(repo) == before


def test_the_same_proposal_twice_is_a_conflict(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    assert committed(repo, proposal.evidence).status == "committed"
    assert committed(repo, proposal.evidence).status == "conflict"


# --- whose policy holds, and who may ask, in a workflow

STRANGER = {"login": "eve", "type": "User"}
ON_A_PULL_REQUEST = {
    "action": "created",
    "sender": STRANGER,
    "issue": {"number": 1, "pull_request": {"url": "u"}, "user": STRANGER, "author_association": "NONE"},
    "comment": {"user": STRANGER, "author_association": "NONE"},
    "repository": {"default_branch": "main"},
}


def head_with_its_own_policy(repo: Path) -> None:
    """Check out a stranger's branch that says of itself that the stranger may ask."""
    git(repo, "switch", "--quiet", "--create", "theirs")
    write_files(repo, {"agentos.toml": '[trust]\nusers = ["eve"]\n'})
    commit_all(repo, "trust me")


def test_a_pull_requests_head_brings_no_policy(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": "allow_delete = false\n"})
    commit_all(repo, "a policy")
    head_with_its_own_policy(repo)
    own = workflow(tmp_path, "1", ON_A_PULL_REQUEST, "issue_comment")
    run_it = scripted(repo, tmp_path, ANSWER, workflow=own)
    assert [finding.id for finding in run_it.findings] == ["trust.permission"]
    by_hand = proposed(repo, tmp_path, workflow=workflow(tmp_path, "1"), policy_ref="main")
    own = workflow(tmp_path, "1", ON_A_PULL_REQUEST, "issue_comment")
    refused = committed(repo, by_hand.evidence, workflow=own)
    assert [finding.id for finding in refused.findings] == ["trust.permission"]


def test_where_the_default_branch_is_not_fetched_the_run_says_so(repo: Path, tmp_path: Path) -> None:
    head_with_its_own_policy(repo)
    git(repo, "branch", "--quiet", "--delete", "--force", "main")
    own = workflow(tmp_path, "1", ON_A_PULL_REQUEST, "issue_comment")
    report = scripted(repo, tmp_path, ANSWER, workflow=own)
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "default branch (main)" in report.message
    assert "--policy-ref" in report.hint


def test_a_pull_request_is_judged_by_the_policy_of_where_it_goes(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": 'allowed_paths = ["docs/**"]\n'})
    base = commit_all(repo, "a policy")
    git(repo, "switch", "--quiet", "--create", "theirs")
    git(repo, "rm", "--quiet", "agentos.toml")
    commit_all(repo, "no policy")
    payload = {"sender": STRANGER, "pull_request": {"base": {"sha": base}, "user": {"login": "ada"}}}
    report = scripted(repo, tmp_path, ANSWER, workflow=workflow(tmp_path, "1", payload, "pull_request"))
    assert [finding.id for finding in report.findings] == ["paths.not-allowed"]


def test_who_is_named_may_ask_a_run_and_nobody_else(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": '[trust]\nusers = ["ada"]\n'})
    commit_all(repo, "a policy")
    asked = {"sender": STRANGER, "action": "opened", "issue": {"user": STRANGER, "author_association": "OWNER"}}
    refused = scripted(repo, tmp_path, ANSWER, workflow=workflow(tmp_path, "1", asked, "issues"))
    assert (refused.status, [finding.id for finding in refused.findings]) == ("rejected", ["trust.user"])
    assert not any(line["event"] == "tool_dispatch_started" for line in tape_of(refused))
    own = workflow(tmp_path, "1", {"sender": {"login": "ada", "type": "User"}}, "issues")
    assert scripted(repo, tmp_path, ANSWER, workflow=own).status == "committed"


def test_a_workflow_that_hides_who_set_it_off_gets_no_commit(repo: Path, tmp_path: Path) -> None:
    own = Workflow(repository="o/r", run_id="1", event="issue_comment")
    proposal = proposed(repo, tmp_path, workflow=own)
    report = committed(repo, proposal.evidence, workflow=own)
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "GITHUB_EVENT_PATH" in report.hint


# --- what a hostile bundle tries


def test_what_the_parent_claims_of_itself_is_not_repeated_as_found(repo: Path, tmp_path: Path) -> None:
    bundle = Path(proposed(repo, tmp_path).evidence or "")
    reseal(bundle, "tool_result_verified", line_count=999, files_touched=["README.md"])
    report = committed(repo, bundle)
    assert report.status == "committed"
    event = next(line for line in tape_of(report) if line["event"] == "tool_result_verified")
    assert (event["files_touched"], event["line_count"]) == (["a.txt"], 2)


@pytest.mark.parametrize(
    "claim",
    [
        {"wrote_files": True},
        {"committed": True},
        {"output_kind": "plan"},
        {"status": "failed", "error_category": "auth"},
    ],
)
def test_a_tool_that_did_more_than_propose_is_not_believed(repo: Path, tmp_path: Path, claim: dict[str, Any]) -> None:
    bundle = Path(proposed(repo, tmp_path).evidence or "")
    reseal(bundle, "tool_result_verified", **claim)
    assert [finding.id for finding in committed(repo, bundle).findings] == ["bundle.no-proposal"]


def test_a_token_does_not_get_into_evidence_as_a_name(repo: Path, tmp_path: Path) -> None:
    token = "ghp_" + "a1B2" * 9 + "/x"
    bundle = Path(proposed(repo, tmp_path).evidence or "")
    reseal(bundle, "tool_result_verified", provider=token)
    report = committed(repo, bundle)
    assert {finding.id for finding in report.findings} == {"bundle.changed"}
    assert not any(token in file.read_text() for file in Path(report.evidence or "").rglob("*") if file.is_file())


@pytest.mark.parametrize("glob", ["!", "\\", "*a*a*a*a*a*z", "x" * 2_000])
def test_patterns_that_no_task_may_have_are_refused_by_line(repo: Path, tmp_path: Path, glob: str) -> None:
    proposal = proposed(repo, tmp_path)
    bundle = Path(proposal.evidence or "")
    task = next(line["task"] for line in tape_of(proposal) if line["event"] == "task_loaded")
    reseal(bundle, "task_loaded", task={**task, "forbidden_paths": [glob]})
    assert {finding.id for finding in committed(repo, bundle).findings} == {"bundle.changed"}


def test_a_bundle_that_is_too_deep_is_refused(repo: Path, tmp_path: Path) -> None:
    bundle = Path(proposed(repo, tmp_path).evidence or "")
    deep = bundle.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "x").write_text("x")
    report = committed(repo, bundle)
    assert {finding.id for finding in report.findings} == {"bundle.changed"}


def test_answers_that_change_nothing_do_not_pass_for_the_diff(repo: Path, tmp_path: Path) -> None:
    proposal = proposed(repo, tmp_path)
    bundle = Path(proposal.evidence or "")
    forge_answer(bundle, proposal, diff_answer("a.txt", "one", "one"))
    report = committed(repo, bundle)
    assert [finding.id for finding in report.findings] == ["bundle.diff"]


def forge_answer(bundle: Path, proposal: RunReport, answer: str) -> None:
    """Put another answer into a bundle, with every digest made right."""
    row = json.loads((bundle / ANSWERS).read_text())
    digest = hashlib.sha256(answer.encode()).hexdigest()
    (bundle / ANSWERS).write_bytes(canonical({**row, "answer": answer, "answer_sha256": digest}) + b"\n")
    checks = next(line for line in tape_of(proposal) if line["event"] == "checks_completed")
    reseal(
        bundle,
        "checks_completed",
        digests={**checks["digests"], "answers": hashlib.sha256(digest.encode()).hexdigest()},
    )


def test_the_words_name_what_is_changed_and_nothing_else(repo: Path, tmp_path: Path) -> None:
    answer = (
        diff_answer("a.txt", "one", "one").replace("```\n", "") + diff_answer("b.txt", "two", "2").split("```diff\n")[1]
    )
    proposal = proposed(repo, tmp_path, answer)
    write_files(repo, {"a.txt": "changed meanwhile\n"})
    commit_all(repo, "meanwhile")
    report = committed(repo, proposal.evidence)
    assert report.status == "committed", report.message
    assert git(repo, "log", "-1", "--format=%s") == "Change b.txt\n"


def test_a_branch_that_is_another_ones_alias_is_judged_by_the_one_that_moves(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": '[commit]\nbranches = ["agentos/**"]\n'})
    commit_all(repo, "a policy")
    git(repo, "symbolic-ref", "refs/heads/agentos/x", "refs/heads/main")
    report = scripted(repo, tmp_path, ANSWER, branch="agentos/x")
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "'main'" in report.message


@pytest.mark.parametrize("branch", ["-x", "a//b", "main/x"])
def test_a_dry_run_finds_what_could_not_be_committed(repo: Path, tmp_path: Path, branch: str) -> None:
    proposal = proposed(repo, tmp_path)
    report = committed(repo, proposal.evidence, branch=branch, dry_run=True)
    assert report.exit_code in {2, 4}, report
