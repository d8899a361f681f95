"""Base: the files that a run starts from, as rooms may read them (a commit's tree, or the index in a hook)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from agentos_action.records.patch import FileVersion


class Base(Protocol):
    """Files by path, with git modes; never the work tree."""

    @property
    def id(self) -> str:
        """The commit these files stand on (40 or 64 hex digits)."""

    def mode(self, path: str) -> int | None:
        """Return the git mode at `path` (also of folders and submodules), None where there is nothing."""

    def read(self, path: str) -> FileVersion | None:
        """Return the file or link at `path`; None for folders, submodules and what is not there."""

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`, 0 where there is none."""

    def paths(self) -> Iterator[str]:
        """Yield the path of every regular file, in git's order."""

    def siblings(self, folder: str) -> tuple[str, ...]:
        """Return the names of everything directly in `folder` (`""` is the root)."""


MODE_TREE = 0o040000

#: Stands for the commit of files that have none: a plain folder, texts that were handed over.
NO_COMMIT = "0" * 40


def is_of_bytes(name: str) -> bool:
    """Return whether a name is one of bytes: surrogates may only stand for bytes that are not UTF-8."""
    return not any("\ud800" <= char <= "\udc7f" or "\udd00" <= char <= "\udfff" for char in name)


def is_utf8(name: str) -> bool:
    """Return whether a name's bytes are UTF-8; those that are not come as surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def blocked_by(base: Base, path: str) -> tuple[str, int] | None:
    """Return the first parent of `path` that is a link, submodule or file, with its mode; None if the way is free."""
    parts = path.split("/")
    for depth in range(1, len(parts)):
        parent = "/".join(parts[:depth])
        mode = base.mode(parent)
        if mode is None:
            # Nothing stands here, so nothing stands below: a name of many parts costs no more than what is there.
            return None
        if mode != MODE_TREE:
            return parent, mode
    return None
