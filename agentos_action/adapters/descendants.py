"""Processes that an agent left behind: found also where they cut themselves loose, and ended before anyone measures."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from agentos_action.adapters.faults import Code, Faults
from agentos_action.interrupts import deferred

# From linux/prctl.h.
_SET_CHILD_SUBREAPER = 36
_GET_CHILD_SUBREAPER = 37
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.01
#: Whose child a process is can only be told while one agent runs at a time; health is asked on several threads.
_ALONE = threading.Lock()


@contextmanager
def all_ended(faults: Faults) -> Iterator[None]:
    """End every process that was started in the block and is not ours to keep, when the block ends.

    On Linux we adopt orphans meanwhile (PR_SET_CHILD_SUBREAPER), so a double fork and a session of its own hide
    nobody. Elsewhere an orphan belongs to init and is not found. Raises ToolError where one cannot be ended.
    """
    with _ALONE:
        before = frozenset(_children())
        adopted = _subreaper()
        _set_subreaper(on=True)
        try:
            yield
        finally:
            with deferred():
                try:
                    _end(before, faults)
                finally:
                    _set_subreaper(on=adopted)


def _end(before: frozenset[psutil.Process], faults: Faults) -> None:
    """Kill until nobody is left: one that is just being born is found in the next round, as its parent is gone."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while left := [process for process in _children() if process not in before]:
        if time.monotonic() > until:
            raise faults.error(Code.AGENT_LEFT_RUNNING, f"Its number is {left[0].pid}.")
        for process in left:
            # psutil compares start times, so a number that was given away is not killed.
            with contextlib.suppress(psutil.Error):
                process.kill()
        for process in left:
            # Orphans became our children; one that is still another's is reaped when that one has ended.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)
        time.sleep(_PAUSE_SECONDS)


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _subreaper() -> bool:
    if sys.platform != "linux":
        return False
    found = ctypes.c_int(0)
    _prctl(_GET_CHILD_SUBREAPER, ctypes.byref(found))
    return bool(found.value)


def _set_subreaper(*, on: bool) -> None:
    if sys.platform == "linux":
        _prctl(_SET_CHILD_SUBREAPER, ctypes.c_ulong(int(on)))


def _prctl(option: int, value: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    if libc.prctl(ctypes.c_int(option), value, zero, zero, zero) != 0:
        # Every kernel since 3.4 has it.
        raise OSError(ctypes.get_errno(), "this kernel does not hand orphans to us")
