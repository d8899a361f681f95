"""A tree as a folder of files, byte for byte, for commands to work on and to be thrown away."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pygit2

from agentos_action.errors import UsageError
from agentos_action.executor import temporary
from agentos_action.executor.scratch import candidate, scratch
from agentos_action.records.base import MODE_TREE
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_GITLINK, MODE_LINK
from agentos_action.records.verdict import Accepted

T = TypeVar("T", pygit2.Tree, pygit2.Blob)

#: Every level holds a folder open, and a process may hold 256 files open on macOS.
MAX_DEPTH = 200

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: Old versions of git wrote this mode; it means a plain file.
_MODE_GROUP_WRITABLE = 0o100664


@dataclass(frozen=True, slots=True)
class Candidate:
    """The id of the tree that a patch would make, its files in `folder`, and an empty `home` for what checks need."""

    tree: str
    folder: Path
    home: Path


@contextmanager
def exported(place: Path, accepted: Accepted) -> Iterator[Candidate]:
    """Export what the accepted diff makes of its base; the repository at `place` is only read.

    All of it is removed at the end of the block, also what a check has made read-only, also after Ctrl-C. Raises
    UsageError where an object is missing or the disk cannot be written.
    """
    with temporary.folder("checks") as top:
        folder, home = top / "tree", top / "home"
        try:
            folder.mkdir()
            home.mkdir()
            with scratch(pygit2.Repository(str(place))) as repo:
                tree = candidate(accepted, repo)
                write_tree(repo, tree, folder)
        except (pygit2.GitError, OSError) as error:
            hint = "Check free space of the folder for temporary files (TMPDIR)."
            raise UsageError(f"the candidate cannot be exported: {error}", hint) from error
        yield Candidate(tree, folder, home)


def write_tree(repo: pygit2.Repository, tree_id: str, folder: Path) -> None:
    """Write every file of a tree below an empty folder: bytes, executable bits, links as links.

    A submodule is an empty folder. Every name is made new in its open folder, so no link is ever followed and nothing
    outside is reached. Raises UsageError for a name that no work tree may hold and for an object that is missing.
    """
    top = os.open(folder, _FOLDER)
    try:
        _write(repo, _object(repo, tree_id, b"", pygit2.Tree), top, b"", 0)
    finally:
        os.close(top)


def _write(repo: pygit2.Repository, tree: pygit2.Tree, folder: int, prefix: bytes, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _refused(prefix, f"folders are nested deeper than {MAX_DEPTH}")
    for entry in tree:
        name = entry.raw_name or b""
        path = prefix + name
        if name in {b"", b".", b".."} or b"/" in name or b"\0" in name or name.lower() == b".git":
            raise _refused(path, "no work tree may hold this name")
        try:
            _entry(repo, entry, folder, path, depth)
        except (OSError, ValueError) as error:
            # Two entries of one name, a name or a link's target that the system does not take, or a full disk.
            raise _refused(path, getattr(error, "strerror", None) or str(error)) from error


def _entry(repo: pygit2.Repository, entry: pygit2.Object, folder: int, path: bytes, depth: int) -> None:
    name = path.rpartition(b"/")[2]
    mode = int(entry.filemode)
    if mode == MODE_GITLINK:
        os.mkdir(name, dir_fd=folder)
    elif mode == MODE_TREE:
        os.mkdir(name, dir_fd=folder)
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            _write(repo, _object(repo, entry.id, path, pygit2.Tree), inner, path + b"/", depth + 1)
        finally:
            os.close(inner)
    elif mode == MODE_LINK:
        os.symlink(_object(repo, entry.id, path, pygit2.Blob).data, name, dir_fd=folder)
    elif mode in {MODE_FILE, MODE_EXEC, _MODE_GROUP_WRITABLE}:
        blob = _object(repo, entry.id, path, pygit2.Blob)
        made = os.open(name, _NEW, 0o777 if mode == MODE_EXEC else 0o666, dir_fd=folder)
        with os.fdopen(made, "wb") as file:
            file.write(blob.data)
    else:
        raise _refused(path, f"git has no mode {mode:o}")


def _object(repo: pygit2.Repository, oid: pygit2.Oid | str, path: bytes, kind: type[T]) -> T:
    found = repo.get(oid)
    if not isinstance(found, kind):
        hint = "Fetch it first: this is a shallow or partial clone."
        raise UsageError(f"{_shown(path)}: its content is not in this repository", hint)
    return found


def _refused(path: bytes, why: str) -> UsageError:
    return UsageError(
        f"{_shown(path)} cannot be exported for the checks: {why}", "Nothing was run and nothing written."
    )


def _shown(path: bytes) -> str:
    return repr(path.decode("utf-8", "backslashreplace")) if path else "the tree"
