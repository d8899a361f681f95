"""What the `evidence` commands say of a bundle that came from elsewhere: to its reader, and to no CI runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.evidence.layout import REPORT
from agentos_action.evidence.verify import verify_bundle
from agentos_action.report.visible import forms_command
from tests.git import commit_all, make_repo, write_files
from tests.runs import cli, diff_answer, scripted
from tests.sealing import write_sums

RUNNER = {"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"}


@pytest.mark.parametrize("name", ["::error::boo", "##[error]boo"])
def test_a_ci_runner_finds_no_command_in_a_bundle(copy: Path, name: str) -> None:
    (copy / name).write_text("")
    for what in ("verify", "show"):
        told = cli("evidence", what, str(copy), cwd=copy, env=RUNNER)
        said = cli("evidence", what, str(copy), "--json", cwd=copy, env=RUNNER)
        assert (told.returncode, said.returncode) == (1, 1)
        assert not forms_command(told.stdout + told.stderr + said.stdout), what
        assert name in json.dumps(json.loads(said.stdout))
    assert "boo: is not listed" in told.stdout


def test_a_ci_runner_finds_no_command_in_trailers(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "0\n"})
    digest = "sha256:" + "0" * 64
    trailers = f"AgentOS-Policy: {digest}\nAgentOS-Diff: {digest}\nAgentOS-Evidence: {digest}"
    write_files(repo, {"a.txt": "1\n"})
    commit_all(repo, f"x\n\nAgentOS-Run: 20261121T031500Z-8f3a1c2d\nAgentOS-Model: x ##[error]y\n{trailers}")
    told = cli("evidence", "audit", cwd=repo, env=RUNNER)
    said = cli("evidence", "audit", "--json", cwd=repo, env=RUNNER)
    assert "##\\x5berror]y" in told.stderr
    assert not forms_command(told.stderr + said.stdout)
    assert json.loads(said.stdout)["commits"][0]["model"] == "x ##[error]y"


def test_a_bundle_that_lies_elsewhere_is_of_the_repository_one_stands_in(tmp_path: Path) -> None:
    repo, other = (make_repo(tmp_path / name, {"a.txt": "one\n"}) for name in ("repo", "other"))
    report = scripted(repo, tmp_path, diff_answer("a.txt", "one", "1"), evidence=tmp_path / "out")
    bundle = report.evidence or ""
    verified = cli("evidence", "verify", bundle, cwd=repo)
    assert (verified.returncode, "checked: yes" in verified.stderr) == (0, True)
    assert cli("evidence", "replay", bundle, cwd=repo).returncode == 0
    skipped = cli("evidence", "verify", bundle, cwd=other)
    assert (skipped.returncode, "checked: skipped: not of the repository here" in skipped.stderr) == (0, True)
    assert "no repository here" in cli("evidence", "verify", bundle, cwd=tmp_path).stderr


def test_a_bundle_without_a_tape_is_of_an_unknown_run(tmp_path: Path) -> None:
    told = cli("evidence", "verify", str(tmp_path), cwd=tmp_path)
    assert (told.returncode, "None" in told.stderr) == (1, False)
    assert told.stderr.startswith(f"evidence of an unknown run in {tmp_path}: NOT VALID (0 events, ")
    assert "None" not in cli("evidence", "show", str(tmp_path), cwd=tmp_path).stdout
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    assert cli("evidence", "replay", str(tmp_path), cwd=repo).stderr.startswith("replay of an unknown run: ")


def test_what_a_hook_left_is_told_as_replay_and_page_tell_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    bundle = Path(scripted(repo, tmp_path, diff_answer("a.txt", "one", "1"), target="worktree").evidence or "")
    told = json.loads(cli("evidence", "show", str(bundle), "--json", cwd=repo).stdout)
    replayed = json.loads(cli("evidence", "replay", str(bundle), "--json", cwd=repo).stdout)
    assert (told["replayable"], replayed["outcome"]) == (False, "not_replayable")
    assert [told["not_replayable"]] == replayed["reasons"]
    assert told["not_replayable"] in (bundle / REPORT).read_text(encoding="utf-8")


def test_a_file_that_no_run_leaves_is_found_though_it_has_a_sum(copy: Path) -> None:
    (copy / "patch/approval.txt").write_text("approved by all\n")
    write_sums(copy)
    assert [problem.told for problem in verify_bundle(copy).problems] == [
        "patch/approval.txt: is no file that a run leaves"
    ]


def test_a_page_that_was_changed_is_told_by_verify_and_show(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    bundle = Path(scripted(repo, tmp_path, diff_answer("a.txt", "one", "1")).evidence or "")
    page = bundle / REPORT
    page.write_text(page.read_text(encoding="utf-8").replace("Committed", "Refused"), encoding="utf-8")
    write_sums(bundle)
    for said in (cli("evidence", what, str(bundle), cwd=repo) for what in ("verify", "show")):
        assert (said.returncode, "is not the page that" in said.stdout + said.stderr) == (1, True)
