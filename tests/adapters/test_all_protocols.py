"""One fault, one name: every protocol tells a misbehaving server by the same category and code, in time."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import TypeAlias

import psutil
import pytest

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.faults import FAULTS, STATUS_BY_CATEGORY
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Answer
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ToolHealth

from .building import LATE, PLENTY, ask, failure
from .dialects import DIALECTS, LLAMACPP, TEXT, Dialect
from .faulty import MODEL, Behaviour, FaultyServer, drip, endless, first_then, raw, reply, reset, stall, then_stall

KEY = "sk-secret-key-of-the-tests"
PATH = "/hidden/path"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MEMORY = 64 * 1024 * 1024

Misbehaviour: TypeAlias = Callable[[Dialect], Behaviour]

WRONG_TYPES = {"choices": 1, "content": 5, "message": 3, "data": "x", "models": 7, "done": "y"}
DRIP_OF_REFUSAL = raw(b"HTTP/1.1 401 X\r\nContent-Length: 900\r\n\r\n", *([b" "] * 80), pause=0.03)


@pytest.fixture(params=DIALECTS, ids=[dialect.name for dialect in DIALECTS])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Give each protocol in turn."""
    given: Dialect = request.param
    return given


@contextmanager
def speaking(dialect: Dialect, base_url: str, model: str | None = MODEL, key: str | None = KEY) -> Iterator[Adapter]:
    """Build the adapter of a protocol for a server, and close it afterwards."""
    told = {"provider": dialect.provider, "name": dialect.provider, "base_url": base_url, "model": model}
    made = create(Profile.model_validate({**told, **dialect.profile}), AdapterParts(api_key=key))
    try:
        yield made
    finally:
        made.close()


def at(faulty: FaultyServer, dialect: Dialect) -> dict[str, Behaviour]:
    """Make the server a good one of this protocol, below a path that nobody may hear of."""
    root = PATH
    faulty.at = {root + path: behaviour for path, behaviour in dialect.paths().items()}
    return faulty.at


@dataclass(frozen=True, slots=True)
class Row:
    """A fault: how the answer misbehaves, and what it is called; `listed` False: only an answer can be so.

    `waits`: most of the time that it takes is waited, by us or by the server; those that do are asked at one time.
    """

    id: str
    behaviour: Misbehaviour
    category: str
    code: str
    seconds: float = PLENTY
    listed: bool = True
    waits: bool = False


def refused(
    status: int, message: str = "no", name: str = "some_error", extra: str = ""
) -> Callable[[Dialect], Behaviour]:
    """Refuse with a status, in the protocol's own shape."""
    return lambda dialect: reply(dialect.error(message, name), status=status, extra=extra)


def plain(behaviour: Behaviour) -> Misbehaviour:
    """Misbehave alike in every protocol."""
    return lambda _dialect: behaviour


def moved(where: str) -> Behaviour:
    """Answer that the place is elsewhere."""
    return reply(b"", status=307, extra=f"Location: {where}\r\n")


def later(**more: float) -> str:
    """Return an HTTP date that comes after now."""
    return format_datetime(datetime.now(UTC) + timedelta(**more), usegmt=True)


@cache
def squeezed() -> bytes:
    """Return 50 MB of nothing in 50 kB."""
    return gzip.compress(bytes(50_000_000))


def bomb(dialect: Dialect) -> Behaviour:
    """Answer with 50 MB of nothing as a stream."""
    return dialect.stream(squeezed(), "Content-Encoding: gzip\r\n")


def whole_bomb(_dialect: Dialect) -> Behaviour:
    """Answer with 50 MB of nothing."""
    return reply(squeezed(), extra="Content-Encoding: gzip\r\n")


def another_model(dialect: Dialect) -> Behaviour:
    """Answer as a model that nobody asked for."""
    return dialect.stream(dialect.good().replace(MODEL.encode(), b"other-7b"))


def bad_text(dialect: Dialect) -> Behaviour:
    """Answer in bytes that are no text."""
    return dialect.stream(dialect.good().replace(b"Hello", b"\xff"))


