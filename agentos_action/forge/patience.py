"""Which refusals of the forge pass by themselves, and how long is waited for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from agentos_action.clock import Deadline
from agentos_action.errors import DeliveryError

T = TypeVar("T")

ATTEMPTS: Final = 4
#: GitHub's own advice where a secondary limit names no time.
_SECONDARY_SECONDS: Final = 60.0
#: Clocks differ, and a limit is lifted in the second it names.
_MARGIN_SECONDS: Final = 1.0


class Again(Exception):  # noqa: N818 - not an error yet
    """A refusal that may pass: the error to end with, the seconds to wait (None: a short while).

    `arrived` says that the request may have been carried out all the same.
    """

    def __init__(self, error: DeliveryError, after: float | None = None, *, arrived: bool = False) -> None:
        super().__init__(error.message)
        self.error, self.after, self.arrived = error, after, arrived


class MayHaveArrived(DeliveryError):  # noqa: N818 - named for what it says
    """A request that makes something got no answer: look whether it is there before it is sent again."""


def wait_of(headers: Mapping[str, str], words: str, now: datetime) -> float | None:
    """Return the seconds to wait before a limit is lifted; None where the refusal is about no limit."""
    if (after := headers.get("retry-after", "").strip()) and (seconds := _seconds(after, now)) is not None:
        return seconds
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset[:12]) - now.timestamp()) + _MARGIN_SECONDS
    told = words.lower()
    if "secondary rate limit" in told or "abuse detection" in told or "rate limit exceeded" in told:
        return _SECONDARY_SECONDS
    return None


def _seconds(text: str, now: datetime) -> float | None:
    """Return what a Retry-After (a number or an HTTP date) asks for; None where it cannot be read."""
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())


def again(attempt: Callable[[], T], deadline: Deadline, *, makes: bool) -> T:
    """Attempt it until it works or patience ends; raises the error of the last refusal.

    `makes` is for a request that makes something: raises MayHaveArrived where it may have been carried out.
    """
    import stamina  # noqa: PLC0415 - only where something is delivered
    from stamina.instrumentation import set_on_retry_hooks  # noqa: PLC0415 - the same

    # Its hooks would log every wait to standard error.
    set_on_retry_hooks(())
    failures = 0

    def once_more(error: Exception) -> bool | float:
        nonlocal failures
        failures += 1
        if not isinstance(error, Again) or failures >= ATTEMPTS or (makes and error.arrived):
            return False
        if error.after is not None:
            return error.after if error.after < deadline.remaining() else False
        return deadline.remaining() > _MARGIN_SECONDS

    tries = stamina.retry_context(once_more, attempts=None, timeout=None, wait_initial=0.1, wait_max=1, wait_jitter=0.2)
    try:
        for following in tries:
            with following:
                return attempt()
    except Again as last:
        error = last.error
        if makes and last.arrived:
            raise MayHaveArrived(error.message, error.hint, category="network", code=error.raw_error_code) from last
        raise error from last
    raise AssertionError(tries)
