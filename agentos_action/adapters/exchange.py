"""One HTTP request on a thread of its own, so that a wall-clock deadline holds over DNS, connect, headers and body."""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import httpx
from httpcore import NetworkStream

from agentos_action.adapters.faults import Code, Faults
from agentos_action.clock import Deadline

_SLICE = 64 * 1024
# How long an ended exchange waits for its thread; only a name look-up, which nothing can interrupt, outlasts it.
_FAREWELL_SECONDS = 0.25
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_PACKED = {"gzip": _GZIP_OR_ZLIB, "x-gzip": _GZIP_OR_ZLIB, "deflate": _GZIP_OR_ZLIB}

# The first row that fits names the fault; where connecting failed the cause is more exact than httpx's class.
_BY_CAUSE: tuple[tuple[type[BaseException], Code], ...] = (
    (ConnectionRefusedError, Code.CONNECT_REFUSED),
    (socket.gaierror, Code.DNS_FAILED),
    (ssl.SSLError, Code.TLS_FAILED),
)
_BY_CLASS: tuple[tuple[type[BaseException], Code], ...] = (
    (httpx.TimeoutException, Code.TIMEOUT),
    (httpx.ProxyError, Code.PROXY_FAILED),
    (httpx.ConnectError, Code.CONNECT_FAILED),
    (httpx.RemoteProtocolError, Code.NOT_HTTP),
    (httpx.HTTPError, Code.CONNECTION_LOST),
    (OSError, Code.CONNECTION_LOST),
)
# Where the way goes through a proxy, it is the proxy that these tell of.
_UNCONNECTED = frozenset({Code.CONNECT_REFUSED, Code.CONNECT_FAILED, Code.DNS_FAILED})
_PORTS = {"http": 80, "https": 443}
# h11 has one class for both; only its words tell a server that broke off from one that speaks something else.
_BROKEN_OFF = ("disconnected", "peer closed", "closed connection")


@dataclass(frozen=True, slots=True)
class Head:
    """Status and content type, the latter in lower case and without parameters; `retry_after` as it was sent."""

    status: int
    content_type: str
    retry_after: str = ""


@dataclass(frozen=True, slots=True)
class _Broken:
    code: Code


@dataclass(frozen=True, slots=True)
class _End:
    pass


class Exchange:
    """One request: started, its head and its chunks read, closed; closing shuts the socket down and ends the thread."""

    def __init__(
        self, client: httpx.Client, request: httpx.Request, *, deadline: Deadline, faults: Faults, max_bytes: int
    ) -> None:
        request.extensions = {
            **request.extensions,
            "trace": self._trace,
            # The thread must end by itself even where nobody waits for it any more.
            "timeout": httpx.Timeout(max(deadline.remaining(), 0.001)).as_dict(),
        }
        self._client, self._request = client, request
        self._deadline, self._faults, self._max_bytes = deadline, faults, max_bytes
        self._items: queue.SimpleQueue[Head | bytes | _Broken | _End] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._ended = False
        self._by_proxy = False
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._work, name="agentos-http", daemon=True)

    def start(self) -> Self:
        """Send the request; whoever starts an exchange closes it."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Shut the socket down and end the thread."""
        with self._lock:
            self._ended = True
            held, self._socket = self._socket, None
        if held is not None:
            _shut(held)
        self._thread.join(_FAREWELL_SECONDS)

    def head(self) -> Head:
        """Wait for status and headers."""
        item = self._next()
        if not isinstance(item, Head):
            raise self._faults.error(Code.CONNECTION_LOST)
        return item

    def chunks(self, within: Deadline | None = None) -> Iterator[bytes]:
        """Yield the unpacked body as it arrives; `within` is a second, nearer deadline."""
        while isinstance(item := self._next(within), bytes):
            yield item

    def _next(self, within: Deadline | None = None) -> Head | bytes | _End:
        wait = min(limit.remaining() for limit in (self._deadline, within) if limit is not None)
        if wait <= 0:
            raise self._faults.error(Code.TIMEOUT)
        try:
            item = self._items.get(timeout=wait)
        except queue.Empty:
            raise self._faults.error(Code.TIMEOUT) from None
        if isinstance(item, _Broken):
            raise self._faults.error(item.code)
        return item

    def _work(self) -> None:
        try:
            response = self._client.send(self._request, stream=True)
            try:
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                self._items.put(Head(response.status_code, kind, response.headers.get("retry-after", "").strip()))
                self._pass_on(response)
            finally:
                response.close()
        except (httpx.HTTPError, OSError) as error:
            code = _code_of(error)
            self._items.put(_Broken(Code.PROXY_FAILED if self._by_proxy and code in _UNCONNECTED else code))
        finally:
            self._items.put(_End())

    def _pass_on(self, response: httpx.Response) -> None:
        seen = 0
        try:
            for chunk in _unpacked(response):
                seen += len(chunk)
                if self._ended:
                    return
                if seen > self._max_bytes:
                    self._items.put(_Broken(Code.TOO_LARGE))
                    return
                self._items.put(chunk)
        except (zlib.error, _UnknownEncodingError):
            self._items.put(_Broken(Code.BAD_ENCODING))

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        if event.endswith("connect_tcp.started"):
            url = self._request.url
            there = (url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme])
            self._by_proxy = (info["host"], info["port"]) != there
        # `connection.connect_tcp.complete`, also of a proxy's connection; TLS is laid over this same socket later.
        if not event.endswith("connect_tcp.complete"):
            return
        stream = info["return_value"]
        if not isinstance(stream, NetworkStream):
            return
        plain: socket.socket = stream.get_extra_info("socket")
        # A duplicate stays valid when TLS takes the descriptor of the plain socket away.
        held = plain.dup()
        with self._lock:
            if not self._ended:
                self._socket = held
                return
        _shut(held)


class _UnknownEncodingError(Exception):
    """The body is packed in a way we neither asked for nor can bound."""


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body in pieces of at most 64 KiB: httpx itself would expand a packed piece at once, however large."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing in {"", "identity"}:
        yield from response.iter_raw()
        return
    if packing not in _PACKED:
        raise _UnknownEncodingError
    unpacker = zlib.decompressobj(_PACKED[packing])
    for raw in response.iter_raw():
        rest = raw
        while rest and not unpacker.eof:
            yield unpacker.decompress(rest, _SLICE)
            rest = unpacker.unconsumed_tail
    while not unpacker.eof:
        # What zlib still holds back comes out without further input; nothing coming out means a cut-off body.
        if not (piece := unpacker.decompress(b"", _SLICE)):
            raise zlib.error
        yield piece


def _code_of(error: BaseException) -> Code:
    cause: BaseException | None = error if isinstance(error, httpx.ConnectError) else None
    while cause is not None:
        for kind, code in _BY_CAUSE:
            if isinstance(cause, kind):
                return code
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError) and any(words in str(error) for words in _BROKEN_OFF):
        return Code.CONNECTION_LOST
    return next(code for kind, code in _BY_CLASS if isinstance(error, kind))


def _shut(held: socket.socket) -> None:
    # The other side may have gone already; then there is nothing left to shut down.
    with contextlib.suppress(OSError):
        held.shutdown(socket.SHUT_RDWR)
    held.close()
