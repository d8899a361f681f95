"""Signals wait while something must not be torn, also where such stretches lie inside one another."""

from __future__ import annotations

import os
import signal

import pytest

from agentos_action.interrupts import deferred


def struck(*, inside: bool) -> list[int]:
    """Be struck by Ctrl-C within a block, or within one inside it; return what the outer block still did."""
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        within(done, inside=inside)
    return done


def within(done: list[int], *, inside: bool) -> None:
    with deferred():
        if inside:
            with deferred():
                os.kill(os.getpid(), signal.SIGINT)
        else:
            os.kill(os.getpid(), signal.SIGINT)
        done.append(1)


def test_a_signal_waits_until_the_block_is_done() -> None:
    assert struck(inside=False) == [1]


def test_an_inner_block_leaves_the_signal_to_the_outer_one() -> None:
    assert struck(inside=True) == [1]


def test_after_the_last_block_nothing_is_left_to_interrupt() -> None:
    done = []
    with deferred(last=True):
        with deferred():
            os.kill(os.getpid(), signal.SIGINT)
        done.append(1)
    assert done == [1]


def test_the_handlers_are_those_from_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with deferred():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
