"""Which instance answers: real servers side by side, each asked once, the first in order that has the model."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import cast

import pytest

from agentos_action.adapters import route
from agentos_action.adapters.base import Adapter
from agentos_action.adapters.registry import create
from agentos_action.adapters.route import Asked, Routing, side_by_side
from agentos_action.clock import Deadline
from agentos_action.records.tool import ToolHealth

from .building import LATE, PLENTY, ask, profile
from .faulty import CHAT, LOADING, MODELS, FaultyServer, error_body, model_list, reply, stall


@contextmanager
def servers(number: int) -> Iterator[list[FaultyServer]]:
    """Start so many servers."""
    with ExitStack() as stack:
        yield [stack.enter_context(FaultyServer()) for _ in range(number)]


@contextmanager
def asked(urls: list[str], model: str | None = None) -> Iterator[list[Asked]]:
    """Build an adapter for each address and let go of all of them afterwards."""
    made = [create(profile(url, model=model, name=f"n{place}")) for place, url in enumerate(urls)]
    several = [Asked(adapter, adapter.close) for adapter in made]
    try:
        yield several
    finally:
        for one in several:
            one.let_go()


def routed(urls: list[str], model: str | None = None, seconds: float = 5.0) -> Routing:
    """Ask them all."""
    with asked(urls, model) as several:
        return route.route(several, Deadline(seconds))


def gone() -> str:
    """Return an address where nothing answers."""
    with FaultyServer() as server:
        return server.base_url


def paths(server: FaultyServer) -> list[str]:
    """Return what was asked of a server."""
    return [request.path for request in server.seen]


def test_the_first_that_has_the_model_is_taken_and_each_is_asked_once() -> None:
    with servers(3) as (one, two, three):
        one.at[MODELS] = reply(model_list("small"))
        for server in (two, three):
            server.at[MODELS] = reply(model_list("faulty-1b", "big"))
        with asked([one.base_url, two.base_url, three.base_url], "faulty-1b") as several:
            found = route.route(several, Deadline(PLENTY))
            assert found.taken == 1
            assert ask(several[1].adapter).text == "Hello you"
        assert [paths(server) for server in (one, two, three)] == [[MODELS], [MODELS, CHAT], [MODELS]]
    assert [health.status for health in found.instances] == ["model_missing", "connected", "connected"]
    assert (found.health.adapter_id, found.health.probe_step) == ("llamacpp:n1", "model")


def test_a_file_name_means_the_model_of_that_file() -> None:
    with servers(2) as (one, two):
        two.at[MODELS] = reply(model_list("models/wanted.gguf"))
        assert routed([one.base_url, two.base_url], "wanted").taken == 1


def test_without_a_model_the_first_ready_one_is_taken() -> None:
    with servers(2) as (one, two):
        one.at[MODELS] = reply(model_list())
        assert routed([gone(), one.base_url, two.base_url]).taken == 2
        assert routed([two.base_url, one.base_url]).taken == 0


def test_a_model_that_none_has_is_missing_and_every_list_is_told() -> None:
    with servers(2) as (one, two):
        one.at[MODELS] = reply(model_list("small", "tiny"))
        two.at[MODELS] = reply(model_list("big"))
        found = routed([gone(), one.base_url, two.base_url], "wanted")
    assert found.taken is None
    health = found.health
    assert (health.status, health.error_category, health.raw_error_code) == ("model_missing", "model", "model_missing")
    assert health.details == (
        "No instance of llamacpp has 'wanted'. There is: llamacpp:n0: unreachable (connect_refused); "
        "llamacpp:n1: small, tiny; llamacpp:n2: big. Load it, or name one that is there."
    )


def test_where_none_is_reached_it_is_the_fault_of_the_first_with_every_state() -> None:
    with servers(1) as (two,):
        two.at[MODELS] = reply(error_body("no", "authentication_error", 401), status=401)
        found = routed([gone(), two.base_url], "wanted")
    assert (found.taken, found.health.status, found.health.raw_error_code) == (None, "unreachable", "connect_refused")
    assert found.health.details.startswith("Nothing answers at 127.0.0.1:")
    assert "llamacpp:n1: invalid token (http_401)" in found.health.details


def test_all_are_asked_at_the_same_time_within_one_deadline() -> None:
    with servers(6) as several:
        for server in several:
            server.at[MODELS] = stall
        started = time.monotonic()
        found = routed([server.base_url for server in several], seconds=1.5)
        assert time.monotonic() - started < 8, "one after the other they would take nine seconds"
    assert {health.raw_error_code for health in found.instances} == {"timeout"}
    assert found.taken is None


def test_one_that_is_silent_holds_a_ready_one_up_for_a_moment_only() -> None:
    with servers(2) as (one, two):
        one.at[MODELS] = stall
        started = time.monotonic()
        found = routed([one.base_url, two.base_url], "faulty-1b", seconds=60)
        spent = time.monotonic() - started
    assert (found.taken, found.instances[0].raw_error_code) == (1, "timeout")
    assert route.GRACE_SECONDS <= spent < route.GRACE_SECONDS + LATE


def test_one_that_is_behind_holds_nobody_up() -> None:
    with servers(2) as (one, two):
        two.at[MODELS] = stall
        started = time.monotonic()
        found = routed([one.base_url, two.base_url], seconds=60)
        assert time.monotonic() - started < LATE
    assert found.taken == 0
    assert "had said nothing after 0." in found.instances[1].details


def test_an_adapter_is_closed_once_nobody_uses_it_any_more() -> None:
    closed: list[str] = []
    with servers(2) as (one, two):
        one.at[MODELS] = LOADING
        made = [create(profile(server.base_url, name=name)) for server, name in ((one, "one"), (two, "two"))]
        several = [Asked(adapter, partial(closed.append, adapter.adapter_id)) for adapter in made]
        side_by_side(several, Deadline(1.5), enough=any)
        for asked_one in several:
            asked_one.let_go()
        assert closed == ["llamacpp:two"]
        end = time.monotonic() + PLENTY
        while len(closed) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        assert closed == ["llamacpp:two", "llamacpp:one"]
    for adapter in made:
        adapter.close()


def test_an_interruption_while_waiting_comes_through() -> None:
    with servers(2) as several:
        for server in several:
            server.at[MODELS] = stall
        started = time.monotonic()
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the signal must not come before the block
            timer.start()
            routed([server.base_url for server in several], seconds=60)
        assert time.monotonic() - started < LATE


def test_a_bug_in_an_adapter_is_no_health(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: heard.append(told.exc_type))

    class Broken:
        adapter_id, provider, instance = "broken", "broken", None

        def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
            raise ZeroDivisionError(deadline, full)

    with pytest.raises(AssertionError, match="broken"):
        side_by_side([Asked(cast("Adapter", Broken()), lambda: None)], Deadline(PLENTY))
    assert heard == [ZeroDivisionError]