def endless_stream(dialect: Dialect) -> Behaviour:
    """Go on for 200 MB."""
    return endless(dialect.middle.replace(b" you", b"y" * 4000) * 20, dialect.head())


def endless_line(dialect: Dialect) -> Behaviour:
    """Go on for ever without a line end."""
    return endless(b"y" * 65536, dialect.head() + b'data: {"x": "')


def cut_at_a_brace(dialect: Dialect) -> Behaviour:
    """End in the middle of an object, behind the end of one inside it."""
    inner = dialect.begin + dialect.middle.rstrip()
    return dialect.stream(inner[: inner.rfind(b"}", 0, -1) + 1] if inner.endswith(b"}}") else inner[:-1])


def too_many_tokens(dialect: Dialect) -> Behaviour:
    """Count more tokens than a number of 64 bits holds."""
    counts = ("prompt_tokens", "tokens_evaluated", "prompt_eval_count", "input_tokens")
    huge = dict.fromkeys(counts, 10**30)
    return reply({**as_object(dialect.whole), **huge, "usage": huge})


def as_object(value: object) -> dict[str, object]:
    """Return a reply as the JSON object that it is."""
    assert isinstance(value, dict)
    return value


ROWS = (
    Row("reset", plain(reset(b"")), "network", "connection_lost"),
    Row("closed", plain(raw()), "network", "connection_lost"),
    Row("not HTTP", plain(raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")), "network", "not_http"),
    Row("401", refused(401), "auth", "http_401"),
    Row("403", refused(403), "auth", "http_403"),
    Row("404 base path", plain(reply(b"404 page not found", status=404, kind="text/plain")), "network", "http_404"),
    Row("404 model", refused(404, f"model '{MODEL}' not found", "model_not_found"), "model", "model_missing"),
    Row("no model loaded", refused(400, "No models loaded. Load one."), "model", "model_missing"),
    Row("429", refused(429), "network", "http_429", waits=True),
    Row("429 soon", refused(429, extra="Retry-After: 0.2\r\n"), "network", "http_429", waits=True),
    Row("429 far", refused(429, extra="Retry-After: 7200\r\n"), "network", "http_429"),
    Row("429 date", refused(429, extra=f"Retry-After: {later(hours=2)}\r\n"), "network", "http_429"),
    Row("429 bad", refused(429, extra="Retry-After: in a while\r\n"), "network", "http_429", waits=True),
    Row("429 quota", refused(429, "You exceeded your current quota", "insufficient_quota"), "auth", "quota"),
    Row("402", refused(402), "auth", "quota"),
    Row("key refused in words", refused(400, "API key not valid. Pass a valid one."), "auth", "http_401"),
    Row("refusal in a list", plain(reply([{"error": {"message": "Invalid API key"}}], status=400)), "auth", "http_401"),
    Row("407", refused(407), "network", "proxy_failed"),
    Row("400", refused(400), "config", "http_4xx"),
    Row(
        "context overflow",
        refused(400, "prompt is too long: 9 > 8, exceeds the available context size", "context_length_exceeded"),
        "model",
        "context_overflow",
    ),
    Row("500", refused(500), "network", "http_5xx", waits=True),
    Row("500 in HTML", plain(reply(b"<h1>x</h1>", status=500, kind="text/html")), "network", "http_5xx", waits=True),
    Row("502", refused(502), "network", "http_5xx", waits=True),
    Row("503", refused(503, "busy"), "network", "http_5xx"),
    Row("503 loading", refused(503, "Loading model"), "network", "loading", 2.0, waits=True),
    Row("504", refused(504), "network", "http_5xx"),
    Row("529", refused(529, "Overloaded", "overloaded_error"), "network", "overloaded", waits=True),
    Row("out of memory", refused(500, "failed to allocate buffer: out of memory"), "runtime", "out_of_memory"),
    Row("stalled", plain(stall), "network", "timeout", 0.3, waits=True),
    Row("drip of headers", plain(drip(HEAD + b"X: " + b"x" * 200)), "network", "timeout", 0.3, waits=True),
    Row("drip of a body", plain(drip(HEAD + b"\r\n" + b" " * 200)), "network", "timeout", 0.3, waits=True),
    Row(
        "drip of a refusal",
        plain(DRIP_OF_REFUSAL),
        "auth",
        "http_401",
        2.0,
        waits=True,
    ),
    Row("truncated", plain(raw(HEAD + b"Content-Length: 90\r\n\r\n{}")), "network", "connection_lost"),
    Row("bad chunks", plain(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")), "network", "not_http"),
    Row("cut chunks", plain(raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{")), "network", "connection_lost"),
    Row("HTML", plain(reply(b"<html>hi</html>", kind="text/html")), "schema", "wrong_content_type"),
    Row("HTML named JSON", plain(reply(b"<html>hi</html>")), "schema", "bad_json"),
    Row("empty body", plain(reply(b"")), "schema", "empty_body"),
    Row("nothing at all", plain(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")), "schema", "empty_body"),
    Row("204", plain(raw(b"HTTP/1.1 204 No Content\r\n\r\n")), "schema", "empty_body"),
    Row("a list", plain(reply([1, 2])), "schema", "bad_shape"),
    Row("an empty object", plain(reply({})), "schema", "bad_shape"),
    Row(
        "wrong types",
        plain(reply(WRONG_TYPES)),
        "schema",
        "bad_shape",
    ),
    Row("error inside 200", plain(reply({"error": "something"})), "schema", "error_in_reply"),
    Row("duplicate keys", plain(reply(b'{"data": [], "data": [], "models": [], "models": []}')), "schema", "bad_json"),
    Row("NaN", plain(reply(b'{"data": NaN}')), "schema", "bad_json"),
    Row("deep", plain(reply(b'{"data": ' + b"[" * 200 + b"]" * 200 + b"}")), "schema", "bad_json"),
    Row("very deep", plain(reply(b"[" * 100_000)), "schema", "bad_json"),
    Row("bad UTF-8", plain(reply(b'{"data": "\xff"}')), "schema", "bad_utf8"),
    Row("200 MB", plain(endless(b"x" * 65536, HEAD + b"\r\n")), "schema", "too_large"),
    Row("200 MB refusal", plain(endless(b"x" * 65536, b"HTTP/1.1 400 X\r\n\r\n")), "config", "http_4xx"),
    Row(
        "gzip bomb",
        whole_bomb,
        "schema",
        "too_large",
    ),
    Row("bad gzip", plain(reply(b"no gzip", extra="Content-Encoding: gzip\r\n")), "schema", "bad_encoding"),
    Row("redirect", plain(moved("/elsewhere")), "network", "redirect"),
    Row(
        "redirect to a file",
        plain(moved("file:///etc/passwd")),
        "network",
        "redirect",
    ),
    Row("redirect in a loop", plain(moved(".")), "network", "redirect"),
    Row("stream without an end", lambda d: d.stream(d.begin + d.middle), "network", "stream_cut", listed=False),
    Row("empty stream", lambda d: d.stream(b""), "network", "stream_cut", listed=False),
    Row("half an event", lambda d: d.stream(d.begin + d.middle[:-9]), "network", "stream_cut", listed=False),
    Row("reset in a stream", lambda d: reset(d.head() + d.begin), "network", "connection_lost", listed=False),
    Row(
        "stalled in a stream",
        lambda d: then_stall(d.head() + d.begin),
        "network",
        "timeout",
        0.3,
        listed=False,
        waits=True,
    ),
    Row(
        "drip of a stream",
        lambda d: drip(d.head() + d.begin + d.middle * 9),
        "network",
        "timeout",
        0.3,
        listed=False,
        waits=True,
    ),
    Row("cut at a brace", cut_at_a_brace, "network", "stream_cut", listed=False),
    Row("more tokens than there are", too_many_tokens, "schema", "bad_shape", listed=False),
    Row("endless line", endless_line, "schema", "too_large", listed=False),
    Row("length", lambda d: d.stream(d.begin + d.length), "model", "answer_cut", listed=False),
    Row("no text", lambda d: d.stream(d.begin.replace(b"Hello", b"") + d.end), "schema", "empty_answer", listed=False),
    Row(
        "another model",
        another_model,
        "model",
        "wrong_model",
        listed=False,
    ),
    Row(
        "bad UTF-8 in a stream",
        bad_text,
        "schema",
        "bad_utf8",
        listed=False,
    ),
    Row("bomb as a stream", bomb, "schema", "too_large", listed=False),
    Row("endless stream", endless_stream, "schema", "too_large", listed=False),
)


def answer_of(dialect: Dialect, row: Row) -> ToolError:
    """Ask for an answer that goes wrong as the row says."""
    with FaultyServer() as faulty:
        at(faulty, dialect)[PATH + dialect.ask] = row.behaviour(dialect)
        with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
            return failure(made, seconds=row.seconds)


def health_of(dialect: Dialect, row: Row) -> ToolHealth:
    """Ask for the health where everything goes wrong as the row says; it must have been told in time."""
    with FaultyServer() as faulty:
        there = at(faulty, dialect)
        there.update(dict.fromkeys(there, row.behaviour(dialect)))
        started = time.monotonic()
        with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
            health = made.health_check(Deadline(row.seconds), full=True)
        assert time.monotonic() - started < row.seconds + LATE
        return health


def answer_after_two_refusals(dialect: Dialect) -> Answer:
    """Ask a server that is overloaded twice and well then."""
    with FaultyServer() as faulty:
        good = dialect.stream(dialect.good())
        at(faulty, dialect)[PATH + dialect.ask] = first_then(refused(529)(dialect), 2, good)
        with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
            return ask(made)


@dataclass(frozen=True, slots=True)
class AtOneTime:
    """What was asked of servers that keep one waiting: of all of them at one time, each of a server of its own."""

    answers: Mapping[tuple[str, str], Future[ToolError]]
    healths: Mapping[tuple[str, str], Future[ToolHealth]]
    later: Mapping[str, Future[Answer]]


@pytest.fixture(scope="module")
def waited() -> AtOneTime:
    """Ask every protocol about every row that waits."""
    pairs = [(dialect, row) for dialect in DIALECTS for row in ROWS if row.waits]
    # All of it is over before anything else begins: what computes would take the time of those that wait.
    with ThreadPoolExecutor(4) as pool:
        return AtOneTime(
            {(dialect.name, row.id): pool.submit(answer_of, dialect, row) for dialect, row in pairs},
            {(dialect.name, row.id): pool.submit(health_of, dialect, row) for dialect, row in pairs if row.listed},
            {dialect.name: pool.submit(answer_after_two_refusals, dialect) for dialect in DIALECTS},
        )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_an_answer_that_goes_wrong(dialect: Dialect, row: Row, waited: AtOneTime) -> None:
    """The answer fails as the row says, and the message gives nothing away."""
    error = waited.answers[dialect.name, row.id].result() if row.waits else answer_of(dialect, row)
    assert (error.category, error.raw_error_code) == (row.category, row.code), error.message
    told = error.message + error.hint
    assert error.hint
    assert told.isprintable()
    assert not any(hidden in told for hidden in (KEY, PATH, "http://", dialect.ask))


@pytest.mark.parametrize("row", [row for row in ROWS if row.listed], ids=lambda row: row.id)
def test_a_server_that_goes_wrong(dialect: Dialect, row: Row, waited: AtOneTime) -> None:
    """The same fault wherever one asks is the health's, with the status that its category has."""
    health = waited.healths[dialect.name, row.id].result() if row.waits else health_of(dialect, row)
    status = STATUS_BY_CATEGORY[FAULTS[row.code].category]  # type: ignore[index] # a code is a str
    assert (health.status, health.error_category, health.raw_error_code) == (status, row.category, row.code)
    assert health.probe_step == "none"
    assert KEY not in health.details
    assert PATH not in health.details


def test_a_good_server_is_understood(faulty: FaultyServer, dialect: Dialect) -> None:
    """A whole stream is an answer, with its model and what it cost."""
    at(faulty, dialect)
    with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
        answer = ask(made)
    assert (answer.text, answer.finish_reason, answer.model_id) == (TEXT, "stop", MODEL)
    assert (answer.usage.prompt, answer.usage.completion) in {(7, 2), (12, 2), (None, None)}


def test_a_whole_reply_to_a_stream_request_counts(faulty: FaultyServer, dialect: Dialect) -> None:
    """A server may answer at once."""
    at(faulty, dialect)[PATH + dialect.ask] = reply(dialect.whole)
    with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
        assert ask(made).text == TEXT


def test_a_character_may_be_split(faulty: FaultyServer, dialect: Dialect) -> None:
    """Bytes of one character that arrive apart are one character."""
    body = dialect.good().replace(b"Hello", "Grüße 🙂".encode())
    at(faulty, dialect)[PATH + dialect.ask] = raw(
        dialect.head(), *(body[i : i + 7] for i in range(0, len(body), 7)), pause=0.001
    )
    with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
        assert ask(made).text == "Grüße 🙂 you"


def test_a_model_that_is_not_listed(faulty: FaultyServer, dialect: Dialect) -> None:
    """The list is believed: a model that is not on it is missing, and what there is is told."""
    at(faulty, dialect)[PATH + dialect.listing] = reply(dialect.models("one", "two"))
    with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.raw_error_code) == ("model_missing", "model_missing")
    assert (health.probe_step, health.models) == ("models", ("one", "two"))
    assert "one, two" in health.details


def test_an_empty_list(faulty: FaultyServer, dialect: Dialect) -> None:
    """A server without a model is told as such."""
    at(faulty, dialect)[PATH + dialect.listing] = reply(dialect.models())
    with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.error_category) == ("model_missing", "model")


def test_nobody_there(dialect: Dialect) -> None:
    """A port without a server is told at once."""
    with FaultyServer() as gone:
        base_url = gone.base_url
    started = time.monotonic()
    with speaking(dialect, base_url) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.error_category, health.raw_error_code) == (
        "unreachable",
        "network",
        "connect_refused",
    )
    assert time.monotonic() - started < LATE


def test_no_such_name_and_no_tls(faulty: FaultyServer, dialect: Dialect) -> None:
    """A host name that does not exist, and TLS with a server that speaks none."""
    with speaking(dialect, "http://no-such-host.invalid:8080", key=None) as made:
        assert made.health_check(Deadline(PLENTY)).raw_error_code == "dns_failed"
    with speaking(dialect, faulty.base_url.replace("http:", "https:")) as made:
        assert made.health_check(Deadline(PLENTY)).raw_error_code == "tls_failed"


def test_another_host_never_hears_of_us(faulty: FaultyServer, dialect: Dialect) -> None:
    """A redirect sends neither the key nor the prompt anywhere."""
    with FaultyServer() as other:
        at(faulty, dialect)[PATH + dialect.ask] = moved(other.base_url + dialect.ask)
        with speaking(dialect, faulty.base_url + PATH + dialect.base) as made:
            assert failure(made).raw_error_code == "redirect"
        assert other.seen == []


def test_what_passes_is_asked_again(dialect: Dialect, waited: AtOneTime) -> None:
    """Two overloads, then the answer."""
    assert waited.later[dialect.name].result().text == TEXT


def test_memory_stays_small(faulty: FaultyServer) -> None:
    """Bodies of 200 MB and bombs leave less than 64 MiB behind at the worst moment."""
    process = psutil.Process()
    before = process.memory_info().rss
    worst = before
    done = threading.Event()

    def watch() -> None:
        nonlocal worst
        while not done.wait(0.005):
            worst = max(worst, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for behaviour in (endless(b"x" * 65536, HEAD + b"\r\n"), bomb(LLAMACPP)):
            at(faulty, LLAMACPP)[PATH + LLAMACPP.ask] = behaviour
            with speaking(LLAMACPP, faulty.base_url + PATH) as made:
                assert failure(made).raw_error_code == "too_large"
    finally:
        done.set()
        watcher.join()
    assert worst - before < MEMORY


def test_a_listener_that_never_accepts(dialect: Dialect) -> None:
    """A full queue of connections ends at the deadline."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        host, port = deaf.getsockname()
        with socket.create_connection((host, port)), speaking(dialect, f"http://{host}:{port}") as made:
            assert made.health_check(Deadline(0.2)).raw_error_code == "timeout"
