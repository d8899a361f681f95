"""Real `git commit`s through a real hook: what is judged is what this commit would take, wherever git staged it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.git import git, git_environment, git_run, init_repo, make_repo, write_files
from tests.runs import cli

WORKFLOW = ".github/workflows/x.yml"
FILES = {"notes.txt": "one\n", WORKFLOW: "on: push\n"}


def hook(repo: Path) -> None:
    """Make `agentos verify --staged` the repository's pre-commit hook."""
    file = Path(git(repo, "rev-parse", "--path-format=absolute", "--git-common-dir").strip(), "hooks", "pre-commit")
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -m agentos_action verify --staged\n")
    file.chmod(0o755)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return a repository with a note, a workflow and the hook."""
    made = make_repo(tmp_path, FILES)
    hook(made)
    return made


def commit(repo: Path, *args: str) -> subprocess.CompletedProcess[bytes]:
    """Commit, hook and all."""
    return git_run(repo, "commit", "--quiet", "--message", "change", *args)


def assert_refused(repo: Path, done: subprocess.CompletedProcess[bytes]) -> None:
    """Assert that the hook named the workflow and nothing was committed."""
    assert done.returncode == 1
    assert b"[protected.place]" in done.stderr
    assert WORKFLOW.encode() in done.stderr
    assert git(repo, "rev-list", "--count", "HEAD") == "1\n"


def test_what_is_staged_is_judged_and_what_is_not_is_not(repo: Path) -> None:
    write_files(repo, {"notes.txt": "two\n", WORKFLOW: "on: [push]\n"})
    git(repo, "add", "notes.txt")
    assert commit(repo).returncode == 0


def test_commit_all_is_judged_with_what_it_takes_along(repo: Path) -> None:
    write_files(repo, {WORKFLOW: "on: [push]\n"})
    assert_refused(repo, commit(repo, "--all"))


def test_commit_of_one_file_is_judged_by_that_file(repo: Path) -> None:
    write_files(repo, {"notes.txt": "two\n", WORKFLOW: "on: [push]\n"})
    git(repo, "add", "notes.txt")
    assert_refused(repo, commit(repo, WORKFLOW))


def test_commit_of_one_file_is_not_judged_by_what_else_is_staged(repo: Path) -> None:
    write_files(repo, {"notes.txt": "two\n", WORKFLOW: "on: [push]\n"})
    git(repo, "add", WORKFLOW)
    done = commit(repo, "notes.txt")
    assert done.returncode == 0, done.stderr
    assert git(repo, "diff", "--cached", "--name-only") == f"{WORKFLOW}\n"


def test_a_linked_worktree_has_an_index_of_its_own(repo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(repo, "worktree", "add", "--quiet", "-b", "side", str(other))
    write_files(other, {WORKFLOW: "on: [push]\n"})
    assert_refused(other, commit(other, "--all"))
    write_files(other, {WORKFLOW: "on: push\n", "notes.txt": "two\n"})
    assert commit(other, "--all").returncode == 0


def test_a_repository_apart_from_its_work_tree_is_the_one_that_is_judged(repo: Path, tmp_path: Path) -> None:
    # As people keep the files of their home: git tells the hook by GIT_DIR alone, and here lies another repository.
    apart, home = tmp_path / "apart.git", make_repo(tmp_path / "home", {"other.txt": "x\n"})
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(apart))
    hook(apart)
    here = (f"--git-dir={apart}", f"--work-tree={home}")
    git(home, *here, "reset", "--quiet", "--hard")
    write_files(home, {WORKFLOW: "on: [push]\n"})
    done = git_run(home, *here, "commit", "--quiet", "--all", "--message", "change")
    assert_refused(apart, done)
    write_files(home, {WORKFLOW: "on: push\n", "notes.txt": "two\n"})
    done = git_run(home, *here, "commit", "--quiet", "--all", "--message", "change")
    assert done.returncode == 0, done.stderr


def test_where_nothing_is_staged_nothing_is_called_accepted(repo: Path) -> None:
    done = cli("verify", "--staged", cwd=repo)
    assert (done.returncode, done.stderr) == (0, "agentos verify: nothing to judge is staged (policy built-in)\n")


def test_a_file_that_goes_away_is_judged(repo: Path) -> None:
    (repo / WORKFLOW).unlink()
    assert_refused(repo, commit(repo, "--all"))


def test_the_first_commit_has_nothing_to_be_judged_by(tmp_path: Path) -> None:
    made = init_repo(tmp_path / "new")
    hook(made)
    write_files(made, FILES)
    git(made, "add", "--all")
    done = commit(made)
    assert done.returncode == 0, done.stderr
    assert b"first commit" in done.stderr


def test_an_index_that_is_not_there_is_an_error_and_no_acceptance(repo: Path) -> None:
    environment = {**git_environment(), "GIT_INDEX_FILE": ".git/no-such-index"}
    done = subprocess.run(
        [sys.executable, "-m", "agentos_action", "verify", "--staged"],
        cwd=repo,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"GIT_INDEX_FILE" in done.stderr
