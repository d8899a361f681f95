"""The hooks under the real pre-commit: its own clone, its own environment, its stash, in real repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.sidecar.models import Model
from tests.doors.clone import DEPENDENCIES, Clone
from tests.git import commit_all, git, git_run, make_repo, write_files

pytestmark = pytest.mark.xdist_group("precommit")

WORKFLOW = ".github/workflows/x.yml"
PYTHON = "def inches_to_centimeters(inches: float) -> float:\n    return inches * 2.54\n"
CONFIG = """repos:
  - repo: {repo}
    rev: {rev}
    hooks:
      - id: agentos-verify
        {dependencies}
      - id: agentos-docstrings
        args: [--threads=1]
"""


@pytest.fixture
def repo(tmp_path: Path, clone: Clone) -> Path:
    """Return a repository whose pre-commit configuration names both hooks, installed."""
    config = CONFIG.format(repo=clone.repo, rev=clone.rev, dependencies=DEPENDENCIES)
    made = make_repo(tmp_path, {"notes.txt": "one\n", "sizes.py": "", ".pre-commit-config.yaml": config})
    done = clone.pre_commit(made, "install")
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def test_try_repo_refuses_a_staged_workflow(tmp_path: Path, clone: Clone) -> None:
    repo = make_repo(tmp_path, {"notes.txt": "one\n"})
    write_files(repo, {WORKFLOW: "on: push\n"})
    git(repo, "add", "--all")
    done = clone.pre_commit(repo, "try-repo", str(clone.repo), "agentos-verify", "--verbose")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[protected.place]" in done.stdout
    assert WORKFLOW in done.stdout


def test_a_harmless_change_passes_and_a_workflow_does_not(repo: Path, clone: Clone) -> None:
    write_files(repo, {"notes.txt": "two\n"})
    done = clone.commit(repo, "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "agentos verify" in done.stderr
    write_files(repo, {WORKFLOW: "on: push\n"})
    git(repo, "add", "--all")
    done = clone.commit(repo)
    assert done.returncode == 1
    assert f"error [protected.place] {WORKFLOW}" in done.stderr
    assert "[protected.place]" in done.stderr
    assert git(repo, "rev-list", "--count", "HEAD") == "2\n"


def test_that_no_model_answered_is_seen_in_a_hook_that_passes(
    repo: Path, clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_files(repo, {"sizes.py": PYTHON})
    done = clone.commit(repo, "--all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped, because no model is installed here" in done.stderr


def test_commit_all_is_judged_too(repo: Path, clone: Clone) -> None:
    write_files(repo, {WORKFLOW: "on: push\n"})
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--no-verify", "--message", "a workflow")
    write_files(repo, {WORKFLOW: "on: [push]\n"})
    done = clone.commit(repo, "--all")
    assert done.returncode == 1
    assert "[protected.place]" in done.stderr


def test_a_merge_is_judged_by_what_the_person_made_of_it(repo: Path, clone: Clone) -> None:
    git(repo, "checkout", "--quiet", "-b", "theirs")
    write_files(repo, {"notes.txt": "theirs\n", WORKFLOW: "on: push\n"})
    commit_all(repo)
    git(repo, "checkout", "--quiet", "main")
    write_files(repo, {"notes.txt": "ours\n"})
    commit_all(repo)
    assert git_run(repo, "merge", "theirs").returncode == 1
    write_files(repo, {"notes.txt": "both\n", WORKFLOW: "on: [push]\n"})
    git(repo, "add", "--all")
    done = clone.commit(repo)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"error [protected.place] {WORKFLOW}" in done.stderr
    git(repo, "checkout", "theirs", "--", WORKFLOW)
    done = clone.commit(repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(git(repo, "log", "-1", "--format=%P").split()) == 2


@pytest.mark.model
def test_docstrings_are_left_in_the_work_tree_and_pass_once_staged(
    repo: Path, clone: Clone, embedded_model: Model
) -> None:
    assert embedded_model.name == "smollm2-135m"
    write_files(repo, {"sizes.py": PYTHON})
    git(repo, "add", "sizes.py")
    # Not staged: pre-commit takes it out of the way while the hooks run, and brings it back.
    write_files(repo, {"notes.txt": "unstaged\n"})
    done = clone.commit(repo)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "files were modified by this hook" in done.stderr, done.stderr
    text = (repo / "sizes.py").read_text(encoding="utf-8")
    assert '    """' in text.splitlines()[1]
    assert text.splitlines()[0] + "\n" + text.splitlines()[2] + "\n" == PYTHON
    assert git(repo, "show", ":sizes.py") == PYTHON
    assert git(repo, "rev-list", "--count", "HEAD") == "1\n"
    assert (repo / "notes.txt").read_text(encoding="utf-8") == "unstaged\n"
    git(repo, "add", "sizes.py")
    done = clone.commit(repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(repo, "show", "HEAD:sizes.py") == text
    assert git_run(repo, "diff", "--quiet").returncode == 1
