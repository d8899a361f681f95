"""The one HTTP client: no redirects, one deadline over everything, a byte cap, strict replies, faults named once."""

from __future__ import annotations

import codecs
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import httpx
from httpx_sse import EventSource

from agentos_action import __version__
from agentos_action.adapters.base import MAX_ANSWER_BYTES
from agentos_action.adapters.endpoint import Endpoint
from agentos_action.adapters.exchange import Exchange, Head
from agentos_action.adapters.faults import Code, Faults, code_of
from agentos_action.adapters.strict_json import NotStrictError, loads
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import ToolError, UsageError

JsonObject: TypeAlias = dict[str, object]
Method: TypeAlias = Literal["GET", "POST"]

LOADING_PATIENCE_SECONDS: Final = 30.0
_LOADING_POLL_SECONDS: Final = 0.25
# A refusal is told by its status; its words are waited for this long and read this far.
_REFUSAL_PATIENCE_SECONDS: Final = 0.5
_REFUSAL_BYTES: Final = 64 * 1024
_LIMITS: Final = httpx.Limits(max_keepalive_connections=0)
_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"
_DONE: Final = "[DONE]"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, path below the endpoint's root, JSON body."""

    method: Method
    path: str
    body: JsonObject | None = None


class Reply:
    """A reply with a good status whose body is still to be read, once, as `json()` or as `events()`."""

    def __init__(self, head: Head, exchange: Exchange, faults: Faults) -> None:
        self._head, self._exchange, self._faults = head, exchange, faults

    @property
    def streams(self) -> bool:
        """Whether the body is an event stream; a server may answer a request for one with plain JSON."""
        return self._head.content_type == _EVENTS

    def json(self) -> JsonObject:
        """Read the whole body as one strict JSON object that is no error."""
        kind = self._head.content_type
        if kind != _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
            raise self._faults.error(Code.WRONG_CONTENT_TYPE)
        body = b"".join(self._exchange.chunks())
        if not body:
            raise self._faults.error(Code.EMPTY_BODY)
        return self._object(body, Code.ERROR_IN_REPLY)

    def events(self) -> Iterator[JsonObject]:
        """Yield the stream's objects until `[DONE]`; a stream that ends without it raises `stream_cut`."""
        # httpx_sse knows the line rules; it is fed only bytes that passed deadline, cap and UTF-8 check.
        source = EventSource(httpx.Response(200, headers={"content-type": _EVENTS}, content=self._checked()))
        for event in source.iter_sse():
            if event.data.strip() == _DONE:
                return
            if event.event == "error":
                raise self._told(event.data)
            if event.data:
                yield self._object(event.data, Code.STREAM_ERROR)
        raise self._faults.error(Code.STREAM_CUT)

    def _checked(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        tail = b""
        try:
            for chunk in self._exchange.chunks():
                decoder.decode(chunk)
                tail = (tail + chunk)[-len(_DONE) - 4 :]
                yield chunk
        except UnicodeDecodeError as error:
            raise self._faults.error(Code.BAD_UTF8) from error
        if tail.rstrip(b"\r\n").endswith(_DONE.encode()):
            # The event is complete but for the empty line after it, and the server has no more to say.
            yield b"\n\n"

    def _told(self, data: str) -> ToolError:
        try:
            value = loads(data)
        except NotStrictError:
            # Words instead of JSON are quoted as they are.
            value = data
        whole = value if isinstance(value, dict) and "error" in value else {"error": value}
        return self._error_inside(whole, Code.STREAM_ERROR)

    def _object(self, data: bytes | str, error_code: Code) -> JsonObject:
        try:
            value = loads(data)
        except NotStrictError as error:
            raise self._faults.error(error.code, str(error)) from error
        if not isinstance(value, dict):
            raise self._faults.error(Code.BAD_SHAPE, "It is no JSON object.")
        if value.get("error") is not None:
            raise self._error_inside(value, error_code)
        return value

    def _error_inside(self, value: JsonObject, otherwise: Code) -> ToolError:
        message, names, number = _error_of(value)
        code = code_of(0 if otherwise == Code.STREAM_ERROR else number, names, message) or otherwise
        return _refusal(self._faults, code, value)


class HttpClient:
    """Sends one request after another to one endpoint; every fault comes out as a ToolError of the table."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        api_key: str | None = None,
        clock: Clock | None = None,
        todo: Mapping[Code, str] | None = None,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.endpoint = endpoint
        self.faults = Faults(endpoint.label, hidden=(api_key or "", endpoint.path), todo=todo)
        self._clock = clock or Clock()
        self._max_bytes = max_bytes
        self._client = _client(endpoint, api_key)

    @contextmanager
    def open(self, call: Call, deadline: Deadline) -> Iterator[Reply]:
        """Send the request and hand out the reply; a server that is still loading is asked again for up to 30 s."""
        faults = self.faults.hiding(call.path)
        give_up = self._clock.monotonic() + LOADING_PATIENCE_SECONDS
        while True:
            with self._exchange(call, deadline, faults) as exchange:
                head = exchange.head()
                if 200 <= head.status < 300:  # noqa: PLR2004 - the class of good HTTP statuses
                    yield Reply(head, exchange, faults)
                    return
                error = _refused(head, exchange, faults)
            left = min(deadline.remaining(), give_up - self._clock.monotonic())
            if error.raw_error_code != Code.LOADING or left <= _LOADING_POLL_SECONDS:
                raise error
            time.sleep(_LOADING_POLL_SECONDS)

    def get_json(self, path: str, deadline: Deadline) -> JsonObject:
        """GET a JSON object."""
        with self.open(Call("GET", path), deadline) as reply:
            return reply.json()

    def post_json(self, path: str, body: JsonObject, deadline: Deadline) -> JsonObject:
        """POST a JSON object and get one back."""
        with self.open(Call("POST", path, body), deadline) as reply:
            return reply.json()

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _exchange(self, call: Call, deadline: Deadline, faults: Faults) -> Exchange:
        content = None if call.body is None else json.dumps(call.body).encode()
        headers = {} if content is None else {"Content-Type": _JSON}
        request = self._client.build_request(
            call.method, self.endpoint.root + call.path, content=content, headers=headers
        )
        return Exchange(self._client, request, deadline=deadline, faults=faults, max_bytes=self._max_bytes)


def _refused(head: Head, exchange: Exchange, faults: Faults) -> ToolError:
    value = _refusal_body(exchange)
    message, names, _number = _error_of(value)
    code = code_of(head.status, names, message) or Code.NOT_HTTP
    return _refusal(faults, code, value, f"Status {head.status}.")


def _refusal(faults: Faults, code: Code, value: JsonObject, detail: str = "") -> ToolError:
    """Return the error for a server's error object: its numbers where the context overflowed, else its words."""
    body = value.get("error")
    if code == Code.CONTEXT_OVERFLOW and isinstance(body, dict):
        tokens, context = body.get("n_prompt_tokens"), body.get("n_ctx")
        if isinstance(tokens, int) and isinstance(context, int):
            return faults.error(code, f"The prompt has {tokens} tokens, the context holds {context}.")
    return faults.error(code, f"{detail} {faults.quote(_error_of(value)[0])}".strip())


def _client(endpoint: Endpoint, api_key: str | None) -> httpx.Client:
    headers = {
        # A packed body could expand without bound; a server that packs all the same is unpacked within the cap.
        "Accept-Encoding": "identity",
        "Accept": f"{_JSON}, {_EVENTS}",
        "Connection": "close",
        "User-Agent": f"agentos-action/{__version__}",
    }
    if api_key:
        if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
            message = "The API key holds characters that cannot be sent."
            raise UsageError(message, "Put it into the environment again, without blanks and line ends.")
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        httpx.URL(endpoint.root)
        return httpx.Client(
            headers=headers,
            follow_redirects=False,
            event_hooks={"response": [_forget_location]},
            # One connection a request: shutting its socket down at the deadline harms no other.
            limits=_LIMITS,
            # Elsewhere proxy and CA bundle come from the environment, as httpx reads them.
            transport=_direct(endpoint) if endpoint.loopback else None,
        )
    except httpx.InvalidURL as error:
        message = "The base_url is not usable."
        raise UsageError(message, "Write it like http://127.0.0.1:8080.") from error
    except (ValueError, ImportError) as error:
        # Both are httpx's for a proxy address of a kind that it cannot use.
        message = "The proxy named in the environment is not usable."
        raise UsageError(message, "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.") from error


def _direct(endpoint: Endpoint) -> httpx.HTTPTransport:
    """Return the way to loopback, which never goes through a proxy."""
    # Reading the system's certificates takes 50 ms; a connection without TLS trusts none at all.
    verify = True if endpoint.tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.HTTPTransport(verify=verify, limits=_LIMITS)


def _forget_location(response: httpx.Response) -> None:
    # httpx reads the address of a redirect that it does not follow, and stumbles over a broken one.
    response.headers.pop("location", None)


def _refusal_body(exchange: Exchange) -> JsonObject:
    """Read what a refusal says, as far as it is said in time and is JSON; the status alone tells enough."""
    body = b""
    try:
        for chunk in exchange.chunks(within=Deadline(_REFUSAL_PATIENCE_SECONDS)):
            body += chunk
            if len(body) > _REFUSAL_BYTES:
                return {}
        value = loads(body)
    except (ToolError, NotStrictError):
        return {}
    return value if isinstance(value, dict) else {}


def _error_of(value: JsonObject) -> tuple[str, tuple[str, ...], int]:
    """Return (message, names, HTTP status or 0) of an error object in any of the shapes that servers use."""
    body = value.get("error")
    if not isinstance(body, dict):
        message = body if isinstance(body, str) else value.get("message")
        return message if isinstance(message, str) else "", (), 0
    names = tuple(name for key in ("type", "code") if isinstance(name := body.get(key), str))
    message, number = body.get("message"), body.get("code")
    known = isinstance(number, int) and 400 <= number < 600  # noqa: PLR2004 - HTTP's error statuses
    return message if isinstance(message, str) else "", names, number if known and isinstance(number, int) else 0
