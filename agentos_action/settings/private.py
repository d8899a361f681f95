"""Files that only the user may read: mode 600 in a folder of mode 700, each change whole or not at all.

Raises UsageError for a file that is a link, another user's or open to others, always with what to do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from agentos_action.errors import ConflictError, UsageError

MAX_BYTES = 1024 * 1024
_WAIT_SECONDS = 20.0
_TICK_SECONDS = 0.02
#: A named pipe would make its reader wait for a writer.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_private(file: Path) -> bytes | None:
    """Return the content, None where there is no such file."""
    try:
        descriptor = os.open(file, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if file.is_symlink():
            raise UsageError(f"{file} is a link", "Put the file itself there, or remove the link.") from error
        raise UsageError(f"{file}: {error.strerror}", "Make it readable for you alone: chmod 600.") from error
    try:
        _check(file, os.fstat(descriptor))
        _check_folder(file.parent)
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            content = opened.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{file}: larger than {MAX_BYTES} bytes", "Remove what does not belong there.")
    return content


@contextlib.contextmanager
def changing(file: Path) -> Iterator[None]:
    """Make the folder and hold the file's lock, so that of two changes at once none is lost."""
    folder = file.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _owned(folder.stat()) and stat.S_IMODE(folder.stat().st_mode) & 0o077:
            folder.chmod(0o700)
        descriptor = os.open(folder / f".{file.name}.lock", _LOCK, 0o600)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise UsageError(message, "Make that folder yours and writable: chmod 700.") from error
    try:
        _check_folder(folder)
        _wait_for(descriptor, file)
        yield
    finally:
        os.close(descriptor)


def write_private(file: Path, content: bytes) -> None:
    """Put the content in the file's place at once; readable by the user alone from the first byte."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as temporary:
                temporary.write(content)
                temporary.flush()
                os.fsync(temporary.fileno())
            Path(name).replace(file)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", "Make its folder writable for you.") from error


def _wait_for(descriptor: int, file: Path) -> None:
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= end:
                raise ConflictError(f"another command is changing {file}", "Wait for it, and try again.") from error
            time.sleep(_TICK_SECONDS)
        else:
            return


def _check(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{file} is no regular file", "Remove it.")
    if not _owned(found):
        raise UsageError(f"{file} belongs to another user", "Remove it, and store again what is yours.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        raise UsageError(f"{file} is open to other users (mode {mode})", f"chmod 600 {shlex.quote(str(file))}")


def _check_folder(folder: Path) -> None:
    """Raise UsageError where others could put another file in the place of ours."""
    found = folder.stat()
    if not _owned(found):
        raise UsageError(f"{folder} belongs to another user", "Use a home folder of your own.")
    if stat.S_IMODE(found.st_mode) & 0o022:
        raise UsageError(f"{folder} can be written by other users", f"chmod 700 {shlex.quote(str(folder))}")


def _owned(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid()
