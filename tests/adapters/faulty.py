"""A real HTTP server on loopback that speaks llama.cpp's protocol and misbehaves where a test says so."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias

MODEL = "faulty-1b"
JSON = "application/json; charset=utf-8"
EVENTS = "text/event-stream"
CHAT = "/v1/chat/completions"
COMPLETION = "/completion"
MODELS = "/v1/models"
TLS_HANDSHAKE = b"\x16\x03"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived; `number` counts from 1 for its path, `over` is set when its server ends."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    number: int
    over: threading.Event


Behaviour: TypeAlias = Callable[[socket.socket, Request], None]


def reply(body: bytes | str | object, *, status: int = 200, kind: str = JSON, extra: str = "") -> Behaviour:
    """Answer with this body, given as bytes, as text or as a value to be written as JSON."""
    data = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{extra}\r\n"
    return raw(head.encode() + data)


def raw(*parts: bytes, pause: float = 0.0) -> Behaviour:
    """Send these bytes, with a pause after each part, then close."""

    def behave(connection: socket.socket, _request: Request) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)

    return behave


def sse(*events: object, end: bytes = b"data: [DONE]\n\n") -> bytes:
    """Write an event stream without its HTTP head; a text event stands as it is."""
    lines = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return b"".join(f"data: {line}\n\n".encode() for line in lines) + end


def stream(body: bytes) -> Behaviour:
    """Answer with an event stream that ends when the connection does."""
    return raw(stream_head() + body)


def stream_head() -> bytes:
    """Return the head of an event stream of unknown length."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {EVENTS}\r\n\r\n".encode()


def stall(connection: socket.socket, request: Request) -> None:
    """Say nothing until the client has had enough, or the server ends."""
    connection.settimeout(0.05)
    while not request.over.is_set():
        with contextlib.suppress(TimeoutError):
            if not connection.recv(65536):
                return


def then_stall(first: bytes) -> Behaviour:
    """Send this, then nothing more without closing."""

    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(first)
        stall(connection, request)

    return behave


def drip(data: bytes, pause: float = 0.05) -> Behaviour:
    """Send one byte at a time: every single wait is short, the whole never ends."""
    return raw(*(data[i : i + 1] for i in range(len(data))), pause=pause)


def endless(part: bytes, head: bytes, total: int = 200_000_000) -> Behaviour:
    """Send the part again and again up to `total` bytes."""

    def behave(connection: socket.socket, _request: Request) -> None:
        connection.sendall(head)
        for _ in range(total // len(part)):
            connection.sendall(part)

    return behave


def reset(first: bytes) -> Behaviour:
    """Send this, then break the connection off hard (RST)."""

    def behave(connection: socket.socket, _request: Request) -> None:
        connection.sendall(first)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def first_then(first: Behaviour, times: int, later: Behaviour) -> Behaviour:
    """Behave the first way for some requests to a path, the other way afterwards."""

    def behave(connection: socket.socket, request: Request) -> None:
        (first if request.number <= times else later)(connection, request)

    return behave


def chunk(content: object, finish: object = None, model: str = MODEL) -> dict[str, object]:
    """Return one event of a chat stream."""
    delta = {} if content is ... else {"content": content}
    return {"choices": [{"finish_reason": finish, "index": 0, "delta": delta}], "model": model}


def good_chat() -> bytes:
    """Return a whole good chat stream."""
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 5}}
    last = {"choices": [], "model": MODEL, "usage": usage}
    return sse(chunk(None), chunk("Hello"), chunk(" you"), chunk(..., "stop"), last)


def part(content: object, **more: object) -> dict[str, object]:
    """Return one event of a completion stream."""
    return {"content": content, "stop": False, **more}


def last_part(stop_type: str = "eos", model: str = MODEL) -> dict[str, object]:
    """Return the closing event of a completion stream."""
    counts = {"tokens_evaluated": 7, "tokens_predicted": 2, "timings": {"cache_n": 5}}
    return part("", stop_type=stop_type, model=model, **counts) | {"stop": True}


def good_completion() -> bytes:
    """Return a whole good completion stream."""
    return sse(part("Hello"), part(" you"), last_part(), end=b"")


def model_list(*names: str) -> dict[str, object]:
    """Return a list of models as llama.cpp writes it."""
    return {"object": "list", "data": [{"id": name, "aliases": [name], "object": "model"} for name in names]}


def error_body(message: str, kind: str, code: object, **more: object) -> dict[str, object]:
    """Return an error as llama.cpp writes it."""
    return {"error": {"code": code, "message": message, "type": kind, **more}}


LOADING = reply(error_body("Loading model", "unavailable_error", 503), status=503)


@dataclass(slots=True)
class FaultyServer:
    """Listens on a free port; `at[path]` says how a path behaves, `seen` holds every request."""

    at: dict[str, Behaviour] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """Return host:port."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    @property
    def base_url(self) -> str:
        """Return the address as a base URL."""
        return f"http://{self.address}"

    def __enter__(self) -> Self:
        self.at = {
            MODELS: reply(model_list(MODEL)),
            "/apply-template": reply({"prompt": "<user>hi"}),
            "/tokenize": reply({"tokens": [1, 2, 3]}),
            "/props": reply({"default_generation_settings": {"n_ctx": 512}}),
            CHAT: stream(good_chat()),
            COMPLETION: stream(good_completion()),
        }
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # The client breaks off whenever it has had enough; that is what most of the tests are about.
        with connection, contextlib.suppress(OSError):
            request = self._read(connection)
            if request is not None:
                self.seen.append(request)
                self.at.get(request.path, reply({"error": "File Not Found"}, status=404))(connection, request)

    def _read(self, connection: socket.socket) -> Request | None:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return None
            data += piece
            if data.startswith(TLS_HANDSHAKE):
                return Request("", "a TLS greeting", {}, data, 1, self._over)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        while len(body) < int(headers.get("content-length", "0")):
            body += connection.recv(65536)
        method, path, _version = first.split(" ")
        number = 1 + sum(request.path == path for request in self.seen)
        return Request(method, path, headers, body, number, self._over)
