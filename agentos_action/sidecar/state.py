"""What a detached sidecar leaves on disk: a record (its process by number *and* start time), a key file, a lock.

<state>/            mode 700
  sidecar.json      which process serves what, where
  api-key           mode 600
  server.log        the server's warnings and errors since its start
  lock              held while a start or a stop is under way
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil

from agentos_action.errors import ConflictError, UsageError
from agentos_action.sidecar.launch import PROGRAM

_RECORD, _KEY, _LOG, _LOCK = "sidecar.json", "api-key", "server.log", "lock"
# The kernel counts a process's start from boot, and the clock it is converted with may be corrected meanwhile.
_START_TOLERANCE = 2.0
_TICK_SECONDS = 0.05
# The package, the room, the file.
_OWN_PARTS = 3


@dataclass(frozen=True)
class Running:
    """The record of a detached server; `created` is the start time of its process (seconds since 1970)."""

    pid: int
    created: float
    port: int
    model: str
    sha256: str
    context_tokens: int
    since: str


def prepare(state: Path) -> None:
    """Make the folder, for the user alone."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        state.chmod(0o700)
    except OSError as error:
        message = f"cannot use {state} for the sidecar: {error.strerror}"
        raise UsageError(message, "make the folder writable") from error


@contextlib.contextmanager
def locked(state: Path, seconds: float) -> Iterator[None]:
    """Hold the folder's lock, waiting so long for it; the kernel lets go of it when we die."""
    descriptor = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + seconds
        while not _try_lock(descriptor):
            if time.monotonic() >= end:
                message = "another `agentos sidecar` command is starting or stopping the server"
                raise ConflictError(message, "wait for it to finish; agentos sidecar status shows when it has")
            time.sleep(_TICK_SECONDS)
        yield
    finally:
        os.close(descriptor)


def process_of(record: Running) -> psutil.Process | None:
    """Return the recorded process if it still is that process; a number that was given away is somebody else's."""
    try:
        found = psutil.Process(record.pid)
        same = abs(found.create_time() - record.created) <= _START_TOLERANCE and _is_ours(found.cmdline())
        alive = found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return found if same and alive else None


def _is_ours(command: list[str]) -> bool:
    """Return whether a command runs our child program, also another installation's: a user may have several."""
    return any(Path(word).parts[-_OWN_PARTS:] == PROGRAM.parts[-_OWN_PARTS:] for word in command)


def has_ended(process: psutil.Process) -> bool:
    """Tell whether this very process is gone, or only waits for its parent to notice."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def read(state: Path) -> Running | None:
    """Return the record, or nothing where there is none that makes sense."""
    try:
        told = json.loads((state / _RECORD).read_text(encoding="utf-8"))
        record = Running(**{field.name: told[field.name] for field in fields(Running)})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    numbers = all(type(number) is int for number in (record.pid, record.port)) and record.pid > 1
    return record if numbers and isinstance(record.created, float) else None


def exists(state: Path) -> bool:
    """Tell whether there is a record, readable or not."""
    return (state / _RECORD).exists()


def read_key(state: Path) -> str | None:
    """Return the running server's API key."""
    try:
        return key_file(state).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def write(state: Path, record: Running, api_key: str) -> None:
    """Write key and record, the record last; readable by the user alone from the first byte."""
    _write_private(key_file(state), api_key + "\n")
    _write_private(state / _RECORD, json.dumps(asdict(record), indent=2))


def remove(state: Path) -> None:
    """Remove record and key; the log stays for whoever wants to know why."""
    for name in (_RECORD, _KEY):
        (state / name).unlink(missing_ok=True)


def key_file(state: Path) -> Path:
    """Return where the API key of the running server is kept."""
    return state / _KEY


def log_file(state: Path) -> Path:
    """Return where the server's log is kept."""
    return state / _LOG


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_private(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)  # mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
