"""Every row of misbehaviour ends in its own category and code, within its deadline, in both modes."""

from __future__ import annotations

import gzip
import json
import threading
import time

import psutil
import pytest

from agentos_action.adapters.faults import FAULTS

from .building import MODES, PLENTY, adapter, ask, failure
from .fault_rows import CHAT_ROWS, COMPLETION_ROWS, ROWS, Row
from .faulty import (
    CHAT,
    COMPLETION,
    LOADING,
    MODEL,
    MODELS,
    FaultyServer,
    chunk,
    first_then,
    good_chat,
    good_completion,
    raw,
    reply,
    sse,
    stream,
    stream_head,
    then_stall,
)

PATH = {"openai_compatible": CHAT, "llamacpp_completion": COMPLETION}

CASES = [
    *(pytest.param(mode, row, id=f"{mode}-{row.id}") for mode in MODES for row in ROWS),
    *(pytest.param("openai_compatible", row, id=f"chat-{row.id}") for row in CHAT_ROWS),
    *(pytest.param("llamacpp_completion", row, id=f"completion-{row.id}") for row in COMPLETION_ROWS),
]


@pytest.mark.parametrize(("mode", "row"), CASES)
def test_a_misbehaving_server_is_told_as_what_it_is(faulty: FaultyServer, mode: str, row: Row) -> None:
    """The answer fails with the row's category and code, and the message gives nothing away."""
    faulty.at[PATH[mode]] = row.behaviour
    with adapter(faulty.base_url, mode, key="sk-secret-key") as made:
        error = failure(made, seconds=row.seconds)
    assert (error.category, error.raw_error_code) == (row.category, row.code)
    assert FAULTS[error.raw_error_code].category == row.category  # type: ignore[index] # a code is a str
    assert error.hint
    assert "sk-secret-key" not in error.message + error.hint
    assert not any(hidden in error.message + error.hint for hidden in (PATH[mode], "http://"))
    assert "\n" not in error.message


@pytest.mark.parametrize("mode", MODES)
def test_refused_connection(mode: str) -> None:
    """A port where nobody listens is told at once, with what to do."""
    with FaultyServer() as gone:
        base_url = gone.base_url
    with adapter(base_url, mode) as made:
        error = failure(made)
    assert (error.category, error.raw_error_code) == ("network", "connect_refused")
    assert error.message == f"Nothing answers at {gone_address(base_url)}."
    assert error.hint == "Start llama-server, or use --embedded."


def gone_address(base_url: str) -> str:
    """Return host:port of a base URL."""
    return base_url.removeprefix("http://")


def test_unknown_host_and_tls_on_plain_http(faulty: FaultyServer) -> None:
    """A name that does not exist and TLS spoken to a plain server have codes of their own."""
    with adapter("http://no-such-host.invalid:8080") as made:
        # A machine without a network may take long to say so: then the deadline holds over the look-up.
        assert failure(made, seconds=0.5).raw_error_code in {"dns_failed", "timeout"}
    with adapter(f"https://{faulty.address}") as made:
        assert failure(made).raw_error_code == "tls_failed"


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_loads_is_waited_for(faulty: FaultyServer, mode: str) -> None:
    """Two refusals for loading, then the answer."""
    good = stream(good_chat() if mode == "openai_compatible" else good_completion())
    faulty.at[PATH[mode]] = first_then(LOADING, 2, good)
    with adapter(faulty.base_url, mode) as made:
        assert ask(made).text == "Hello you"
    assert sum(request.path == PATH[mode] for request in faulty.seen) == 3


@pytest.mark.parametrize("mode", MODES)
def test_split_characters_and_odd_line_ends_are_no_fault(faulty: FaultyServer, mode: str) -> None:
    """A character cut between two packets, CRLF lines and comments still give the answer."""
    good = good_chat() if mode == "openai_compatible" else good_completion()
    text = json.dumps("é 😀", ensure_ascii=False).encode()
    body = b": hi\n\n" + good.replace(b'"Hello"', text).replace(b"\n", b"\r\n")
    faulty.at[PATH[mode]] = raw(stream_head(), *(body[i : i + 7] for i in range(0, len(body), 7)), pause=0.001)
    with adapter(faulty.base_url, mode) as made:
        assert ask(made).text == "é 😀 you"


def test_whole_json_for_a_stream_request_counts(faulty: FaultyServer) -> None:
    """A complete plain reply to a request for a stream is an answer."""
    body = {"choices": [{"finish_reason": "stop", "message": {"content": "Hi"}}], "model": MODEL}
    faulty.at[CHAT] = reply(gzip.compress(json.dumps(body).encode()), extra="Content-Encoding: gzip\r\n")
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hi"


def test_done_without_a_last_empty_line_counts(faulty: FaultyServer) -> None:
    """A stream whose very last line end is missing came to its end all the same."""
    faulty.at[CHAT] = stream(sse(chunk("Hi", "stop"), end=b"data: [DONE]"))
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hi"


def test_redirects_send_nothing_anywhere(faulty: FaultyServer) -> None:
    """Another host that a redirect names never hears of us."""
    with FaultyServer() as other:
        faulty.at[MODELS] = reply(b"", status=307, extra=f"Location: {other.base_url}/v1/models\r\n")
        with adapter(faulty.base_url, key="sk-secret-key") as made:
            assert failure(made).raw_error_code == "redirect"
        assert other.seen == []


def test_server_text_is_quoted_harmlessly(faulty: FaultyServer) -> None:
    """Escapes, line ends, runner commands, our key and path do not reach the message."""
    text = "\x1b[31mred\n::error::x \u202e sk-secret-key at /hidden/path " + "y" * 999
    faulty.at["/hidden/path/v1/models"] = reply({"error": {"message": text}}, status=500)
    with adapter(f"{faulty.base_url}/hidden/path/v1", key="sk-secret-key") as made:
        message = failure(made).message
    assert message.isprintable()
    assert not any(hidden in message for hidden in ("sk-secret", "hidden", "::", "\u202e"))
    assert len(message) < 300


def test_a_proxy_in_the_environment_is_not_used_for_loopback(
    faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request reaches the server although the environment names a proxy that nobody runs."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with adapter(faulty.base_url) as made:
        assert ask(made).text == "Hello you"


def test_what_is_sent(faulty: FaultyServer) -> None:
    """The key goes as Bearer, the body asks for no packing, and every limit is in it."""
    with adapter(f"{faulty.base_url}/v1/", key="sk-secret-key") as made:
        ask(made)
    sent = faulty.seen[-1]
    body = json.loads(sent.body)
    assert sent.headers["authorization"] == "Bearer sk-secret-key"
    assert sent.headers["accept-encoding"] == "identity"
    assert body["max_tokens"] == 24
    assert (body["temperature"], body["seed"], body["stop"], body["cache_prompt"]) == (0.0, 0, [], True)
    assert body["stream_options"] == {"include_usage": True}


def test_nothing_is_left_behind(faulty: FaultyServer) -> None:
    """After many broken exchanges no thread of ours and no descriptor is left."""
    process = psutil.Process()
    faulty.at[CHAT] = then_stall(stream_head() + b": hi\n")
    with adapter(faulty.base_url) as made:
        failure(made, seconds=0.1)
        before = process.num_fds()
        for _ in range(8):
            failure(made, seconds=0.1)
    until = time.monotonic() + PLENTY
    while _http_threads() and time.monotonic() < until:
        time.sleep(0.02)
    assert not _http_threads()
    # The server's half of the stalled connections closes a moment later.
    assert process.num_fds() <= before + 8


def _http_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "agentos-http"]
