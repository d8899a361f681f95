"""agentos-check, agentos-run and agentos-audit under the real pre-commit, in one environment that it made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.doors.clone import DEPENDENCIES, Clone
from tests.git import git, git_run, init_repo, make_repo, write_files
from tests.runs import cli, diff_answer

pytestmark = pytest.mark.xdist_group("precommit")

CONFIG = """default_install_hook_types: [pre-commit, pre-push]
repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: agentos-check
        {dependencies}
      - id: agentos-run
        files: ^a\\.txt$
        args: [--task, task.md, --answer, {answer}]
      - id: agentos-audit
        {dependencies}
"""
HALF = "first\nb\nc\nd\ne\nf\ng\nh\ni\nj\nlast\n"


@pytest.fixture
def repo(tmp_path: Path, clone: Clone) -> Path:
    """Return a repository whose pre-commit configuration names the three hooks, installed, and its remote."""
    answer = tmp_path / "answer.md"
    answer.write_text(diff_answer("a.txt", "1", "one"), encoding="utf-8")
    config = CONFIG.format(repo=clone.repo, rev=clone.rev, answer=answer, dependencies=DEPENDENCIES)
    files = {"a.txt": "0\n", "b.txt": "x\n", "task.md": "Write the number as a word.\n"}
    made = make_repo(tmp_path, {**files, ".pre-commit-config.yaml": config})
    git(init_repo(tmp_path / "remote"), "config", "core.bare", "true")
    git(made, "remote", "add", "origin", str(tmp_path / "remote/.git"))
    done = clone.pre_commit(made, "install")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_a_task_is_left_in_the_work_tree_and_what_was_not_staged_comes_back(repo: Path, clone: Clone) -> None:
    write_files(repo, {"a.txt": "1\n", "b.txt": "not staged\n"})
    git(repo, "add", "a.txt")
    done = clone.commit(repo)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "files were modified by this hook" in done.stderr
    assert (repo / "a.txt").read_text(encoding="utf-8") == "one\n"
    assert (repo / "b.txt").read_text(encoding="utf-8") == "not staged\n"
    assert git(repo, "show", ":a.txt") == "1\n"
    assert git(repo, "rev-list", "--count", "HEAD") == "1\n"


def test_a_file_that_is_staged_in_part_keeps_the_rest(repo: Path, clone: Clone, tmp_path: Path) -> None:
    answer = HALF.replace("first", "1")
    diff = diff_answer("a.txt", "1", "one").replace("@@ -1 +1 @@", "@@ -1,2 +1,2 @@").replace("+one\n", "+one\n b\n")
    write_files(tmp_path, {"answer.md": diff})
    write_files(repo, {"a.txt": answer})
    git(repo, "add", "a.txt")
    write_files(repo, {"a.txt": answer.replace("last", "not staged")})
    done = clone.commit(repo)
    assert done.returncode == 1, done.stdout + done.stderr
    assert (repo / "a.txt").read_text(encoding="utf-8") == answer.replace("1", "one").replace("last", "not staged")
    assert git(repo, "show", ":a.txt") == answer


def test_a_wrong_policy_and_a_wrong_task_are_told_with_their_lines(repo: Path, clone: Clone) -> None:
    wrong = {"agentos.toml": "[limits]\nmax_files = 'many'\n", ".agentos/tasks/t.md": "+++\nodd = 1\n+++\nDo it.\n"}
    write_files(repo, wrong)
    git(repo, "add", "--all")
    # What is right in the work tree and not staged does not count.
    write_files(repo, {"agentos.toml": ""})
    done = clone.commit(repo)
    assert done.returncode == 1
    assert "agentos.toml:2: 'limits.max_files': Input should be a valid integer" in done.stderr
    assert ".agentos/tasks/t.md:2: 'odd': there is no such key" in done.stderr
    write_files(repo, {".agentos/tasks/t.md": "Do it.\n"})
    git(repo, "add", "--all")
    done = clone.commit(repo)
    assert done.returncode == 0, done.stderr


def test_a_push_hands_over_no_commit_of_an_agent_without_its_evidence(repo: Path, clone: Clone, tmp_path: Path) -> None:
    def run(branch: str, old: str, new: str) -> None:
        write_files(tmp_path, {"b.md": diff_answer("b.txt", old, new)})
        done = cli("run", "--instruction", "x", "--answer", str(tmp_path / "b.md"), "--branch", branch, cwd=repo)
        assert done.returncode == 0, done.stderr

    def push(branch: str) -> tuple[int, str]:
        argv = ["git", "push", "--quiet", "origin", branch]
        done = subprocess.run(
            argv, cwd=repo, env=clone.environment(), capture_output=True, encoding="utf-8", check=False
        )
        return done.returncode, done.stdout + done.stderr

    run("one", "x", "y")
    # With its root commit: pre-commit names no range.
    code, said = push("one")
    assert code == 0, said
    run("one", "y", "z")
    kept = tmp_path / "kept"
    shutil.move(repo / ".git/agentos/runs", kept)
    code, said = push("one")
    assert code == 1, said
    assert "1 agent-made commit in this push: 0 verified, 1 without evidence, 0 wrong" in said
    assert git(repo, "ls-remote", "origin", "one").split()[0] == git(repo, "rev-parse", "one~1").strip()
    shutil.move(kept, repo / ".git/agentos/runs")
    code, said = push("one")
    assert code == 0, said
    # What the remote has already is not this push's affair.
    shutil.rmtree(repo / ".git/agentos/runs")
    git(repo, "branch", "two", "one")
    git(repo, "fetch", "--quiet")
    assert git_run(repo, "push", "--quiet", "--no-verify", "origin", "main:two").returncode == 0
    code, said = push("two")
    assert code == 0, said
