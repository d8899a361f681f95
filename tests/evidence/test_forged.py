"""A bundle or a commit that was changed afterwards, with every sum and hash made right again, is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.canonical import canonical, sha256_text
from agentos_action.evidence.layout import ANSWERS, DIFF, PROMPTS, SUMMARY
from agentos_action.evidence.verify import verify_bundle
from tests.git import git, make_repo
from tests.runs import cli, diff_answer, scripted
from tests.sealing import lines_of, reseal, write_lines


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, {"a.txt": "one\n"})


@pytest.fixture
def bundle(repo: Path, tmp_path: Path) -> Path:
    scripted_in = scripted(repo, tmp_path, diff_answer("a.txt", "one", "1")).evidence or ""
    return Path(shutil.copytree(scripted_in, tmp_path / "forged"))


def rename_commit(bundle: Path, repo: Path, rev: str = "HEAD", *, tree: bool = False) -> None:
    facts = {"commit": git(repo, "rev-parse", rev).strip()}
    if tree:
        facts["tree"] = git(repo, "rev-parse", f"{rev}^{{tree}}").strip()
    reseal(bundle, lambda line: line.update(facts) if line["event"] == "git_commit" else None)


def told(bundle: Path, repo: Path) -> list[str]:
    done = cli("evidence", "verify", str(bundle), "--repo", str(repo), "--json", cwd=repo)
    (found,) = json.loads(done.stdout)["bundles"]
    assert (done.returncode, found["valid"], found["commit_checked"]) == (
        int(not found["valid"]),
        not found["problems"],
        "yes",
    )
    return [problem["message"] for problem in found["problems"]]


def amend(repo: Path, *arguments: str) -> None:
    git(repo, "commit", "-q", "--amend", "--no-verify", *arguments)


def test_resealing_alone_changes_nothing(bundle: Path, repo: Path) -> None:
    rename_commit(bundle, repo)
    assert told(bundle, repo) == []


def test_an_amended_tree_is_found(bundle: Path, repo: Path) -> None:
    (repo / "a.txt").write_text("evil\n")
    git(repo, "add", "-A")
    amend(repo, "--no-edit")
    rename_commit(bundle, repo)
    (said,) = told(bundle, repo)
    assert "the commit's tree is" in said


@pytest.mark.parametrize("parents", [0, 1, 2])
def test_another_parent_is_found(bundle: Path, repo: Path, parents: int) -> None:
    message, other = git(repo, "log", "-1", "--format=%B"), git(repo, "rev-parse", "HEAD").strip()
    also = [arg for parent in [other, git(repo, "rev-parse", "HEAD^").strip()][:parents] for arg in ("-p", parent)]
    made = git(repo, "commit-tree", "HEAD^{tree}", *also, "-m", message).strip()
    rename_commit(bundle, repo, made)
    (said,) = told(bundle, repo)
    assert "the commit's parent is" in said


@pytest.mark.parametrize("key", ["Run", "Model", "Policy", "Diff", "Evidence"])
def test_a_changed_missing_or_doubled_trailer_is_found(bundle: Path, repo: Path, key: str) -> None:
    lines = git(repo, "log", "-1", "--format=%B").strip().split("\n")
    at = next(at for at, line in enumerate(lines) if line.startswith(f"AgentOS-{key}: "))
    forged = f"AgentOS-{key}: acme/gpt-9"
    for changed in ([forged], [], [lines[at], forged]):
        amend(repo, "-m", "\n".join([*lines[:at], *changed, *lines[at + 1 :]]))
        rename_commit(bundle, repo)
        (said,) = told(bundle, repo)
        assert f"AgentOS-{key}: " in said


def test_the_summary_does_not_switch_off_the_digests(bundle: Path) -> None:
    (bundle / DIFF).write_text("totally different\n")
    (bundle / ANSWERS).write_text("")
    (bundle / PROMPTS).write_text("")
    summary = json.loads((bundle / SUMMARY).read_bytes())
    (bundle / SUMMARY).write_bytes(canonical({**summary, "replayable": False}) + b"\n")
    reseal(bundle)
    assert {problem.file for problem in verify_bundle(bundle).problems} == {DIFF, ANSWERS, PROMPTS}


def test_the_tape_excuses_only_what_redaction_marked(bundle: Path, repo: Path) -> None:
    (bundle / DIFF).write_text("totally different\n")

    def excuse(line: dict[str, Any]) -> None:
        if line["event"] == "checks_completed":
            line.update(replayable=False, redacted=["diff", "answers", "prompts", "tape"])

    reseal(bundle, excuse)
    assert [problem.file for problem in verify_bundle(bundle).problems] == [DIFF]
    assert any("AgentOS-Evidence" in said for said in told(bundle, repo))


def test_a_changed_prompt_is_found_also_with_its_own_digest_made_right(bundle: Path) -> None:
    prompts, answers = lines_of(bundle / PROMPTS), lines_of(bundle / ANSWERS)
    old = prompts[-1]["sha256"]
    prompts[-1]["content"] = "Say hello"
    write_lines(bundle / PROMPTS, prompts)
    reseal(bundle)
    assert [problem.file for problem in verify_bundle(bundle).problems] == [PROMPTS]
    prompts[-1]["sha256"] = sha256_text("Say hello")
    write_lines(bundle / PROMPTS, prompts)
    reseal(bundle)
    assert [problem.file for problem in verify_bundle(bundle).problems] == [PROMPTS]
    for message in answers[0]["messages"]:
        message["sha256"] = message["sha256"].replace(old, prompts[-1]["sha256"])
    write_lines(bundle / ANSWERS, answers)
    reseal(bundle)
    (problem,) = verify_bundle(bundle).problems
    assert problem.message == "the prompts are not those whose digest stands on the tape"


def test_a_changed_role_or_answer_is_found(bundle: Path) -> None:
    answers = lines_of(bundle / ANSWERS)
    answers[0]["messages"][-1]["role"] = "assistant"
    write_lines(bundle / ANSWERS, answers)
    reseal(bundle)
    assert [problem.file for problem in verify_bundle(bundle).problems] == [PROMPTS]
    answers[0].update(answer="x", answer_sha256=sha256_text("x"))
    write_lines(bundle / ANSWERS, answers)
    reseal(bundle)
    assert {problem.file for problem in verify_bundle(bundle).problems} == {ANSWERS, PROMPTS}


@pytest.mark.parametrize("name", ["HEAD", "abcd", 7, None, ["a"]])
def test_a_commit_is_named_by_its_full_id(bundle: Path, name: object) -> None:
    reseal(bundle, lambda line: line.update(commit=name) if line["event"] == "git_commit" else None)
    checked = verify_bundle(bundle)
    assert checked.commit is None
    assert any("full ids" in problem.message for problem in checked.problems)


def test_a_folder_of_runs_is_told_as_such(repo: Path, bundle: Path) -> None:
    done = cli("evidence", "verify", str(bundle.parent), cwd=repo)
    assert done.returncode == 2
    assert f"{bundle.parent} is a folder of runs" in done.stderr
    assert f"{bundle.parent}/*" in done.stderr
