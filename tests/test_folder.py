"""A folder as a base: what is read, what is as absent, and that no link leads out."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.folder import FolderBase
from agentos_action.records.base import MODE_TREE, blocked_by
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_LINK, FileVersion
from agentos_action.repo import RepoView
from tests.git import git, make_repo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with files of every kind, beside a file that is not its own."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.txt").write_text("secret\n")
    root = tmp_path / "root"
    (root / "sub/deep").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"one\r\n\xff")
    (root / "sub/run.sh").write_text("#!/bin/sh\n")
    (root / "sub/run.sh").chmod(0o755)
    (root / "sub/deep/z.txt").write_text("z\n")
    (root / "link.txt").symlink_to("../outside/secret.txt")
    (root / "out").symlink_to("../outside")
    (root / "dangling").symlink_to("nowhere")
    (root / ".git/hooks").mkdir(parents=True)
    (root / ".git/config").write_text("[core]\n")
    os.mkfifo(root / "pipe")
    return root


def test_files_are_read_with_git_s_modes(folder: Path) -> None:
    base = FolderBase(folder)
    assert base.read("a.txt") == FileVersion(b"one\r\n\xff", MODE_FILE)
    assert base.read("sub/run.sh") == FileVersion(b"#!/bin/sh\n", MODE_EXEC)
    assert [base.mode(path) for path in ("a.txt", "sub/run.sh", "sub", "sub/deep")] == [
        MODE_FILE,
        MODE_EXEC,
        MODE_TREE,
        MODE_TREE,
    ]
    assert (base.size("a.txt"), base.size("sub"), base.size("none")) == (6, 0, 0)
    assert base.read("sub") is None
    assert list(base.paths()) == ["a.txt", "sub/run.sh", "sub/deep/z.txt"]
    assert base.siblings("sub") == ("deep", "run.sh")
    assert base.siblings("sub/none") == base.siblings("a.txt") == ()
    assert base.id == "0" * 40


def test_a_link_is_a_link_and_leads_nowhere(folder: Path) -> None:
    base = FolderBase(folder)
    assert base.read("link.txt") == FileVersion(b"../outside/secret.txt", MODE_LINK)
    assert base.mode("dangling") == base.mode("out") == MODE_LINK
    assert base.mode("out/secret.txt") is None
    assert base.read("out/secret.txt") is None
    assert base.siblings("out") == ()
    assert blocked_by(base, "out/secret.txt") == ("out", MODE_LINK)
    assert blocked_by(base, "a.txt/x/y") == ("a.txt", MODE_FILE)
    assert blocked_by(base, "sub/deep/z.txt") is None
    assert blocked_by(base, "none/" * 100_000 + "x") is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../outside/secret.txt",
        "sub/../a.txt",
        "/etc/passwd",
        "sub//run.sh",
        "sub/",
        ".git",
        ".git/config",
        ".GIT/config",
        "a.txt\0",
        "\ud800",
        "odd\udcff.txt",
        "x" * 300,
        "x/" * 3_000,
        "a.txt/x",
        "pipe",
    ],
)
def test_what_no_tree_could_hold_is_not_there(folder: Path, path: str) -> None:
    base = FolderBase(folder)
    assert base.mode(path) is None
    assert base.read(path) is None
    assert base.size(path) == 0


@given(st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(["..", "/", "./a", "a/.."]))
def test_any_name_may_be_asked_for(name: str) -> None:
    base = FolderBase(Path(__file__).parent / "cases/placement")
    assert base.mode(name) in {None, MODE_TREE}
    assert base.read(name) is None


def test_a_socket_is_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as open_socket:
        open_socket.bind("s")
        assert FolderBase(Path()).read("s") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_what_may_not_be_read_is_told_and_not_taken_for_absent(folder: Path) -> None:
    (folder / "a.txt").chmod(0)
    with pytest.raises(UsageError, match=r"a\.txt: Permission denied"):
        FolderBase(folder).read("a.txt")


def test_a_work_tree_reads_as_its_commit_does(tmp_path: Path) -> None:
    files = {"b.txt": "b\n", "a/x.txt": "x\n", "a.b/y.txt": "y\n", "a-b.txt": "z\n", "a/b/c.txt": "c\n"}
    repo = make_repo(tmp_path / "repo", files)
    (repo / "l").symlink_to("b.txt")
    (repo / "b.txt").chmod(0o755)
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "x")
    view = RepoView.open(repo)
    tree, plain = view.snapshot(view.commit_of("HEAD")), FolderBase(repo)
    assert sorted(plain.paths()) == sorted(tree.paths())
    for path in [*files, "l", "a", "a/b", "none", "l/x", "b.txt/x"]:
        assert (plain.mode(path), plain.read(path)) == (tree.mode(path), tree.read(path)), path
    assert set(plain.siblings("a")) == set(tree.siblings("a"))
