"""The policy's checks on the way of a run: they see the candidate, refuse it, and are told in report and evidence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentos_action.checks.sandbox import available
from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.layout import CHECKS, SUMS, digest_of
from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.observer import Nobody
from agentos_action.records.policy import CheckRules
from agentos_action.records.run import RunReport
from tests.git import git, make_repo
from tests.runs import diff_answer, scripted, state_of, tape_of

ANSWER = diff_answer("a.txt", "one", "1")
UNBOXED = 'sandbox = "none"'
needs_sandbox = pytest.mark.skipif(
    available(CheckRules(commands=("true",))) is not None, reason="bubblewrap makes no sandbox here"
)


def repo_with(tmp_path: Path, *commands: str, more: str = "") -> Path:
    """Make a repository whose policy has these checks, without a sandbox unless `more` says otherwise."""
    table = f"[checks]\ncommands = {json.dumps(commands)}\n{more or UNBOXED}\n"
    return make_repo(tmp_path, {"a.txt": "one\n", "agentos.toml": table})


def checks_of(report: RunReport) -> dict[str, Any]:
    """Return the tape's event of the checks."""
    return next(line for line in tape_of(report) if line["event"] == "checks_completed")


def test_checks_that_pass_let_the_commit_through(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, 'test "$(cat a.txt)" = 1', "echo fine >&2")
    report = scripted(repo, tmp_path, ANSWER)
    assert report.status == "committed"
    assert [(check.command, check.status, check.sandbox) for check in report.checks] == [
        ('test "$(cat a.txt)" = 1', "passed", "none"),
        ("echo fine >&2", "passed", "none"),
    ]
    event = checks_of(report)
    assert (event["status"], event["tree"]) == ("passed", git(repo, "rev-parse", "HEAD^{tree}").strip())
    kept = json.loads(Path(report.evidence or "", CHECKS).read_text())["checks"]
    assert [row["output"] for row in kept] == ["", "fine\n"]
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_a_check_that_fails_refuses_the_answer_with_its_output(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, "echo the numbers do not add up; exit 3", "true")
    before = state_of(repo)
    report = scripted(repo, tmp_path, ANSWER)
    assert (report.status, report.exit_code, report.error_category) == ("rejected", 1, None)
    (finding,) = report.findings
    assert finding.id == "checks.failed"
    assert "exit code 3" in finding.message
    assert "the numbers do not add up" in finding.message
    assert [check.status for check in report.checks] == ["failed"]
    assert checks_of(report)["status"] == "failed"
    assert state_of(repo) == before
    assert verify_bundle(Path(report.evidence or "")).problems == ()


def test_a_check_that_takes_too_long_refuses_the_answer(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, "sleep 60", more='sandbox = "none"\ntimeout_seconds = 0.3')
    report = scripted(repo, tmp_path, ANSWER)
    assert report.status == "rejected"
    assert "did not end in time" in report.findings[0].message


def test_what_a_check_writes_is_not_committed(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, "echo evil > a.txt; echo new > b.txt; ls > c.txt")
    report = scripted(repo, tmp_path, ANSWER)
    assert report.status == "committed"
    assert git(repo, "show", "--name-status", "--format=", "HEAD") == "M\ta.txt\n"
    assert git(repo, "show", "HEAD:a.txt") == "1\n"


def test_a_dry_run_and_a_proposal_are_checked_too(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, "false")
    assert scripted(repo, tmp_path, ANSWER, dry_run=True).status == "rejected"
    assert scripted(repo, tmp_path, ANSWER, half="propose").status == "rejected"


def test_what_is_refused_already_is_not_checked(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    repo = repo_with(tmp_path, f"touch {marker}")
    report = scripted(repo, tmp_path, diff_answer(".github/x.yml", "a", "b"))
    assert report.status == "rejected"
    assert (checks_of(report)["status"], report.checks) == ("skipped", ())
    assert checks_of(report)["why"]
    assert not marker.exists()


def test_without_checks_the_tape_says_that_there_are_none(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    event = checks_of(scripted(repo, tmp_path, ANSWER))
    assert (event["status"], event["why"]) == ("skipped", "the policy names none ([checks] commands)")


class Told(Nobody):
    """Keeps what is said of the stages."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, text: str) -> None:
        """Note it."""
        self.stages.append(text)


def test_a_secret_that_a_check_says_is_not_kept(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, "echo hunter2-hunter2; false")
    told = Told()
    report = scripted(repo, tmp_path, ANSWER, secrets=("hunter2-hunter2",), observer=told)
    assert "hunter2" not in report.model_dump_json() + "".join(told.stages)
    assert any(stage.startswith("Check: ") for stage in told.stages)
    for file in Path(report.evidence or "").rglob("*"):
        assert not file.is_file() or "hunter2" not in file.read_text()


@needs_sandbox
def test_checks_run_in_a_sandbox_unless_the_policy_says_none(tmp_path: Path) -> None:
    repo = repo_with(tmp_path, f"! ls {tmp_path}/repo/.git", "cat a.txt", more="timeout_seconds = 30")
    report = scripted(repo, tmp_path, ANSWER)
    assert report.status == "committed"
    assert {check.sandbox for check in report.checks} == {"bubblewrap"}
    assert report.checks[1].output == "1\n"


def test_where_no_sandbox_can_be_made_nobody_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_git = tmp_path / "bin"
    only_git.mkdir()
    (only_git / "git").symlink_to(shutil.which("git") or "")
    monkeypatch.setenv("PATH", str(only_git))
    repo = repo_with(tmp_path, "true", more="timeout_seconds = 31")
    report = scripted(repo, tmp_path, ANSWER)
    assert (report.status, report.exit_code) == ("usage", 2)
    assert "bubblewrap" in f"{report.message} {report.hint}"
    assert 'sandbox = "none"' in report.hint
    assert not any(line["event"] == "tool_dispatch_started" for line in tape_of(report))


@pytest.mark.parametrize("change", [{"output": "all is well\n"}, {"status": "passed"}, {"exit_code": 0}])
def test_what_checks_said_cannot_be_changed_afterwards(tmp_path: Path, change: dict[str, Any]) -> None:
    repo = repo_with(tmp_path, "echo bad news; exit 3")
    bundle = Path(scripted(repo, tmp_path, ANSWER).evidence or "")
    assert verify_bundle(bundle).problems == ()
    kept = json.loads((bundle / CHECKS).read_text())
    kept["checks"][0].update(change)
    (bundle / CHECKS).write_bytes(canonical(kept) + b"\n")
    sums = (bundle / SUMS).read_text().splitlines()
    (bundle / SUMS).write_text("".join(f"{resummed(bundle, line)}\n" for line in sums))
    assert [problem.file for problem in verify_bundle(bundle).problems] == [CHECKS]


def resummed(bundle: Path, line: str) -> str:
    """Return a line of the sums as it should be now."""
    name = line.split("  ", 1)[1]
    return f"{digest_of(bundle / name)}  {name}"
