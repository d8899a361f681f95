"""Streams that are full, closed, gone or narrow in their encoding: the run and its exit code do not care."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from agentos_action.report.visible import forms_command
from tests.git import git, make_repo
from tests.runs import CLI, cli, diff_answer

RUN = ("run", "--instruction", "Change a.txt", "--answer")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n"})


@pytest.fixture
def answer(tmp_path: Path) -> str:
    file = tmp_path / "answer.md"
    file.write_text(diff_answer("a.txt", "one", "1 \N{RIGHTWARDS ARROW}"), encoding="utf-8")
    return str(file)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    file = tmp_path / "bad.md"
    new = "--- /dev/null\n+++ b/.github/x.yml\n@@ -0,0 +1 @@\n+a: 1\n"
    file.write_text(f"```diff\n{new}```\n", encoding="utf-8")
    return str(file)


def shell(repo: Path, redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run under bash with this redirection or pipe behind it; the exit code is that of our own process."""
    script = f'"$@" {redirection}; exit ${{PIPESTATUS[0]}}'
    return subprocess.run(
        ["bash", "-c", script, "bash", *CLI, *arguments],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def commits(repo: Path) -> int:
    return int(git(repo, "rev-list", "--count", "HEAD"))


@pytest.mark.parametrize("json_option", [(), ("--json",)])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_a_report_that_cannot_be_written_names_the_commit(
    repo: Path, answer: str, redirection: str, json_option: tuple[str, ...]
) -> None:
    done = shell(repo, redirection, *RUN, answer, *json_option)
    assert done.returncode == 2, done.stderr
    assert commits(repo) == 2
    made = git(repo, "rev-parse", "HEAD").strip()
    assert "the report could not be written: " in done.stderr
    assert f"; commit {made} was made" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2> >(true)", "| true"])
def test_talk_that_nobody_hears_ends_no_run(repo: Path, answer: str, redirection: str) -> None:
    done = shell(repo, redirection, *RUN, answer)
    assert done.returncode == 0, done.stderr
    assert commits(repo) == 2
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("redirection", ["| true", "2>/dev/full", "2>&1 | true"])
def test_a_refusal_keeps_its_exit_code(repo: Path, bad: str, redirection: str) -> None:
    for json_option in ((), ("--json",)):
        assert shell(repo, redirection, *RUN, bad, *json_option).returncode == 1


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_narrow_encoding_escapes(repo: Path, answer: str, encoding: str) -> None:
    done = cli(*RUN, answer, cwd=repo, env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert "+1 \\u2192" in done.stdout


def test_what_is_said_comes_at_once_also_where_python_is_unbuffered(repo: Path, answer: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    argv = [*CLI, *RUN, answer, "--dry-run"]
    done = subprocess.run(
        argv, cwd=repo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=120
    )
    assert done.stdout.index(b"Asking") < done.stdout.index(b"diff --git")


def test_a_refused_diff_is_no_data(repo: Path, bad: str) -> None:
    done = cli(*RUN, bad, cwd=repo)
    assert (done.returncode, done.stdout) == (1, "")
    assert "+++ b/.github/x.yml" in done.stderr
    assert "error [protected.place] .github/x.yml" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("run", "--bogus"), ("run", "--timeout", "x"), ("frobnicate",), ("tool",), ("schema", "none"), ()]
)
def test_a_wrong_command_line_with_json_is_one_object(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = cli(*arguments, "--json", cwd=tmp_path)
    said = json.loads(done.stdout)
    assert (said["status"], said["exit_code"], said["error_category"]) == ("usage", 2, "config")
    assert said["raw_error_code"] is None
    assert said["message"]
    assert "--help" in said["hint"] or said["hint"].startswith("There are: ")
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize(
    "words",
    [
        "tool health",
        "model install",
        "model list",
        "sidecar start",
        "sidecar status",
        "sidecar stop",
        "recipe list",
        "recipe show",
        "hook docstrings",
    ],
)
def test_a_subcommand_has_a_description_and_an_example(tmp_path: Path, words: str) -> None:
    said = cli(*words.split(), "--help", cwd=tmp_path).stdout
    assert f"example:\n  agentos {words}" in said
    assert ".\n" in said.partition("\n\n")[2].partition("\n\n")[0] + "\n"


def test_recipe_show_says_how_to_run_it(tmp_path: Path) -> None:
    said = cli("recipe", "show", "docstrings", cwd=tmp_path).stdout
    assert "agentos run --recipe docstrings --embedded --dry-run" in said


def test_verify_without_a_commit_judges_nothing(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "a.txt").write_text("one\n")
    git(tmp_path, "add", "-A")
    done = cli("verify", "--staged", cwd=tmp_path)
    assert done.returncode == 0
    assert "agentos verify: not judged: there is no commit yet" in done.stderr


def test_verify_counts_in_english(repo: Path) -> None:
    (repo / "a.txt").write_text("two\n")
    git(repo, "add", "-A")
    assert "(1 file, +1 -1, " in cli("verify", "--staged", cwd=repo).stderr


def test_verify_refuses_a_diff_beyond_all_measure_by_its_size_alone(repo: Path) -> None:
    (repo / "a.txt").write_text("one more\n" * 500_000)
    git(repo, "add", "-A")
    done = cli("verify", "--staged", cwd=repo)
    assert done.returncode == 1
    assert "[size.diff]" in done.stderr
    assert "more than 4,499,996 bytes of diff, the policy allows 524,288; nothing else in it was looked" in done.stderr
    assert "size.lines" not in done.stderr
    assert done.stderr.endswith("agentos verify: refused (policy built-in)\n")
    assert json.loads(cli("verify", "--staged", "--json", cwd=repo).stdout)["is_valid"] is False


def test_verify_reads_a_large_diff_that_the_policy_allows(repo: Path) -> None:
    (repo / "agentos.toml").write_text("[limits]\nmax_diff_bytes = 10_000_000\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "more room")
    (repo / "a.txt").write_text(f"{'one more ' * 500_000}\n")
    git(repo, "add", "-A")
    assert "[size.line]" in cli("verify", "--staged", cwd=repo).stderr


def test_a_ci_runner_finds_no_command_in_what_is_said(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "::set-output name=c::evil\none\n"})
    diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n ::set-output name=c::evil\n-one\n+##[set-env name=x]y\n"
    (tmp_path / "answer.md").write_text(f"```diff\n{diff}```\n")
    words = ("run", "--instruction", "::error::do it", "--answer", "../answer.md", "--dry-run")
    told = cli(*words, cwd=repo, env={"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"})
    assert told.returncode == 0
    assert "is not printed" in told.stderr
    assert not forms_command(told.stdout + told.stderr)
    said = cli(*words, "--json", cwd=repo, env={"GITHUB_ACTIONS": "true"})
    assert not forms_command(said.stdout)
    assert "##[set-env name=x]y" in json.loads(said.stdout)["diff"]
    # Elsewhere the diff is data, as it is.
    assert cli(*words, cwd=repo).stdout.endswith("+##[set-env name=x]y\n")


def test_a_ci_runner_finds_no_command_in_what_judge_says(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "::set-output name=c::evil\none\n"})
    diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n ::set-output name=c::evil\n-one\n+##[set-env name=x]y\n"
    (tmp_path / "good.md").write_text(f"```diff\n{diff}```\n")
    (tmp_path / "bad.md").write_text(f"```diff\n{diff.replace('a.txt', '##[error]b')}```\n")
    runner = {"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"}
    for answer, code in (("good.md", 0), ("bad.md", 1)):
        words = ("judge", "--answer", f"../{answer}", "--base", "HEAD")
        told, said = cli(*words, cwd=repo, env=runner), cli(*words, "--json", cwd=repo, env=runner)
        assert (told.returncode, said.returncode) == (code, code)
        assert not forms_command(told.stdout + told.stderr + said.stdout), answer
        assert json.loads(said.stdout)["verdict"] == ("accept" if code == 0 else "reject")
    # A file obeys nobody: what is sent there is the files' own bytes.
    with (tmp_path / "out").open("wb") as out:
        subprocess.run(
            [*CLI, "judge", "--answer", "../good.md", "--base", "HEAD"],
            cwd=repo,
            env={**os.environ, **runner},
            stdout=out,
            check=True,
        )
    assert (tmp_path / "out").read_text().endswith("+##[set-env name=x]y\n")


def test_a_ci_runner_finds_no_command_in_what_verify_says(repo: Path) -> None:
    (repo / "agentos.toml").write_text("allowed_paths = ['a.txt']\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "policy")
    (repo / "##[error]b").write_text("::error::x\n")
    git(repo, "add", "-A")
    for words in (("verify", "--staged"), ("verify", "--staged", "--json")):
        done = cli(*words, cwd=repo, env={"GITHUB_ACTIONS": "true", "FORCE_COLOR": "1"})
        assert done.returncode == 1
        assert "paths.not-allowed" in done.stdout + done.stderr
        assert not forms_command(done.stdout + done.stderr)
