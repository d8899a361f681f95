"""A tree as files: exactly what git would check out, nothing anywhere else, and all of it gone afterwards."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pygit2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.executor import temporary
from agentos_action.executor.export import MAX_DEPTH, exported, write_tree
from tests.executor.accepting import accept, change
from tests.executor.test_scratch import everything
from tests.git import git, head_of, make_repo
from tests.waiting import until_asleep

FILE, EXEC, LINK, GITLINK, TREE = 0o100644, 0o100755, 0o120000, 0o160000, 0o040000


def tree_of(repo: pygit2.Repository, *entries: tuple[int, bytes, bytes]) -> str:
    """Write a tree object with exactly these entries (mode, name, content or tree id), whatever git thinks of them."""
    raw = b""
    for mode, name, content in entries:
        oid = pygit2.Oid(hex=content.decode()) if mode in {TREE, GITLINK} else repo.create_blob(content)
        raw += b"%o %s\0%s" % (mode, name, oid.raw)
    return str(repo.write(pygit2.enums.ObjectType.TREE, raw))


@pytest.fixture
def repo(tmp_path: Path) -> pygit2.Repository:
    return pygit2.init_repository(str(tmp_path / "bare"), bare=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    """Return a repository that only gets objects, for all examples of a property."""
    return pygit2.init_repository(str(tmp_path_factory.mktemp("shared") / "bare"), bare=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "out" / "tree"
    made.mkdir(parents=True)
    return made


def test_bytes_modes_and_links_are_git_s_own(repo: pygit2.Repository, folder: Path) -> None:
    inner = tree_of(repo, (FILE, b"deep", b"crlf\r\n\0\xff"))
    target = b"/etc/passwd"
    tree = tree_of(
        repo,
        (FILE, b"A", b"upper"),
        (FILE, b"\xff\xfe", b"no utf-8"),
        (FILE, b"a", b""),
        (TREE, b"dir", inner.encode()),
        (EXEC, b"run", b"#!/bin/sh\n"),
        (GITLINK, b"sub", b"1" * 40),
        (LINK, b"z", target),
    )
    write_tree(repo, tree, folder)
    found = {os.fsencode(path.relative_to(folder)): path for path in folder.rglob("*")}
    assert sorted(found) == [b"A", b"a", b"dir", b"dir/deep", b"run", b"sub", b"z", b"\xff\xfe"]
    assert (folder / "dir/deep").read_bytes() == b"crlf\r\n\0\xff"
    assert (folder / "A").read_bytes() == b"upper"
    assert found[b"\xff\xfe"].read_bytes() == b"no utf-8"
    assert os.access(folder / "run", os.X_OK)
    assert not stat.S_IMODE((folder / "a").stat().st_mode) & 0o111
    assert list((folder / "sub").iterdir()) == []
    assert os.fsencode((folder / "z").readlink()) == target


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GIT", b"a/b", b"../x", b"/tmp/x"])
@pytest.mark.parametrize("mode", [FILE, LINK, TREE])
def test_a_hostile_name_is_refused(repo: pygit2.Repository, folder: Path, name: bytes, mode: int) -> None:
    content = tree_of(repo, (FILE, b"x", b"bad")).encode() if mode == TREE else b"bad"
    tree = tree_of(repo, (mode, name, content))
    with pytest.raises(UsageError, match="no work tree may hold this name"):
        write_tree(repo, tree, folder)
    assert list(folder.parent.rglob("*")) == [folder]


@pytest.mark.parametrize("mode", [FILE, TREE])
def test_nothing_is_written_through_a_link(repo: pygit2.Repository, folder: Path, mode: int) -> None:
    (folder.parent / "victim").mkdir()
    inside = tree_of(repo, (FILE, b"x", b"bad")).encode() if mode == TREE else b"bad"
    tree = tree_of(repo, (LINK, b"a", b"../victim"), (mode, b"a", inside))
    with pytest.raises(UsageError, match="'a' cannot be exported"):
        write_tree(repo, tree, folder)
    assert list((folder.parent / "victim").iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "name", "content"), [(LINK, b"l", b"a\0b"), (LINK, b"l", b""), (FILE, b"n" * 300, b"")]
)
def test_what_the_system_cannot_hold_is_refused(
    repo: pygit2.Repository, folder: Path, mode: int, name: bytes, content: bytes
) -> None:
    with pytest.raises(UsageError, match="cannot be exported"):
        write_tree(repo, tree_of(repo, (mode, name, content)), folder)


def test_too_deep_a_tree_is_refused(repo: pygit2.Repository, folder: Path) -> None:
    tree = tree_of(repo, (FILE, b"f", b"x"))
    for _ in range(MAX_DEPTH):
        tree = tree_of(repo, (TREE, b"d", tree.encode()))
    write_tree(repo, tree, folder)
    (folder.parent / "other").mkdir()
    with pytest.raises(UsageError, match="nested deeper"):
        write_tree(repo, tree_of(repo, (TREE, b"d", tree.encode())), folder.parent / "other")
    temporary.remove(folder)


@given(st.lists(st.tuples(st.sampled_from([FILE, EXEC, LINK]), st.binary(min_size=1, max_size=6)), max_size=6))
@settings(max_examples=40)
def test_any_names_stay_inside(shared: pygit2.Repository, entries: list[tuple[int, bytes]]) -> None:
    """Whatever the names are, files appear in the folder or nowhere."""
    with temporary.folder("test") as top:
        (top / "out" / "tree").mkdir(parents=True)
        rows = [(mode, name.replace(b"\0", b"/"), b"content") for mode, name in entries]
        try:
            write_tree(shared, tree_of(shared, *rows), top / "out" / "tree")
        except UsageError:
            pass
        else:
            found = [os.fsencode(path.name) for path in (top / "out" / "tree").iterdir()]
            assert sorted(found) == sorted(name for _, name, _ in rows)
        assert [path.name for path in (top / "out").iterdir()] == ["tree"]


def test_a_missing_blob_is_named(repo: pygit2.Repository, folder: Path) -> None:
    raw = b"100644 here.txt\0" + bytes(20)
    tree = str(repo.write(pygit2.enums.ObjectType.TREE, raw))
    with pytest.raises(UsageError, match=r"'here\.txt': its content is not in this repository"):
        write_tree(repo, tree, folder)


def test_the_candidate_is_exported_and_removed(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n", "dir/b.txt": "two\n"})
    accepted = accept(head_of(repo), change("a.txt", b"one\n", b"ONE\n"))
    before = everything(repo)
    with exported(repo, accepted) as made:
        assert (made.folder / "a.txt").read_bytes() == b"ONE\n"
        assert (made.folder / "dir/b.txt").read_bytes() == b"two\n"
        assert list(made.home.iterdir()) == []
        top = made.folder.parent
        assert stat.S_IMODE(top.stat().st_mode) == 0o700
    assert not top.exists()
    assert everything(repo) == before


def test_a_partial_clone_without_the_blobs_is_a_clear_error(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n", "b.txt": "two\n"})
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo}", "partial")
    accepted = accept(head_of(repo), change("a.txt", b"one\n", b"ONE\n"))
    export = exported(tmp_path / "partial", accepted)
    with pytest.raises(UsageError, match=r"'b\.txt': its content is not in this repository") as caught, export:
        pass
    assert "partial clone" in caught.value.hint


def test_whatever_a_check_made_is_removed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("kept")
    with temporary.folder("test") as top:
        # Deeper than a path can say and than a recursion may go; read-only; full of links.
        deep = "d" * 200
        at = os.open(top, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir(deep, dir_fd=at)
            inner = os.open(deep, os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = inner
        os.close(at)
        (top / "locked" / "inner").mkdir(parents=True)
        (top / "locked" / "inner" / "file").write_text("x")
        (top / "locked" / "link").symlink_to(tmp_path / "kept")
        (top / "link").symlink_to(tmp_path / "kept")
        os.mkfifo(top / "locked" / "pipe")
        (top / "locked" / "inner").chmod(0)
        (top / "locked").chmod(0o500)
    assert not top.exists()
    assert (tmp_path / "kept" / "file").read_text() == "kept"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_removed_after_ctrl_c(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "import time; from agentos_action import interrupts; from agentos_action.executor import temporary\n"
        "interrupts.raise_on_signals()\n"
        "with temporary.folder('test') as top:\n"
        "    (top / 'ready').write_text(''); time.sleep(200)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL) as ours:
        limit = time.monotonic() + 120
        while not list(tmp_path.glob("*/ready")) and time.monotonic() < limit:
            time.sleep(0.02)
        assert list(tmp_path.glob("*/ready"))
        until_asleep(ours.pid)
        ours.send_signal(number)
        ours.wait(60)
    assert list(tmp_path.iterdir()) == []


def test_our_own_part_of_writing_a_file_is_small(repo: pygit2.Repository, folder: Path) -> None:
    inner = tree_of(repo, *((FILE, b"f%02d" % number, b"%d\n" % number) for number in range(100)))
    tree = tree_of(repo, *((TREE, b"d%02d" % number, inner.encode()) for number in range(20)))
    # What the system takes to make a file depends on its disk and on who else uses it.
    began = os.times().user
    write_tree(repo, tree, folder)
    took = os.times().user - began
    assert sum(1 for path in folder.rglob("f*")) == 2_000
    assert took < 1, took
