"""Temporary folders that are gone afterwards, whatever was put into them."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from secrets import token_hex

from agentos_action.errors import UsageError
from agentos_action.interrupts import deferred

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def folder(purpose: str) -> Iterator[Path]:
    """Make a temporary folder of our own (mode 700) and remove it at the end of the block, also after Ctrl-C."""
    top = Path(tempfile.mkdtemp(prefix=f"agentos-{purpose}-")).resolve()
    try:
        yield top
    finally:
        with deferred():
            remove(top)


def remove(top: Path) -> None:
    """Remove a folder with everything in it: read-only folders, folders nested deeper than a path can say.

    No link is followed. Raises UsageError where something cannot be removed.
    """
    try:
        top.chmod(0o700)
        _empty(top)
        top.rmdir()
    except OSError as error:
        hint = "Remove it yourself; a program that a check left behind may still be using it."
        raise UsageError(f"the temporary folder {top} cannot be removed: {error.strerror}", hint) from error


def _empty(top: Path) -> None:
    """Unlink all below a folder; what a folder in it holds is moved up first, so that no depth is too deep."""
    root = os.open(top, _FOLDER)
    # Nothing in the folder can have guessed it.
    fresh = (f"{token_hex(8)}-{number}" for number in count())
    try:
        while names := _names(root):
            for name in names:
                if not _is_folder(name, root):
                    os.unlink(name, dir_fd=root)
                    continue
                inner = os.open(name, _FOLDER, dir_fd=root)
                try:
                    for below in _names(inner):
                        if _is_folder(below, inner):
                            os.rename(below, next(fresh), src_dir_fd=inner, dst_dir_fd=root)
                        else:
                            os.unlink(below, dir_fd=inner)
                finally:
                    os.close(inner)
                os.rmdir(name, dir_fd=root)
    finally:
        os.close(root)


def _is_folder(name: str, folder: int) -> bool:
    """Return whether a name is a folder, which is then one that may be read, emptied and moved."""
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return False
    os.chmod(name, 0o700, dir_fd=folder)
    return True


def _names(folder: int) -> list[str]:
    return os.listdir(folder)
