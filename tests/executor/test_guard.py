"""The fingerprint of a repository sees every door, and its cost does not grow with the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agentos_action.executor.guard import Fingerprint, fingerprint
from tests.git import git, make_repo


def take(repo: Path, *, full: bool = False) -> Fingerprint:
    return fingerprint(repo / ".git", repo / ".git", repo, ["a.txt"], full=full)


def branch(repo: Path) -> None:
    git(repo, "branch", "new")


def commit(repo: Path) -> None:
    git(repo, "commit", "-q", "--allow-empty", "-m", "x")


def switch(repo: Path) -> None:
    git(repo, "symbolic-ref", "HEAD", "refs/heads/other")


def pack(repo: Path) -> None:
    git(repo, "pack-refs", "--all")


def config(repo: Path) -> None:
    git(repo, "config", "core.hooksPath", "elsewhere")


def hook(repo: Path) -> None:
    Path(repo, ".git/hooks").mkdir(exist_ok=True)
    Path(repo, ".git/hooks/pre-push").write_text("#!/bin/sh\n")


def attributes(repo: Path) -> None:
    Path(repo, ".git/info").mkdir(exist_ok=True)
    Path(repo, ".git/info/attributes").write_text("* filter=x\n")


def stage(repo: Path) -> None:
    Path(repo, "b.txt").write_text("other\n")
    git(repo, "add", "b.txt")


def edit(repo: Path) -> None:
    Path(repo, "a.txt").write_text("other\n")


def replace_by_link(repo: Path) -> None:
    Path(repo, "a.txt").unlink()
    Path(repo, "a.txt").symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    ("deed", "area"),
    [
        (branch, "refs"),
        (commit, "refs"),
        (switch, "HEAD"),
        (pack, "refs"),
        (config, "config"),
        (hook, "hooks"),
        (attributes, "config"),
        (stage, "index"),
        (edit, "files"),
        (replace_by_link, "files"),
    ],
)
def test_every_door_is_seen(tmp_path: Path, deed: Callable[[Path], None], area: str) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})
    before = take(repo)
    deed(repo)
    assert area in {change.area for change in before.changes_to(take(repo))}


def test_nothing_done_is_nothing_seen(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    before = take(repo, full=True)
    git(repo, "log")
    assert before.changes_to(take(repo, full=True)) == ()


def test_only_the_full_fingerprint_sees_other_files(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})
    light, full = take(repo), take(repo, full=True)
    (repo / "b.txt").write_text("other\n")
    (repo / "new.txt").write_text("new\n")
    assert light.changes_to(take(repo)) == ()
    assert {change.path for change in full.changes_to(take(repo, full=True))} == {"b.txt", "new.txt"}


def test_the_light_fingerprint_does_not_grow_with_the_files(tmp_path: Path) -> None:
    small = make_repo(tmp_path / "small", {"a.txt": "one\n"})
    large = make_repo(tmp_path / "large", {"a.txt": "one\n", **{f"d/{n}.txt": "x\n" for n in range(300)}})
    assert len(take(small).entries) == len(take(large).entries)
