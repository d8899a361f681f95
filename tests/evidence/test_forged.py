"""A bundle or a commit that was changed afterwards, with every sum and hash made right again, is found."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.canonical import canonical, sha256_text
from agentos_action.evidence.layout import ANSWERS, DIFF, PROMPTS, REPORT, SUMMARY
from agentos_action.evidence.verify import compare_commit, verify_bundle
from agentos_action.records.receipt import CommitFacts
from tests.git import git, make_repo
from tests.runs import cli, diff_answer, scripted
from tests.sealing import lines_of, reseal, write_lines, write_sums


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


def test_a_page_that_tells_something_else_is_found(bundle: Path, repo: Path) -> None:
    page = bundle / REPORT
    page.write_text(page.read_text().replace("Committed", "Approved"))
    write_sums(bundle)
    assert told(bundle, repo) == ["is not the page that the other files of the bundle make"]


def test_another_versions_page_looks_another_way(bundle: Path, repo: Path) -> None:
    def older(line: dict[str, Any]) -> None:
        if line["event"] == "run_started":
            line["version"] = "0.0.1"

    summary = json.loads((bundle / SUMMARY).read_bytes())
    (bundle / SUMMARY).write_bytes(canonical({**summary, "version": "0.0.1"}) + b"\n")
    reseal(bundle, older)
    (bundle / REPORT).write_text("as it looked then")
    write_sums(bundle)
    (said,) = told(bundle, repo)
    assert "AgentOS-Evidence" in said


def test_a_shallow_clone_is_told_as_such(bundle: Path, repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repo}", "shallow")
    (said,) = told(bundle, tmp_path / "shallow")
    assert "a shallow clone ends with this commit" in said


def test_a_commit_that_is_not_there_stands_in_no_file(bundle: Path, tmp_path: Path) -> None:
    other = make_repo(tmp_path / "other", {"b": "1\n"})
    done = cli("evidence", "verify", str(bundle), "--repo", str(other), cwd=other)
    assert done.returncode == 1
    assert re.search(r"^  the commit [0-9a-f]{40} is not in", done.stderr, re.MULTILINE)


def test_a_model_named_by_a_secret_cannot_be_compared_and_the_rest_is() -> None:
    digests = {"policy": "2" * 64, "diff": "3" * 64, "base": "4" * 40}
    before = {"event": "checks_completed", "run_id": "r", "hash": "1" * 64, "redacted": ["tape"], "digests": digests}
    result = {"event": "tool_result_verified", "provider": "openai", "model_id": "m-[redacted:secret]"}
    tape: list[dict[str, Any]] = [result, before, {"event": "git_commit", "tree": "5" * 40}]
    trailers = {"Run": "r", "Policy": f"sha256:{'2' * 64}", "Diff": f"sha256:{'3' * 64}"}
    trailers |= {"Evidence": f"sha256:{'1' * 64}", "Model": "openai/m-hunter22"}
    message = "\n".join(f"AgentOS-{key}: {value}" for key, value in trailers.items())
    assert compare_commit(tape, CommitFacts(message, "5" * 40, ("4" * 40,))) == []
    (problem,) = compare_commit(tape, CommitFacts(message.replace("3" * 64, "6" * 64), "5" * 40, ("4" * 40,)))
    assert "AgentOS-Diff" in problem.message


def test_the_folder_of_a_gate_is_told_as_such(repo: Path, tmp_path: Path) -> None:
    out = tmp_path / "gates"
    assert cli("gate", "run", "TL-R1", "--out", str(out), cwd=repo).returncode == 0
    done = cli("evidence", "verify", str(out / "tl_r1"), cwd=repo)
    assert (done.returncode, f"{out / 'tl_r1'}/runs/*" in done.stderr) == (2, True)
