"""Places of a work tree reached folder by folder, so that no link is followed, also none put there a moment ago."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from agentos_action.records.patch import MODE_EXEC, MODE_FILE, MODE_LINK

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
#: A pipe that was put there must not make us wait for its other end.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a name: git's mode and the bytes (of a link: where it leads); mode 0 for a folder, a pipe."""

    mode: int
    content: bytes


@contextmanager
def opened(top: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Open the folder that a path of the work tree lies in; yields it and the path's last name.

    Raises FileNotFoundError where a folder is missing (with `make` it is made), NotADirectoryError where one is a link
    or a file.
    """
    *above, name = path.split("/")
    folder = os.open(top, _FOLDER)
    try:
        for part in above:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=folder)
            inner = _inner(folder, part, path)
            os.close(folder)
            folder = inner
        yield folder, name
    finally:
        os.close(folder)


def _inner(folder: int, part: str, path: str) -> int:
    try:
        return os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        # What Linux says of a link, macOS and FreeBSD say in other words.
        if error.errno in {errno.ELOOP, errno.EMLINK}:
            raise NotADirectoryError(errno.ENOTDIR, "a folder on its way is a link", path) from error
        raise


def look(folder: int, name: str) -> Found | None:
    """Return what stands at a name of an open folder, None where nothing does; raises OSError."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return Found(MODE_LINK, os.fsencode(os.readlink(name, dir_fd=folder)))
        if not stat.S_ISREG(status.st_mode):
            return Found(0, b"")
        with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
            content = file.read()
            mode = os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        return None
    # As git: the owner's bit is what counts.
    return Found(MODE_EXEC if mode & stat.S_IXUSR else MODE_FILE, content)


def remove(folder: int, name: str) -> None:
    """Remove a name of an open folder, if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def put_new(folder: int, name: str, target: str) -> bool:
    """Give a file another name in its folder unless something stands there; returns whether it was given."""
    try:
        # Unlike a rename, a link never takes the place of a file that came into being meanwhile.
        os.link(name, target, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links, or it is a folder
        if look(folder, target) is not None:
            return False
        os.rename(name, target, src_dir_fd=folder, dst_dir_fd=folder)
        return True
    os.unlink(name, dir_fd=folder)
    return True


def prune(top: Path, folder: str) -> None:
    """Remove a folder of the work tree if it is empty; raises OSError."""
    try:
        with opened(top, folder) as (above, name):
            os.rmdir(name, dir_fd=above)
    except OSError as error:
        # Something else lives there, or it is gone already.
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
            raise
