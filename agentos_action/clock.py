"""Time and run ids, handed in so that a run can be repeated."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


class Clock:
    """The real clock; a test hands in its own with the same three methods."""

    def now(self) -> datetime:
        """Return the current time with its time zone (UTC)."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def new_run_id(self) -> str:
        """Return a fresh run id that sorts by time: `20261121T031500Z-8f3a1c`."""
        return f"{self.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


class Deadline:
    """A point in time that health, retries and the answer all have to meet together."""

    def __init__(self, seconds: float, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self.seconds = seconds
        self._end = self._clock.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds left, never below zero."""
        return max(0.0, self._end - self._clock.monotonic())
