"""A model server for one run (`running`), or detached until it is stopped (`start`, `status`, `stop`)."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

import psutil

from agentos_action.errors import ConflictError, ToolError, UsageError
from agentos_action.sidecar import launch, state
from agentos_action.sidecar.launch import Sidecar, StartProgress, silent
from agentos_action.sidecar.models import Model
from agentos_action.sidecar.plan import DEFAULTS, Options, Plan, make_plan

_STOP_SECONDS = 5.0
_STOP_LOCK_SECONDS = 30.0
_QUICK_SECONDS = 0.2
_TICK_SECONDS = 0.02


@dataclass(frozen=True)
class Status:
    """What is known of the detached server; `already` means that a start found it running.

    `stale`: its process is gone (the files were cleaned up); `busy`: another command is starting or stopping it;
    `stopped`: this command ended it.
    """

    state: Literal["running", "not_running", "stale", "busy", "stopped"]
    pid: int | None = None
    base_url: str | None = None
    model: str | None = None
    context_tokens: int | None = None
    since: str | None = None
    healthy: bool | None = None
    key_file: str | None = None
    log_file: str | None = None
    already: bool = False


@contextlib.contextmanager
def running(model: Model, options: Options = DEFAULTS, progress: StartProgress = silent) -> Iterator[Sidecar]:
    """Give a server that lives as long as the `with` block, however that ends; also a `kill -9` of ours ends it.

    Raises UsageError (port taken, nothing to start) or ToolError (model damaged, server ended, too slow).
    """
    wanted = make_plan(model, options)
    # The log has no name: nothing to clean up, whatever happens. Should an interruption hit between two lines here,
    # the pipe to the child closes with us and the child ends by itself.
    with tempfile.TemporaryFile() as log, launch.start(log) as child:
        yield launch.wait_until_ready(child, wanted, log, progress)


def start(model: Model, *, folder: Path, options: Options = DEFAULTS, progress: StartProgress = silent) -> Status:
    """Start a detached server, or return the one that already serves this model.

    Raises UsageError if another model is being served; two starts at once: the second waits and finds the first's.
    """
    state.prepare(folder)
    with state.locked(folder, options.timeout):
        there = _look(folder)
        if there.state == "running":
            return _already(there, folder, model, options)
        wanted = make_plan(model, options)
        with _open_log(folder) as log:
            _launch_detached(folder, wanted, log, progress)
        return _look(folder)


def status(folder: Path) -> Status:
    """Say whether the detached server runs; what a dead one left behind is removed (and called `stale`)."""
    if not folder.is_dir():
        return Status("not_running")
    try:
        with state.locked(folder, _QUICK_SECONDS):
            return _look(folder)
    except ConflictError:
        return Status("busy")


def stop(folder: Path) -> Status:
    """End the detached server (TERM, then KILL), and only it: a process that merely got its number is left alone."""
    if not folder.is_dir():
        return Status("not_running")
    with state.locked(folder, _STOP_LOCK_SECONDS):
        there = _look(folder)
        record = state.read(folder)
        found = state.process_of(record) if record is not None else None
        if found is None:
            return there
        _end_group(found)
        if not state.has_ended(found):
            message = f"the sidecar (process {found.pid}) could not be ended"
            raise ToolError(message, "is it another user's?", category="runtime", code="sidecar_not_ended")
        state.remove(folder)
        return replace(there, state="stopped", healthy=None, key_file=None)


def connect(folder: Path) -> Sidecar | None:
    """Return the detached server with its key, ready to be asked, or nothing if none runs."""
    record, key = state.read(folder), state.read_key(folder)
    if record is None or key is None or state.process_of(record) is None:
        return None
    return Sidecar(f"http://127.0.0.1:{record.port}", key, record.pid, record.model, record.context_tokens)


def _launch_detached(folder: Path, wanted: Plan, log: IO[bytes], progress: StartProgress) -> None:
    """Start, wait, write the record, and only then let go; anything that fails before ends the child."""
    with contextlib.ExitStack() as undo:
        child = undo.enter_context(launch.start(log))
        sidecar = launch.wait_until_ready(child, wanted, log, progress)
        undo.callback(state.remove, folder)
        record = state.Running(
            pid=child.pid,
            created=psutil.Process(child.pid).create_time(),
            port=int(sidecar.base_url.rpartition(":")[2]),
            model=wanted.model.name,
            sha256=wanted.model.sha256,
            context_tokens=sidecar.context_tokens,
            since=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        state.write(folder, record, sidecar.api_key)
        # In this order an interruption between two of these lines is harmless: without the word the child still ends
        # with us and the record is stale; after it the server is up and its record is true.
        undo.pop_all()
        child.stdin.write(b"detach\n")
        child.release()


def _already(there: Status, folder: Path, model: Model, options: Options) -> Status:
    record = state.read(folder)
    if record is None or record.sha256 != model.sha256 or record.model != model.name:
        message = f"the sidecar already serves {there.model}, not {model.name}"
        raise UsageError(message, "stop it first: agentos sidecar stop")
    if options.port not in {0, record.port}:
        message = f"the sidecar already serves {there.model} on port {record.port}, not {options.port}"
        raise UsageError(message, "leave --port out, or stop it first: agentos sidecar stop")
    return replace(there, already=True)


def _look(folder: Path) -> Status:
    """Read the record and see whether it is true; call it with the lock held, because it cleans up."""
    record = state.read(folder)
    if record is None:
        left = state.exists(folder)
        state.remove(folder)
        return Status("stale" if left else "not_running")
    told = Status(
        "running",
        pid=record.pid,
        base_url=f"http://127.0.0.1:{record.port}",
        model=record.model,
        context_tokens=record.context_tokens,
        since=record.since,
        key_file=str(state.key_file(folder)),
        log_file=str(state.log_file(folder)),
    )
    if state.process_of(record) is None:
        state.remove(folder)
        return replace(told, state="stale", key_file=None)
    return replace(told, healthy=launch.is_healthy(record.port))


def _open_log(folder: Path) -> IO[bytes]:
    descriptor = os.open(state.log_file(folder), os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "r+b", buffering=0)


def _end_group(found: psutil.Process) -> None:
    """End the server with its whole group; it leads one, because it was started in its own session."""
    try:
        _signal(found, signal.SIGTERM)
        _await_end(found)
    finally:
        _signal(found, signal.SIGKILL)
        _await_end(found)
        # Where it was our own child: take its exit code, so that no zombie stays.
        with contextlib.suppress(psutil.TimeoutExpired):
            found.wait(0)


def _await_end(found: psutil.Process) -> None:
    # Not psutil's wait: it waits for a zombie to vanish, which is up to whoever inherited it.
    end = time.monotonic() + _STOP_SECONDS
    while not state.has_ended(found) and time.monotonic() < end:
        time.sleep(_TICK_SECONDS)


def _signal(found: psutil.Process, number: signal.Signals) -> None:
    # is_running compares the start time. No such group, or (macOS) only zombies in it: all have ended.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if found.is_running():
            os.killpg(found.pid, number)
