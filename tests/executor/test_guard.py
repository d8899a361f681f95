"""The fingerprint of a repository sees every door, and its cost does not grow with the files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agentos_action.errors import EvidenceError
from agentos_action.executor.guard import Fingerprint, contents, fingerprint, put_back
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


def alternates(repo: Path) -> None:
    Path(repo, ".git/objects/info/alternates").write_text("/elsewhere/objects\n")


def loose_object(repo: Path) -> None:
    git(repo, "hash-object", "-w", "--stdin", stdin=b"new")


def reflog(repo: Path) -> None:
    Path(repo, ".git/logs/HEAD").write_text("")


def other_worktree(repo: Path) -> None:
    Path(repo, ".git/worktrees/other").mkdir(parents=True)
    Path(repo, ".git/worktrees/other/HEAD").write_text("ref: refs/heads/x\n")


def journal(repo: Path) -> None:
    Path(repo, ".git/agentos").mkdir(exist_ok=True)
    Path(repo, ".git/agentos/journal.json").write_text("{}")


def lock_file(repo: Path) -> None:
    Path(repo, "poetry.lock").write_text("x")


def link_to_a_folder(repo: Path) -> None:
    Path(repo, "link").symlink_to("/etc")


def empty_folder(repo: Path) -> None:
    Path(repo, "made").mkdir()


def executable(repo: Path) -> None:
    Path(repo, "b.txt").chmod(0o755)


def odd_name(repo: Path) -> None:
    Path(repo, os.fsdecode(b"caf\xe9")).touch()


def named_executable(repo: Path) -> None:
    Path(repo, "a.txt").chmod(0o755)


def repository_inside(repo: Path) -> None:
    git(repo, "init", "-q", "inside")


def pipe(repo: Path) -> None:
    os.mkfifo(repo / "pipe")


@pytest.mark.parametrize(
    ("deed", "area"),
    [
        (alternates, "config"),
        (loose_object, "config"),
        (reflog, "refs"),
        (other_worktree, "HEAD"),
        (journal, "config"),
        (lock_file, "files"),
        (link_to_a_folder, "files"),
        (empty_folder, "files"),
        (executable, "files"),
        (named_executable, "files"),
        (odd_name, "files"),
        (repository_inside, "files"),
        (pipe, "files"),
    ],
)
def test_the_full_fingerprint_sees_every_corner(tmp_path: Path, deed: Callable[[Path], None], area: str) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})
    before = take(repo, full=True)
    deed(repo)
    later = take(repo, full=True)
    assert area in {change.area for change in before.changes_to(later)}
    assert later.changes_to(take(repo, full=True)) == ()


def test_a_linked_work_tree_is_seen_with_the_repository_it_belongs_to(tmp_path: Path) -> None:
    main = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))

    def both() -> Fingerprint:
        return fingerprint(main / ".git/worktrees/linked", main / ".git", tmp_path / "linked", [], full=True)

    before = both()
    git(main, "symbolic-ref", "HEAD", "refs/heads/other")
    (tmp_path / "linked/.git").write_text("gitdir: /elsewhere\n")
    assert {(change.area, change.path) for change in before.changes_to(both())} >= {
        ("HEAD", "common/HEAD"),
        ("config", "work tree's .git"),
    }


def test_a_large_file_is_known_by_its_times(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    with (repo / "large").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    before = take(repo, full=True)
    with (repo / "large").open("r+b") as file:
        file.write(b"x")
    assert [change.path for change in before.changes_to(take(repo, full=True))] == ["large"]


def test_the_evidence_of_the_run_itself_is_no_change(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    ours = repo / "outputs/run"
    ours.mkdir(parents=True)
    before = fingerprint(repo / ".git", repo / ".git", repo, [], full=True, ours=ours)
    (ours / "tape").write_text("x")
    assert before.changes_to(fingerprint(repo / ".git", repo / ".git", repo, [], full=True, ours=ours)) == ()
    (repo / "outputs/other").write_text("x")
    assert before.changes_to(fingerprint(repo / ".git", repo / ".git", repo, [], full=True, ours=ours)) != ()


def test_bytes_that_were_written_and_restored_are_seen(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    file = repo / "a.txt"
    before, times = take(repo, full=True), file.stat()
    file.write_text("other\n")
    file.write_text("one\n")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert [change.path for change in before.changes_to(take(repo, full=True))] == ["a.txt"]


def test_a_second_name_is_seen_and_a_third_of_a_package_s_file_is_not(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", "installed": "x\n"})
    os.link(repo / "installed", tmp_path / "store")
    before = take(repo, full=True)
    os.link(repo / "installed", tmp_path / "another project")
    assert before.changes_to(take(repo, full=True)) == ()
    os.link(repo / "a.txt", tmp_path / "for later")
    assert [change.path for change in before.changes_to(take(repo, full=True))] == ["a.txt"]


def _alter(ours: Path) -> None:
    (ours / "audit/tape").write_text("forged")


def _add(ours: Path) -> None:
    (ours / "more").mkdir()
    os.mkfifo(ours / "more/pipe")


def _move(ours: Path) -> None:
    ours.rename(ours.with_name("elsewhere"))
    ours.symlink_to("elsewhere")


@pytest.mark.parametrize("deed", [_alter, _add, _move, shutil.rmtree])
def test_evidence_that_was_altered_is_told_and_put_back(tmp_path: Path, deed: Callable[[Path], None]) -> None:
    ours = tmp_path / "run"
    (ours / "audit").mkdir(parents=True)
    (ours / "patch").mkdir()
    (ours / "audit/tape").write_text("one\n")
    held = contents(ours)
    assert put_back(ours, held) == ()
    deed(ours)
    assert {change.area for change in put_back(ours, held)} == {"files"}
    assert not ours.is_symlink()
    assert contents(ours) == held == {".": None, "audit": None, "audit/tape": b"one\n", "patch": None}


def test_evidence_that_cannot_be_put_back_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(EvidenceError, match="cannot be put back"):
        put_back(tmp_path / "file/run", {".": None})
