"""SIGTERM as Ctrl-C, and a stretch of code in which both have to wait."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: Whether a block of `deferred` is under way; handlers belong to the process, so one for all of it.
_held: list[bool] = []


#: Signals that were raised as KeyboardInterrupt: a library may make another error of one, or of none.
_raised: list[int] = []


def raise_on_signals() -> None:
    """Make SIGTERM raise KeyboardInterrupt as Ctrl-C does, so that every `finally` runs; only in the main thread."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _raise)
        # Whoever started us in the background may have SIGINT ignored.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _raise)


def was_interrupted() -> bool:
    """Return whether a signal was raised in this process, whatever became of the KeyboardInterrupt."""
    return bool(_raised)


def ignore_from_now_on() -> None:
    """Let SIGINT and SIGTERM pass: everything is said and done, and only the interpreter still has to close down."""
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def _raise(number: int, _frame: FrameType | None) -> None:
    _raised.append(number)
    raise KeyboardInterrupt


@contextmanager
def deferred(*, last: bool = False) -> Iterator[None]:
    """Hold back SIGINT and SIGTERM until the block ends, then raise KeyboardInterrupt if one came.

    `last` says that nothing is left to interrupt after the block: a signal that came meanwhile is then dropped.
    """
    if _held or threading.current_thread() is not threading.main_thread():
        # Inside another such block that one delivers what comes.
        yield
        return
    pending: list[int] = []
    _held.append(True)
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda got, _: pending.append(got)) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _held.clear()
    if pending and not last:
        raise KeyboardInterrupt
