"""A plain folder as a base: read when asked, without following a link and without leaving it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from agentos_action.errors import UsageError
from agentos_action.records.base import MODE_TREE, NO_COMMIT, is_of_bytes, is_utf8
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_LINK, FileVersion

T = TypeVar("T")

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
#: A named pipe would make its reader wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO})


class FolderBase:
    """The files of a folder with the modes that git would give them; `.git` is as absent.

    Every folder on the way is opened from the one above it, so that no link leads out, however late it is put there.
    Raises UsageError for what is there and may not be read.
    """

    def __init__(self, root: Path) -> None:
        self.id = NO_COMMIT
        self._root = root

    def mode(self, path: str) -> int | None:
        """Return the git mode at `path` (also of folders), None where there is nothing or a link is on the way."""
        found = self._at(_parts(path), _stat)
        return _git_mode(found) if found is not None else None

    def read(self, path: str) -> FileVersion | None:
        """Return the file or link at `path`; None for folders, devices and what is not there."""
        return self._at(_parts(path), _read)

    def size(self, path: str) -> int:
        """Return the size in bytes of the file at `path`, 0 where there is none."""
        found = self._at(_parts(path), _stat)
        return found.st_size if found is not None and _git_mode(found) not in {None, MODE_TREE} else 0

    def paths(self) -> Iterator[str]:
        """Yield the path of every regular file, in git's order; names that are not UTF-8 are passed over."""
        folders = [""]
        while folders:
            prefix = folders.pop()
            below = []
            for name in self.siblings(prefix.removesuffix("/")):
                mode = self.mode(prefix + name) if is_utf8(name) else None
                if mode == MODE_TREE:
                    below.append(f"{prefix}{name}/")
                elif mode in {MODE_FILE, MODE_EXEC}:
                    yield prefix + name
            folders.extend(reversed(below))

    def siblings(self, folder: str) -> tuple[str, ...]:
        """Return the names of everything directly in `folder` (`""` is the root)."""
        parts = _parts(folder) if folder else ()
        names = self._at((*parts, ""), _names) if parts is not None else None
        return names or ()

    def _at(self, parts: tuple[str, ...] | None, look: Callable[[int, str], T]) -> T | None:
        """Return what `look` finds, given the open folder and the name in it; None where the way is no folder."""
        if parts is None:
            return None
        try:
            folder = os.open(self._root, _FOLDER)
            try:
                for part in parts[:-1]:
                    inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                    os.close(folder)
                    folder = inner
                return look(folder, parts[-1])
            finally:
                os.close(folder)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise UsageError(f"{'/'.join((str(self._root), *parts))}: {error.strerror}", "Make it readable.") from error


def _parts(path: str) -> tuple[str, ...] | None:
    """Return the parts of a clean relative path, None for one that no tree of git's could hold."""
    parts = path.split("/")
    if "\0" in path or not is_of_bytes(path) or any(part in {"", ".", ".."} or _hidden(part) for part in parts):
        return None
    return tuple(parts)


def _hidden(part: str) -> bool:
    return part.casefold() == ".git"


def _stat(folder: int, name: str) -> os.stat_result:
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _read(folder: int, name: str) -> FileVersion | None:
    mode = _git_mode(_stat(folder, name))
    if mode == MODE_LINK:
        return FileVersion(os.fsencode(os.readlink(name, dir_fd=folder)), mode)
    if mode not in {MODE_FILE, MODE_EXEC}:
        return None
    with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
        # What is open may be another than was looked at.
        opened = _git_mode(os.fstat(file.fileno()))
        return FileVersion(file.read(), opened) if opened in {MODE_FILE, MODE_EXEC} else None


def _names(folder: int, _name: str) -> tuple[str, ...]:
    return tuple(sorted((name for name in os.listdir(folder) if not _hidden(name)), key=os.fsencode))


def _git_mode(found: os.stat_result) -> int | None:
    """Return the mode git would record, None for what it records nothing of (pipes, sockets, devices)."""
    if stat.S_ISDIR(found.st_mode):
        return MODE_TREE
    if stat.S_ISLNK(found.st_mode):
        return MODE_LINK
    if not stat.S_ISREG(found.st_mode):
        return None
    return MODE_EXEC if found.st_mode & stat.S_IXUSR else MODE_FILE
