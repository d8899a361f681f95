"""Every agent-made commit of a history is accounted for; what copies another's trailers is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from agentos_action.evidence.layout import TAPE
from agentos_action.pipeline.audit import Audited, audit
from agentos_action.records.run import RunReport
from agentos_action.repo import RepoView
from tests.git import commit_all, git, make_repo, write_files
from tests.runs import cli, diff_answer, scripted


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.txt": "0\n"})


def step(repo: Path, tmp_path: Path, number: int) -> RunReport:
    report = scripted(repo, tmp_path, diff_answer("a.txt", str(number), str(number + 1)))
    assert report.status == "committed", report.message
    return report


def audited(repo: Path, *roots: Path, without: str | None = None) -> list[Audited]:
    view = RepoView.open(repo)
    return audit(view, view.commit_of("HEAD"), without, [repo / ".git/agentos/runs", *roots])


def message(repo: Path, rev: str = "HEAD") -> str:
    return git(repo, "log", "-1", "--format=%B", rev)


def test_a_history_of_persons_and_agents(repo: Path, tmp_path: Path) -> None:
    start = git(repo, "rev-parse", "HEAD").strip()
    first = step(repo, tmp_path, 0)
    write_files(repo, {"agentos.toml": "[limits]\nmax_files = 3\n"})
    commit_all(repo, "a person's own")
    second = step(repo, tmp_path, 1)
    found = audited(repo, without=start)
    assert [(one.commit, one.state, one.model) for one in found] == [
        (second.commit, "verified", "scripted/scripted"),
        (first.commit, "verified", "scripted/scripted"),
    ]
    assert [one.policy for one in found] == [second.policy, f"built-in (at {start[:10]})"]
    assert [one.run_id for one in audited(repo, without=first.commit)] == [second.run_id]


def test_a_missing_bundle_is_told_and_fails_unless_allowed(repo: Path, tmp_path: Path) -> None:
    report = step(repo, tmp_path, 0)
    elsewhere = tmp_path / "archive"
    shutil.move(report.evidence or "", elsewhere / (report.run_id or ""))
    (one,) = audited(repo)
    assert (one.state, one.problems) == ("no_bundle", ())
    assert audited(repo, elsewhere)[0].state == "verified"
    missed = cli("evidence", "audit", cwd=repo)
    assert (missed.returncode, "1 agent-made commit: 0 verified, 1 no bundle" in missed.stderr) == (1, True)
    assert "--evidence DIR" in missed.stderr
    assert cli("evidence", "audit", "--allow-missing", cwd=repo).returncode == 0
    assert cli("evidence", "audit", "--evidence", str(elsewhere), cwd=repo).returncode == 0
    assert cli("evidence", "audit", cwd=repo, env={"AGENTOS_EVIDENCE": str(elsewhere)}).returncode == 0
    pushed = cli("hook", "audit", "--evidence", "nowhere", cwd=repo)
    assert (pushed.returncode, pushed.stderr.split("\n")[0]) == (2, "agentos: nowhere is not a folder")
    unused = {"AGENTOS_EVIDENCE": str(tmp_path / "not-yet")}
    assert cli("hook", "audit", "--evidence", str(elsewhere), cwd=repo, env=unused).returncode == 0


def test_copied_trailers_are_found_with_and_without_a_bundle(repo: Path, tmp_path: Path) -> None:
    report = step(repo, tmp_path, 0)
    write_files(repo, {"evil.txt": "x\n"})
    copied = commit_all(repo, message(repo))
    by = {one.commit: one for one in audited(repo)}
    assert by[report.commit or ""].state == "verified"
    assert by[copied].state == "wrong"
    assert "these trailers are a copy" in by[copied].problems[0]
    shutil.rmtree(report.evidence or "")
    assert {one.state for one in audited(repo)} == {"wrong"}
    done = cli("evidence", "audit", "--allow-missing", cwd=repo)
    assert (done.returncode, "NOT PASSED" in done.stderr) == (1, True)


def test_an_amended_commit_is_found(repo: Path, tmp_path: Path) -> None:
    step(repo, tmp_path, 0)
    write_files(repo, {"a.txt": "evil\n"})
    git(repo, "commit", "-aq", "--amend", "--no-edit")
    assert [one.state for one in audited(repo)] == ["wrong"]
    assert "take the AgentOS lines out of its message" in cli("evidence", "audit", cwd=repo).stderr


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AgentOS-Evidence: sha256:", "AgentOS-Evidence: sha1:"),
        ("AgentOS-Policy", "AgentOS-Police"),
        ("AgentOS-Model: ", "AgentOS-Model: other/model\nAgentOS-Model: "),
        ("AgentOS-Run: ", "AgentOS-Run: ../"),
    ],
)
def test_ill_formed_trailers_are_wrong_also_without_a_bundle(repo: Path, tmp_path: Path, old: str, new: str) -> None:
    report = step(repo, tmp_path, 0)
    shutil.rmtree(report.evidence or "")
    git(repo, "commit", "-q", "--amend", "-m", message(repo).replace(old, new))
    assert [one.state for one in audited(repo)] == ["wrong"]


def test_a_bundle_that_was_changed_or_cut_off_is_wrong(repo: Path, tmp_path: Path) -> None:
    report = step(repo, tmp_path, 0)
    tape = Path(report.evidence or "") / TAPE
    whole = tape.read_bytes()
    tape.write_bytes(whole.replace(b'"started"', b'"Started"'))
    assert [one.state for one in audited(repo)] == ["wrong"]
    said = cli("evidence", "audit", cwd=repo).stderr
    assert f"The evidence in {report.evidence} was changed since it was written" in said
    assert "take the AgentOS lines out" not in said
    tape.write_bytes(whole)
    (Path(report.evidence or "") / "SHA256SUMS").unlink()
    assert [one.state for one in audited(repo)] == ["wrong"]


def test_a_policy_that_is_not_here_or_was_another_is_wrong(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": "[limits]\nmax_files = 3\n"})
    policy = commit_all(repo, "policy")
    report = step(repo, tmp_path, 0)
    assert report.policy == f"agentos.toml@{policy[:10]}"
    (one,) = audited(repo)
    assert (one.state, one.policy) == ("verified", report.policy)


def test_the_json_of_the_command(repo: Path, tmp_path: Path) -> None:
    report = step(repo, tmp_path, 0)
    done = cli("evidence", "audit", "--range", "HEAD^..HEAD", "--json", cwd=repo)
    told = json.loads(done.stdout)
    assert (done.returncode, told["passed"], told["verified"], told["wrong"]) == (0, True, 1, 0)
    assert told["commits"][0]["run_id"] == report.run_id
    assert cli("evidence", "audit", "--range", "nonsense", cwd=repo).returncode == 2


@pytest.mark.parametrize("line", ["    AgentOS-Run: x", "agentos-run: x", "AgentOS-Run:x", "> AgentOS-Run : x"])
def test_a_trailer_that_is_not_as_it_is_written_counts_as_one(repo: Path, line: str) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", f"Squashed\n\n{line}")
    assert [one.state for one in audited(repo)] == ["wrong"]


def test_a_persons_words_about_trailers_are_no_trailer(repo: Path) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "docs: what AgentOS-Run: means, and `AgentOS-Run:` in a log")
    assert audited(repo) == []


def test_a_folder_of_bundles_that_is_not_there_is_a_mistake(repo: Path, tmp_path: Path) -> None:
    step(repo, tmp_path, 0)
    done = cli("evidence", "audit", "--evidence", "nowhere", "--allow-missing", cwd=repo)
    assert (done.returncode, "nowhere is not a folder" in done.stderr) == (2, True)
