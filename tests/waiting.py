"""Waiting for another process until it waits itself."""

from __future__ import annotations

import time

import psutil


def until_asleep(pid: int, seconds: float = 60.0) -> None:
    """Wait until a process sleeps, as one does that waits for a clock, a pipe or a server.

    Python looks for a signal before it begins to wait, and hears of one that comes right after that look only when
    the wait is over: so nobody may signal a process that has just said that it is about to wait.
    """
    process, until, asleep = psutil.Process(pid), time.monotonic() + seconds, 0
    while asleep < 3 and time.monotonic() < until:
        asleep = asleep + 1 if process.status() == psutil.STATUS_SLEEPING else 0
        time.sleep(0.02)
