"""A run in two halves: `propose` writes nothing but evidence, `commit` takes that evidence as a stranger's."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.layout import ANSWERS, DIFF, SUMMARY, SUMS, TAPE, digest_of
from agentos_action.evidence.tape import hash_of
from agentos_action.evidence.verify import verify_bundle, verify_commit
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.records.observer import Nobody
from agentos_action.records.run import RunReport, RunRequest, Workflow
from agentos_action.repo import RepoView
from agentos_action.wiring import parts
from tests.git import commit_all, git, make_repo, write_files
from tests.runs import diff_answer, scripted, state_of, tape_of

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
    """Change an event of a bundle's tape and make chain and sums right again, as whoever forges it would."""
    lines = [json.loads(line) for line in (bundle / TAPE).read_text().splitlines()]
    prev = "0" * 64
    for line in lines:
        line.update(changes if line["event"] == event else {})
        line["prev"] = prev
        prev = line["hash"] = hash_of(line)
    (bundle / TAPE).write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
    names = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != SUMS)
    sums = "".join(f"{digest_of(path)}  {path.relative_to(bundle).as_posix()}\n" for path in names)
    (bundle / SUMS).write_text(sums)


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
    row = json.loads((bundle / ANSWERS).read_text())
    import hashlib

    digest = hashlib.sha256(hostile.encode()).hexdigest()
    (bundle / ANSWERS).write_bytes(canonical({**row, "answer": hostile, "answer_sha256": digest}) + b"\n")
    checks = next(line for line in tape_of(proposal) if line["event"] == "checks_completed")
    digests = {**checks["digests"], "answers": hashlib.sha256(digest.encode()).hexdigest()}
    reseal(bundle, "checks_completed", digests=digests)
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
    payload = {"sender": ada, "workflow_run": {"id": 1, "actor": ada, "triggering_actor": ada}}
    after = workflow(tmp_path, "2", payload, "workflow_run")
    assert committed(repo, proposal.evidence, workflow=after).status == "committed"


def test_who_may_not_ask_gets_no_commit(repo: Path, tmp_path: Path) -> None:
    own = workflow(tmp_path, "1", {"sender": {"login": "eve[bot]", "type": "Bot"}})
    proposal = proposed(repo, tmp_path, workflow=own)
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
