"""Servers and surroundings that are odd, not wrong: they are understood, or told in words that lead to the cause."""

from __future__ import annotations

import socket
import tracemalloc
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.errors import UsageError
from agentos_action.records.profile import Profile

from .building import PLENTY, ask, failure
from .dialects import COMPLETIONS, DIALECTS, LLAMACPP, OLLAMA, OPENAI, TEXT, Dialect
from .faulty import MODEL, FaultyServer, raw, reply
from .serving import served, through

EVENTS = [dialect for dialect in DIALECTS if dialect.kind == "text/event-stream"]
BOM = b"\xef\xbb\xbf"


def speaking(dialect: Dialect, faulty: FaultyServer) -> AbstractContextManager[Adapter]:
    """Build the adapter of a protocol for the server."""
    more: dict[str, Any] = dict(dialect.profile)
    return served(dialect.provider, faulty.base_url + dialect.base, model=MODEL, **more)


@pytest.mark.parametrize("dialect", EVENTS, ids=lambda dialect: dialect.name)
def test_a_byte_order_mark_hides_no_event(faulty: FaultyServer, dialect: Dialect) -> None:
    """A mark before the first event is passed over; the event behind it counts."""
    faulty.at = dialect.paths()
    faulty.at[dialect.ask] = raw(dialect.head(), BOM[:1], BOM[1:] + dialect.good(), pause=0.01)
    with speaking(dialect, faulty) as made:
        assert ask(made).text == TEXT


@pytest.mark.parametrize("ending", [b"", b"\n"], ids=["nothing", "one line end"])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_last_event_needs_no_empty_line(faulty: FaultyServer, dialect: Dialect, ending: bytes) -> None:
    """A stream whose last event is whole has ended, however many line ends follow it."""
    faulty.at = dialect.paths()
    faulty.at[dialect.ask] = dialect.stream(dialect.good().rstrip(b"\n") + ending)
    with speaking(dialect, faulty) as made:
        assert ask(made).text == TEXT


def test_a_cookie_is_never_sent_back(faulty: FaultyServer) -> None:
    """A server may set what it likes, also in bytes that no header may hold: the next request is as the first."""
    faulty.at = COMPLETIONS.paths()
    cookies = "Set-Cookie: \xff=;;;=\r\nSet-Cookie: id=7; Path=/\r\n"
    faulty.at[COMPLETIONS.listing] = reply(COMPLETIONS.models(MODEL), extra=cookies)
    with speaking(COMPLETIONS, faulty) as made:
        assert ask(made).text == TEXT
    assert len(faulty.seen) > 1
    assert not any("cookie" in request.headers for request in faulty.seen)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the proxy that is told of, not the server behind it."""
    with FaultyServer() as gone:
        through(gone, monkeypatch)
    with served("openai", f"{scheme}://models.example.org/v1", model=MODEL) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.error_category, health.raw_error_code) == ("network", "proxy_failed")
    assert "HTTP_PROXY" in health.details


def test_a_server_that_is_not_there_is_no_fault_of_a_proxy() -> None:
    """Without a proxy the server itself is told of, by address and by name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        with served("openai", f"http://{host}:{port}/v1", model=MODEL) as made:
            assert made.health_check(Deadline(PLENTY)).raw_error_code == "connect_refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "models.example.org"])
def test_certificates_that_cannot_be_read(host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong SSL_CERT_FILE is a setting to correct, and named."""
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for file in (tmp_path / "missing.pem", broken):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        profile = Profile(provider="openai", name="openai", base_url=f"https://{host}/v1")
        with pytest.raises(UsageError) as caught:
            create(profile, AdapterParts())
        assert "SSL_CERT_FILE" in caught.value.hint


def test_a_host_name_that_cannot_be_decoded() -> None:
    """A name that begins as a translated one and is none is a wrong address."""
    with pytest.raises(UsageError, match="base_url"):
        create(Profile(provider="openai", name="openai", base_url="http://xn--ls8h.example/v1"), AdapterParts())


@pytest.mark.parametrize("dialect", [OPENAI, OLLAMA], ids=lambda dialect: dialect.name)
def test_a_list_of_models_without_end(faulty: FaultyServer, dialect: Dialect) -> None:
    """More models than anyone has are refused before each of them costs memory."""
    faulty.at = dialect.paths()
    names = [f"m{number}" for number in range(40_000)]
    faulty.at[dialect.listing] = reply(dialect.models(*names, MODEL))
    with served(dialect.provider, faulty.base_url + dialect.base, model=MODEL) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.raw_error_code) == ("schema_mismatch", "too_large")
    assert "40,001 models" in health.details


def test_a_body_in_very_many_chunks(faulty: FaultyServer) -> None:
    """Chunks of two bytes cost no more memory than the body."""
    body = b"2\r\n  \r\n" * 100_000 + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    faulty.at = LLAMACPP.paths() | {LLAMACPP.ask: raw(head + body)}
    with served("llamacpp", faulty.base_url, model=MODEL) as made:
        made.health_check(Deadline(PLENTY))
        tracemalloc.start()
        try:
            assert failure(made).raw_error_code == "bad_json"
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
