"""Which failures are worth asking again for, and how long is waited in between."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from agentos_action.adapters.faults import Code
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import ToolError

T = TypeVar("T")

LOADING_SECONDS: Final = 30.0
ATTEMPTS: Final = 3
_POLL_SECONDS: Final = 0.25
# The longest that stamina's own wait between two of our attempts takes.
_BACKOFF_SECONDS: Final = 0.5
# A question that costs nothing (the list of models) is no reason to let a person wait.
_SHORT_SECONDS: Final = 2.0

_PASSING: Final = frozenset({Code.HTTP_429, Code.OVERLOADED, Code.LOADING})
_PASSING_STATUS: Final = frozenset({500, 502})
_NOT_CONNECTED: Final = frozenset({Code.CONNECT_REFUSED, Code.CONNECT_FAILED})

_CUT_SHORT: Final = frozenset({Code.TIMEOUT, Code.HTTP_5XX})


class TryAgainError(Exception):
    """A failure that may pass: the error to end with, and the seconds that the server asks to wait (None: silent)."""

    def __init__(self, error: ToolError, after: float | None = None) -> None:
        super().__init__(error.message)
        self.error, self.after = error, after


def passing(error: ToolError, status: int) -> bool:
    """Return whether a refusal may pass by itself: too many requests, overload, loading, a server's stumble."""
    code = error.raw_error_code
    return code in _PASSING or (status in _PASSING_STATUS and code == Code.HTTP_5XX)


def not_connected(error: ToolError) -> bool:
    """Return whether no connection came about at all."""
    return error.raw_error_code in _NOT_CONNECTED


def seconds_of(retry_after: str, now: datetime) -> float | None:
    """Return the seconds that a Retry-After (a number or an HTTP date) asks for; None where it cannot be read."""
    if retry_after.isascii() and retry_after.replace(".", "", 1).isdigit():
        seconds = float(retry_after)
        return seconds if math.isfinite(seconds) else None
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


class Patience:
    """Decides after each failure whether there is another attempt, and when; the form is a backoff hook of stamina."""

    def __init__(self, deadline: Deadline, clock: Clock, *, short: bool) -> None:
        self._deadline, self._clock, self._short = deadline, clock, short
        self._loading_until = clock.monotonic() + LOADING_SECONDS
        self._failures = 0
        self.loading: ToolError | None = None

    def __call__(self, error: Exception) -> bool | float:
        """Return the seconds to wait, True for a short wait of stamina's own, False for no further attempt."""
        if not isinstance(error, TryAgainError):
            return False
        left = self._deadline.remaining()
        if error.error.raw_error_code == Code.LOADING:
            self.loading = error.error
            left = min(left, self._loading_until - self._clock.monotonic())
            return _POLL_SECONDS if left > _POLL_SECONDS else False
        self._failures += 1
        if self._failures >= ATTEMPTS:
            return False
        if error.after is not None:
            most = min(left, _SHORT_SECONDS) if self._short else left
            return error.after if error.after < most else False
        return left > _BACKOFF_SECONDS


def again(attempt: Callable[[], T], patience: Patience) -> T:
    """Attempt it until it works or patience ends; raises the ToolError of the last failure."""
    pending: list[TryAgainError] = []
    try:
        return attempt()
    except TryAgainError as error:
        pending.append(error)
    import stamina  # noqa: PLC0415 - only after a failure
    from stamina.instrumentation import set_on_retry_hooks  # noqa: PLC0415 - the same

    # Its hooks would log every wait to standard error.
    set_on_retry_hooks(())
    tries = stamina.retry_context(
        patience, attempts=None, timeout=None, wait_initial=0.1, wait_max=0.3, wait_jitter=0.2
    )
    try:
        for following in tries:
            with following:
                # The first attempt was made already: this only hands its failure in.
                if pending:
                    raise pending.pop()
                return attempt()
    except TryAgainError as error:
        raise error.error from error
    except ToolError as error:
        if patience.loading is not None and error.raw_error_code in _CUT_SHORT:
            # It was loading until the end of the time; that the last reply came only in part tells less.
            raise patience.loading from error
        raise
    raise AssertionError(tries)
