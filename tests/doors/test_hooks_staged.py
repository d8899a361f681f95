"""`agentos hook run` as a git hook: whatever way of committing, it works on what is staged and commits nothing."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git import commit_all, git, git_environment, git_run, init_repo, make_repo, write_files
from tests.runs import cli, diff_answer

TASK = "+++\nfiles = ['a.txt', 'old.txt', 'new.txt']\n+++\nWrite the number as a word.\n"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    files = {"a.txt": "0\n", "old.txt": "1\n", "b.txt": "x\n", "task.md": TASK}
    made = make_repo(tmp_path, files)
    write_files(tmp_path, {"a.md": diff_answer("a.txt", "1", "one")})
    return made


def hook(repo: Path, *arguments: str | Path) -> None:
    """Install what pre-commit does for a hook: the staged files that are not deleted, as arguments."""
    command = (sys.executable, "-I", "-m", "agentos_action", "hook", *arguments)
    words = " ".join(shlex.quote(str(word)) for word in command)
    listed = "git diff --cached --name-only --diff-filter=ACMRTUXB -z"
    script = repo / ".git/hooks/pre-commit"
    script.parent.mkdir(exist_ok=True)
    script.write_text(f"#!/bin/sh\n{listed} | xargs -0 {words}\n", encoding="utf-8")
    script.chmod(0o755)


def commit(repo: Path, *args: str) -> subprocess.CompletedProcess[str]:
    argv = ["git", "commit", "--message", "change", *args]
    return subprocess.run(argv, cwd=repo, env=git_environment(), capture_output=True, text=True, check=False)


def assert_left(repo: Path, done: subprocess.CompletedProcess[str], path: str = "a.txt", wanted: str = "one\n") -> None:
    """Assert that the change is in the work tree, nowhere else, and the commit waits."""
    assert done.returncode != 0, done.stdout + done.stderr
    assert (repo / path).read_bytes() == wanted.encode(), done.stderr
    assert git(repo, "log", "--format=%s", "-1") in {"start\n", "ours\n"}


@pytest.mark.parametrize(
    "way", [["--all"], ["a.txt"], ["--include", "a.txt"], []], ids=["all", "one file", "include", "staged"]
)
def test_every_way_to_commit(repo: Path, tmp_path: Path, way: list[str]) -> None:
    hook(repo, "run", "--task", "task.md", "--answer", tmp_path / "a.md")
    write_files(repo, {"a.txt": "1\n", "b.txt": "y\n"})
    if not way:
        git(repo, "add", "a.txt")
    assert_left(repo, commit(repo, *way))
    assert git(repo, "show", ":a.txt") == ("0\n" if way else "1\n")


def test_part_of_a_file_staged_is_left_alone(repo: Path, tmp_path: Path) -> None:
    # Without pre-commit nobody hides the rest: it is no text that a change could be laid over.
    hook(repo, "run", "--task", "task.md", "--answer", tmp_path / "a.md")
    write_files(repo, {"a.txt": "1\n"})
    git(repo, "add", "a.txt")
    write_files(repo, {"a.txt": "1\nmore\n"})
    done = commit(repo)
    assert done.returncode == 0
    assert "left alone: a.txt differs from what is staged" in done.stderr
    told = cli("hook", "run", "--task", "task.md", "--answer", str(tmp_path / "a.md"), "--json", "a.txt", cwd=repo)
    # Committed meanwhile, it differs from what is in the index all the same.
    assert (told.returncode, json.loads(told.stdout)["status"]) == (0, "skipped")
    assert (repo / "a.txt").read_text() == "1\nmore\n"


def test_the_name_of_what_is_left_alone_is_no_command(repo: Path) -> None:
    name = "##[error]a.txt"
    write_files(repo, {name: "1\n"})
    git(repo, "add", name)
    (repo / name).unlink()
    asked = ("hook", "run", "--instruction", "x", "--provider", "scripted")
    done = cli(*asked, name, cwd=repo)
    assert (done.returncode, "left alone: ##\\x5berror]a.txt differs" in done.stderr) == (0, True), done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_what_may_not_be_read_is_told(repo: Path) -> None:
    write_files(repo, {"a.txt": "1\n"})
    git(repo, "add", "a.txt")
    (repo / "a.txt").chmod(0)
    done = cli("hook", "run", "--instruction", "x", "--provider", "scripted", "a.txt", cwd=repo)
    assert (done.returncode, "a.txt cannot be read: " in done.stderr) == (2, True), done.stderr


def test_a_renamed_file_goes_by_its_new_name(repo: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"a.md": diff_answer("new.txt", "1", "one")})
    hook(repo, "run", "--task", "task.md", "--answer", tmp_path / "a.md")
    git(repo, "mv", "old.txt", "new.txt")
    done = commit(repo)
    assert_left(repo, done, "new.txt")
    assert "commit again" in done.stderr
    git(repo, "add", "new.txt")
    # There is nothing left to do, so the same answer is refused.
    assert "nothing was changed; without this hook: SKIP=agentos-run git commit" in commit(repo).stderr


def test_a_merge_with_a_conflict_and_a_linked_work_tree(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "theirs")
    write_files(repo, {"a.txt": "2\n"})
    commit_all(repo, "theirs")
    git(repo, "checkout", "--quiet", "main")
    write_files(repo, {"a.txt": "3\n"})
    commit_all(repo, "ours")
    hook(repo, "run", "--task", "task.md", "--answer", tmp_path / "a.md")
    other = tmp_path / "linked"
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(other))
    assert git_run(other, "merge", "theirs").returncode == 1
    write_files(other, {"a.txt": "1\n"})
    git(other, "add", "a.txt")
    assert_left(other, commit(other))
    assert git_run(other, "rev-parse", "--verify", "MERGE_HEAD").returncode == 0
    git(other, "add", "a.txt")
    git(other, "commit", "--quiet", "--no-verify", "--no-edit")
    assert len(git(other, "log", "-1", "--format=%P").split()) == 2


def test_line_endings_of_the_work_tree_stay(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "core.autocrlf", "true")
    hook(repo, "run", "--task", "task.md", "--answer", tmp_path / "a.md")
    write_files(repo, {"a.txt": "1\r\n"})
    git(repo, "add", "a.txt")
    assert git(repo, "show", ":a.txt") == "1\n"
    assert_left(repo, commit(repo), wanted="one\r\n")


def test_what_no_model_may_or_can_see_is_no_affair_of_the_hook(repo: Path, tmp_path: Path) -> None:
    module = init_repo(tmp_path / "module")
    write_files(module, {"x": "x"})
    commit_all(module)
    git(repo, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(module), "sub")
    # The modules' own file is text that no model may change.
    write_files(repo, {".env": "A=1\n", "picture.png": b"\x89PNG\0\0", ".github/workflows/x.yml": "on: push\n"})
    (repo / "link").symlink_to("a.txt")
    (repo / "b.txt").unlink()
    git(repo, "add", "--all")
    hook(repo, "run", "--instruction", "Anything", "--provider", "openai", "--strict")
    done = commit(repo)
    assert done.returncode == 0, done.stderr
    # A recipe is for files of its own.
    write_files(repo, {"a.txt": "y\n"})
    hook(repo, "run", "--recipe", "docstrings", "--provider", "openai", "--strict")
    done = commit(repo, "--all")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ([], "no model is chosen"),
        (["--provider", "llamacpp", "--base-url", "http://127.0.0.1:9"], "the model did not answer"),
        (["--embedded"], "no model is installed here"),
    ],
    ids=["nobody", "unreachable", "embedded"],
)
def test_where_no_model_answers_the_commit_goes_on_unless_strict(
    repo: Path, tmp_path: Path, model: list[str], said: str
) -> None:
    env = {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    arguments = ("hook", "run", "--task", "task.md", *model)
    done = cli(*arguments, "a.txt", cwd=repo, env=env)
    assert done.returncode == 0, done.stderr
    assert said in done.stderr
    assert cli(*arguments, "--strict", "a.txt", cwd=repo, env=env).returncode in {2, 3}


def test_a_file_with_the_name_of_an_option_decides_nothing(repo: Path, tmp_path: Path) -> None:
    name = f"--answer={tmp_path / 'a.md'}".replace("/", "_")
    write_files(repo, {name: diff_answer("a.txt", "1", "one"), "a.txt": "1\n"})
    git(repo, "add", "--all")
    done = cli("hook", "run", "--instruction", "x", "a.txt", name, cwd=repo)
    assert (done.returncode, f"{name!r} is a file here" in done.stderr) == (2, True)
    done = cli("hook", "run", "--instruction", "x", "--", "a.txt", name, cwd=repo, env={"HOME": str(tmp_path)})
    assert (done.returncode, "no model is chosen" in done.stderr) == (0, True)


def test_a_skipped_hook_says_so_to_machines_too(repo: Path, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path / "home")}
    done = cli("hook", "run", "--instruction", "x", "--json", "a.txt", cwd=repo, env=env)
    assert json.loads(done.stdout) == {
        "status": "skipped",
        "exit_code": 0,
        "message": "no model is chosen",
        "hint": "Name one in agentos.toml ([model]), or by --provider in the hook's args.",
    }


def test_the_model_is_the_one_of_the_policy(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": '[model]\nprovider = "llamacpp"\nbase_url = "http://127.0.0.1:9"\n'})
    commit_all(repo)
    done = cli("hook", "run", "--task", "task.md", "a.txt", cwd=repo, env={"HOME": str(tmp_path / "home")})
    assert (done.returncode, "the model did not answer" in done.stderr) == (0, True)


def test_a_hook_is_patient_for_a_minute_or_as_long_as_the_task_says(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"slow.md": "+++\ntimeout_seconds = 7\n+++\nDo it.\n"})
    seconds = []
    for arguments in (["--instruction", "x"], ["--task", "slow.md"], ["--task", "slow.md", "--timeout", "9"]):
        done = cli("hook", "run", *arguments, "--answer", str(tmp_path / "a.md"), "--json", "a.txt", cwd=repo)
        tape = Path(json.loads(done.stdout)["evidence"], "audit/run_tape.jsonl").read_text(encoding="utf-8")
        loaded = next(event for line in tape.splitlines() if (event := json.loads(line))["event"] == "task_loaded")
        seconds.append(loaded["task"]["timeout_seconds"])
    assert seconds == [60, 7, 9]
