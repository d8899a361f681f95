"""The rows of misbehaviour: how the server behaves, and the category and code that it must be told by."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass

from .faulty import (
    CHAT,
    COMPLETION,
    LOADING,
    MODEL,
    Behaviour,
    chunk,
    drip,
    endless,
    error_body,
    last_part,
    part,
    raw,
    reply,
    reset,
    sse,
    stall,
    stream,
    stream_head,
    then_stall,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
OVERFLOW = error_body("too big", "exceed_context_size_error", 400, n_prompt_tokens=9031, n_ctx=4096)


@dataclass(frozen=True, slots=True)
class Row:
    """One way to misbehave, and what it must be called."""

    id: str
    behaviour: Behaviour
    category: str
    code: str
    seconds: float = 120.0


def drip_error() -> Behaviour:
    """Refuse at once and spell out the reason for ever."""
    return raw(b"HTTP/1.1 401 X\r\nContent-Length: 900\r\n\r\n", *([b" "] * 400), pause=0.03)


ROWS = (
    Row("html", reply(b"<html>hi</html>", kind="text/html"), "schema", "wrong_content_type"),
    Row("no content type", raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), "schema", "wrong_content_type"),
    Row("html named json", reply(b"<html>hi</html>"), "schema", "bad_json"),
    Row("empty body", reply(b""), "schema", "empty_body"),
    Row("truncated json", reply(b'{"choices": [{'), "schema", "bad_json"),
    Row("a list", reply([1, 2]), "schema", "bad_shape"),
    Row("wrong types", reply({"choices": "none", "content": 5, "stop": "yes"}), "schema", "bad_shape"),
    Row("empty object", reply({}), "schema", "bad_shape"),
    Row("duplicate keys", reply(b'{"choices": [], "choices": []}'), "schema", "bad_json"),
    Row("NaN", reply(b'{"content": NaN}'), "schema", "bad_json"),
    Row("infinite number", reply(b'{"content": 1e999}'), "schema", "bad_json"),
    Row("endless digits", reply(b'{"content": ' + b"9" * 5000 + b"}"), "schema", "bad_json"),
    Row("deep", reply(b'{"content": ' + b"[" * 200 + b"]" * 200 + b"}"), "schema", "bad_json"),
    Row("very deep", reply(b"[" * 100_000), "schema", "bad_json"),
    Row("bad UTF-8", reply(b'{"content": "\xff"}'), "schema", "bad_utf8"),
    Row("half a character", reply(b'{"content": "\\ud83d"}'), "schema", "bad_utf8"),
    Row("bad UTF-8 in a stream", stream(b'data: {"content": "\xff"}\n\n'), "schema", "bad_utf8"),
    Row("UTF-8 cut in a stream", stream(b'data: {"content": "\xf0\x9f'), "network", "stream_cut"),
    Row("bad JSON in a stream", stream(sse("{oops")), "schema", "bad_json"),
    Row("a number in a stream", stream(sse("5")), "schema", "bad_shape"),
    Row("cut stream", stream(b'data: {"cho'), "network", "stream_cut"),
    Row("empty stream", stream(b""), "network", "stream_cut"),
    Row("stream of comments", stream(b": ping\n\n" * 9), "network", "stream_cut"),
    Row("reset in a stream", reset(stream_head() + b"data: "), "network", "connection_lost"),
    Row("reset at once", reset(b""), "network", "connection_lost"),
    Row("closed at once", raw(), "network", "connection_lost"),
    Row("short body", raw(HEAD + b"Content-Length: 90\r\n\r\n{}"), "network", "connection_lost"),
    Row("broken chunks", raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "network", "not_http"),
    Row("not HTTP", raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "network", "not_http"),
    Row("error event", stream(sse({"error": {"message": "boom", "code": 500}})), "network", "stream_error"),
    Row("named error event", stream(b"event: error\ndata: boom\n\n"), "network", "stream_error"),
    Row("JSON error event", stream(b'event: error\ndata: {"message": "bad_alloc"}\n\n'), "runtime", "out_of_memory"),
    Row("memory error event", stream(sse(error_body("Out of memory!", "x", 500))), "runtime", "out_of_memory"),
    Row("error inside 200", reply({"error": "something"}), "schema", "error_in_reply"),
    Row("500 inside 200", reply(error_body("boom", "server_error", 500)), "network", "http_5xx"),
    Row("overflow inside 200", reply(OVERFLOW), "model", "context_overflow"),
    Row("400", reply(error_body("bad", "invalid_request_error", 400), status=400), "config", "http_4xx"),
    Row("400 overflow", reply(OVERFLOW, status=400), "model", "context_overflow"),
    Row("401", reply(error_body("no", "authentication_error", 401), status=401), "auth", "http_401"),
    Row(
        "404 with our path",
        reply({"error": f"no {CHAT} {COMPLETION} at http://x/y"}, status=404),
        "network",
        "http_404",
    ),
    Row("403", reply(b"no", status=403, kind="text/plain"), "auth", "http_403"),
    Row("404", reply(error_body("File Not Found", "not_found_error", 404), status=404), "network", "http_404"),
    Row("404 model", reply(error_body("x", "y", "model_not_found"), status=404), "model", "model_missing"),
    Row("408", reply(b"", status=408), "network", "timeout"),
    Row("429", reply({"error": {"message": "slow down"}}, status=429), "network", "http_429"),
    Row("429 quota", reply(error_body("pay", "insufficient_quota", None), status=429), "auth", "quota"),
    Row("500", reply(b"<h1>oops</h1>", status=500, kind="text/html"), "network", "http_5xx"),
    Row("500 memory", reply(error_body("failed to allocate", "x", 500), status=500), "runtime", "out_of_memory"),
    Row("503 busy", reply({"error": {"message": "busy"}}, status=503), "network", "http_5xx"),
    Row("503 loading for ever", LOADING, "network", "loading", 2.0),
    Row("redirect", reply(b"", status=302, extra="Location: /elsewhere\r\n"), "network", "redirect"),
    Row("redirect to a file", reply(b"", status=301, extra="Location: file:///etc/passwd\r\n"), "network", "redirect"),
    Row("redirect to nonsense", reply(b"", status=308, extra="Location: http://[::1\r\n"), "network", "redirect"),
    Row("many parts", reply(b"[" + b"[]," * 600_000 + b"0]"), "schema", "too_large"),
    Row("200 MB", endless(b"x" * 65536, HEAD + b"\r\n"), "schema", "too_large"),
    Row("200 MB stream", endless(b": ping\n" * 9000, stream_head()), "schema", "too_large"),
    Row(
        "gzip bomb", reply(gzip.compress(bytes(50_000_000)), extra="Content-Encoding: gzip\r\n"), "schema", "too_large"
    ),
    Row("bad gzip", reply(b"not gzip", extra="Content-Encoding: gzip\r\n"), "schema", "bad_encoding"),
    Row("cut gzip", reply(zlib.compress(b"{}")[:-3], extra="Content-Encoding: deflate\r\n"), "schema", "bad_encoding"),
    Row("unknown packing", reply(b"{}", extra="Content-Encoding: br\r\n"), "schema", "bad_encoding"),
    Row("error body of 200 MB", endless(b"x" * 65536, b"HTTP/1.1 500 X\r\n\r\n"), "network", "http_5xx"),
    Row("error body stalls", then_stall(b"HTTP/1.1 401 X\r\nContent-Length: 9\r\n\r\n"), "auth", "http_401", 2.0),
    Row("drip of an error body", drip_error(), "auth", "http_401", 2.0),
    Row("stalled", stall, "network", "timeout", 0.25),
    Row("stalled in the stream", then_stall(stream_head() + b": hi\n"), "network", "timeout", 0.25),
    Row("drip of headers", drip(HEAD + b"X: " + b"x" * 200), "network", "timeout", 0.25),
    Row("drip of a body", drip(HEAD + b"\r\n" + b" " * 200), "network", "timeout", 0.25),
    Row("drip of a stream", drip(stream_head() + b": " * 200), "network", "timeout", 0.25),
)

CHAT_ROWS = (
    Row("no choices", reply({"choices": [], "model": MODEL}), "schema", "bad_shape"),
    Row("no choices in a stream", stream(sse({"choices": [], "model": MODEL})), "schema", "bad_shape"),
    Row("done at once", stream(sse()), "schema", "bad_shape"),
    Row("null content", stream(sse(chunk(None), chunk(None, "stop"))), "schema", "empty_answer"),
    Row("content is a number", stream(sse(chunk(5, "stop"))), "schema", "bad_shape"),
    Row("no finish reason", stream(sse(chunk("Hi"))), "network", "stream_cut"),
    Row("no [DONE]", stream(sse(chunk("Hi"), chunk("", "stop"), end=b"")), "network", "stream_cut"),
    Row("length", stream(sse(chunk("Hi", "length"))), "model", "answer_cut"),
    Row("content filter", stream(sse(chunk("Hi", "content_filter"))), "model", "content_filter"),
    Row("another model", stream(sse(chunk("Hi", "stop", "other"))), "model", "wrong_model"),
    Row(
        "refusal",
        reply({"choices": [{"finish_reason": "stop", "message": {"content": None, "refusal": "I will not."}}]}),
        "model",
        "refused",
    ),
    Row(
        "null content, whole",
        reply({"choices": [{"finish_reason": "stop", "message": {"content": None}}]}),
        "schema",
        "empty_answer",
    ),
)

COMPLETION_ROWS = (
    Row("no stop", stream(sse(part("Hi"), end=b"")), "network", "stream_cut"),
    Row("[DONE] without stop", stream(sse(part("Hi"))), "network", "stream_cut"),
    Row("whole reply that goes on", reply(part("Hi")), "network", "stream_cut"),
    Row("limit", stream(sse(part("Hi"), last_part("limit"))), "model", "answer_cut"),
    Row("no text", stream(sse(last_part())), "schema", "empty_answer"),
    Row("another model", stream(sse(part("Hi"), last_part(model="other"))), "model", "wrong_model"),
)
