"""What is asked again, how often, how long is waited, and what is told at once."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.adapters.patience import seconds_of

from .building import LATE, adapter, ask, failure
from .faulty import CHAT, MODELS, Behaviour, FaultyServer, error_body, first_then, good_chat, raw, reply, stream

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = stream(good_chat())


def refusing(status: int, after: str | None = None, kind: str = "x") -> Behaviour:
    """Refuse with this status, and say when to come again."""
    extra = "" if after is None else f"Retry-After: {after}\r\n"
    return reply(error_body("not now", kind, None), status=status, extra=extra)


def asked(faulty: FaultyServer, path: str = CHAT) -> int:
    """Return how often a path was asked for."""
    return sum(request.path == path for request in faulty.seen)


@pytest.mark.parametrize("status", [429, 500, 502, 529])
def test_a_failure_that_passes_is_asked_again(
    faulty: FaultyServer, status: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two refusals, then the answer; nothing is said of it on the terminal."""
    faulty.at[CHAT] = first_then(refusing(status), 2, GOOD)
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hello you"
    assert asked(faulty) == 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (refusing(503), "http_5xx"),
        (refusing(504), "http_5xx"),
        (refusing(400), "http_4xx"),
        (refusing(401), "http_401"),
        (refusing(429, kind="insufficient_quota"), "quota"),
        (reply(error_body("out of memory", "x", None), status=500), "out_of_memory"),
        (raw(b"HTTP/1.1 200 OK\r\n"), "connection_lost"),
    ],
)
def test_what_does_not_pass_is_told_at_once(faulty: FaultyServer, behaviour: Behaviour, code: str) -> None:
    """One request, no second."""
    faulty.at[CHAT] = behaviour
    with adapter(faulty.base_url) as made:
        assert failure(made).raw_error_code == code
    assert asked(faulty) == 1


def test_three_attempts_and_no_more(faulty: FaultyServer) -> None:
    """A server that goes on refusing is asked three times."""
    faulty.at[CHAT] = refusing(429)
    with adapter(faulty.base_url) as made:
        error = failure(made)
    assert (error.category, error.raw_error_code) == ("network", "http_429")
    assert asked(faulty) == 3


def test_retry_after_is_waited_for(faulty: FaultyServer) -> None:
    """The seconds that the server asks for are waited, no less."""
    faulty.at[CHAT] = first_then(refusing(429, "0.8"), 1, GOOD)
    started = time.monotonic()
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hello you"
    assert time.monotonic() - started >= 0.8


def test_a_date_is_waited_for_too(faulty: FaultyServer) -> None:
    """Retry-After as an HTTP date, one that is past already."""
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=9), usegmt=True)
    faulty.at[CHAT] = first_then(refusing(529, past), 1, GOOD)
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hello you"


@pytest.mark.parametrize("after", ["3600", format_datetime(datetime(2099, 1, 1, tzinfo=UTC), usegmt=True)])
def test_a_wait_beyond_the_deadline_is_told_at_once(faulty: FaultyServer, after: str) -> None:
    """Nobody waits an hour in vain; the message says how long the server asks for."""
    faulty.at[CHAT] = refusing(429, after)
    started = time.monotonic()
    with adapter(faulty.base_url) as made:
        error = failure(made)
    assert time.monotonic() - started < LATE
    assert "It asks to wait" in error.message
    assert asked(faulty) == 1


def test_a_wait_that_cannot_be_read_is_a_short_one(faulty: FaultyServer) -> None:
    """Nonsense in Retry-After is as if it were not there."""
    faulty.at[CHAT] = first_then(refusing(429, "soon, \x1b[31mmaybe"), 1, GOOD)
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hello you"


def test_the_list_of_models_lets_nobody_wait_long(faulty: FaultyServer) -> None:
    """A free question is told as refused where the server asks for more than two seconds."""
    faulty.at[MODELS] = refusing(429, "4")
    with adapter(faulty.base_url) as made:
        assert failure(made).raw_error_code == "http_429"
    assert asked(faulty, MODELS) == 1


def test_a_refused_connection_to_the_list_is_told_at_once() -> None:
    """A server that is not there is told of without a second try."""
    with FaultyServer() as gone:
        base_url = gone.base_url
    started = time.monotonic()
    with adapter(base_url) as made:
        assert failure(made).raw_error_code == "connect_refused"
    assert time.monotonic() - started < LATE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0.0), ("7", 7.0), ("1.5", 1.5), ("-1", None), ("1e9", None), ("", None), ("9" * 400, None), ("٣", None)],
)
def test_seconds(text: str, seconds: float | None) -> None:
    """Plain numbers count, anything else that is no date does not."""
    assert seconds_of(text, NOW) == seconds


@given(st.text(max_size=60))
def test_any_text_is_read_or_not(text: str) -> None:
    """Whatever a server sends, there is a finite number of seconds or None."""
    seconds = seconds_of(text, NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))
