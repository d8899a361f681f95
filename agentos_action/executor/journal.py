"""The journal of a commit onto the checked-out branch: what a process that died had begun (`docs/executor.md`)."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from agentos_action.errors import ConflictError, UsageError
from agentos_action.executor.pending import FOLDER, NAME

HELD, RELEASED, LOST = "held", "released", "lost"

_VERSION = 1
_NONCE = re.compile(r"[0-9a-f]{16}")
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MODES = frozenset({0o100644, 0o100755, 0o120000})
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EXDEV, errno.EMLINK, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class Side:
    """What stands at a path: a blob's id in hex and git's mode."""

    blob: str
    mode: int


@dataclass(frozen=True, slots=True)
class Step:
    """One path and what stands there before and after; None where nothing does."""

    path: str
    old: Side | None
    new: Side | None


@dataclass(frozen=True, slots=True)
class Journal:
    """A branch on its way from one commit to the next, and the files that follow it.

    `nonce` is in the name of every temporary file; `folders` are those that had to be made. `index` tells whose the
    index is: `held` by our lock, `released` by us for the time being, or `lost` to somebody who removed that lock.
    """

    nonce: str
    ref: str
    old: str
    new: str
    steps: tuple[Step, ...]
    folders: tuple[str, ...] = ()
    index: str = HELD

    def temporary(self, number: int) -> str:
        """Return the path, from the top of the work tree, where the new file of that step is got ready."""
        parent, slash, _ = self.steps[number].path.rpartition("/")
        return f"{parent}{slash}.agentos-{self.nonce}-{number}"

    def part(self, number: int) -> str:
        """Return the path where that file is written, before it gets its temporary name in one piece."""
        return f"{self.temporary(number)}.part"

    def locks(self) -> Iterator[bytes]:
        """Yield what a lock file of ours may hold, likeliest first: the journal as it was when the lock was made."""
        return (encoded(replace(self, index=index)) for index in (HELD, RELEASED, LOST))


def file_of(git_dir: Path) -> Path:
    """Return where the journal of a work tree lies."""
    return git_dir / FOLDER / NAME


def recover(place: Path) -> str | None:
    """Finish or undo what a dead process left in the repository at `place`; returns what was done, None for nothing.

    Raises ConflictError where a live process is still at it, or another git holds the index; UsageError where the
    journal cannot be read.
    """
    from agentos_action.executor import recovery  # noqa: PLC0415 - pygit2, and only after a crash

    return recovery.recover(place)


@contextmanager
def held(git_dir: Path) -> Iterator[None]:
    """Hold the one lock of this work tree, which the kernel takes back from a dead process; ConflictError if taken."""
    import fcntl  # noqa: PLC0415 - no such module on Windows, where the rest of the journal can still be read

    file = git_dir / FOLDER / "lock"
    try:
        file.parent.mkdir(exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except OSError as error:
        hint = "Check the permissions, or give --branch NAME so that no work tree has to follow."
        raise UsageError(f"{file}: cannot be opened: {error.strerror}", hint) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError("another agentos is writing this work tree", "Wait until it is done.") from error
        except OSError as error:
            hint = "Give --branch NAME, so that no work tree has to follow."
            raise UsageError(f"{file}: this file system cannot lock: {error.strerror}", hint) from error
        yield
    finally:
        os.close(handle)


def encoded(journal: Journal) -> bytes:
    """Return the journal as the bytes of its file."""
    return json.dumps({"version": _VERSION, **asdict(journal)}, indent=1).encode("ascii")


def write(git_dir: Path, journal: Journal) -> None:
    """Put the journal on the disk in one piece; raises OSError."""
    file = file_of(git_dir)
    fresh = file.with_name(f"{NAME}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as handle:
        handle.write(encoded(journal))
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(git_dir: Path) -> Journal | None:
    """Return the journal, None where there is none; raises UsageError for one that cannot be trusted."""
    file = file_of(git_dir)
    try:
        if file.is_symlink():
            raise _unreadable(file, "it is a link")
        return _decoded(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _unreadable(file, str(error) or type(error).__name__) from error


def _unreadable(file: Path, why: str) -> UsageError:
    hint = f"A commit was cut short. Compare `git status` and `git log` with what you expect, then remove {file}."
    return UsageError(f"{file} cannot be read: {why}", hint)


def _decoded(found: dict[str, object]) -> Journal:
    if found["version"] != _VERSION:
        raise ValueError(f"it is of version {found['version']!r}, this program knows {_VERSION}")
    steps, folders = found["steps"], found["folders"]
    if not isinstance(steps, list) or not isinstance(folders, list):
        raise TypeError("steps and folders are lists")
    return Journal(
        nonce=_text(found["nonce"], _NONCE),
        ref=_text(found["ref"], re.compile(r"refs/heads/[^\x00-\x20\x7f]+")),
        old=_text(found["old"], _ID),
        new=_text(found["new"], _ID),
        steps=tuple(Step(_path(step["path"]), _side(step["old"]), _side(step["new"])) for step in steps),
        folders=tuple(_path(folder) for folder in folders),
        index=_text(found["index"], re.compile(f"{HELD}|{RELEASED}|{LOST}")),
    )


def _text(value: object, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value) or "/../" in f"/{value}/":
        raise ValueError(f"{value!r} is not in place there")
    return value


def _path(value: object) -> str:
    """Return a path that stays inside the work tree and outside `.git`, else raise ValueError."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"{value!r} is no path")
    if any(part in {"", ".", ".."} or part.casefold() == ".git" for part in value.split("/")):
        raise ValueError(f"{value!r} leads out of the work tree")
    os.fsencode(value)
    return value


def _side(value: object) -> Side | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value["mode"] not in _MODES:
        raise ValueError(f"{value!r} is no file")
    return Side(_text(value["blob"], _ID), int(value["mode"]))


def take_lock(lock: Path, journal: Path) -> None:
    """Make a lock file whose content is the journal, so that a dead owner's is known; raises FileExistsError."""
    try:
        os.link(journal, lock)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with lock.open("xb") as handle:
            handle.write(journal.read_bytes())


def holds(lock: Path, content: bytes) -> bool:
    """Return whether a lock file holds exactly these bytes."""
    try:
        return not lock.is_symlink() and lock.read_bytes() == content
    except OSError:
        return False
