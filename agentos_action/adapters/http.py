"""The one HTTP client: no redirects, one deadline over everything, a byte cap, strict replies, faults named once."""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, Literal, TypeAlias

import httpx

from agentos_action import __version__
from agentos_action.adapters.base import MAX_ANSWER_BYTES
from agentos_action.adapters.endpoint import Endpoint
from agentos_action.adapters.exchange import Exchange, Head
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.patience import Patience, TryAgainError, again, not_connected, passing, seconds_of
from agentos_action.adapters.recognise import code_of, error_of
from agentos_action.adapters.reply import EVENTS, LINES, JsonObject, Reply, refusal
from agentos_action.adapters.strict_json import NotStrictError, loads
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import ToolError, UsageError

Method: TypeAlias = Literal["GET", "POST"]
# As `Authorization` a key is sent as a bearer token, elsewhere as it is.
KeyHeader: TypeAlias = Literal["Authorization", "x-api-key"]

# A refusal is told by its status; its words are waited for this long and read this far.
_REFUSAL_PATIENCE_SECONDS: Final = 0.5
_REFUSAL_BYTES: Final = 64 * 1024
_LIMITS: Final = httpx.Limits(max_keepalive_connections=0)
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, path below the endpoint's root, JSON body."""

    method: Method
    path: str
    body: JsonObject | None = None


class HttpClient:
    """Sends one request after another to one endpoint; every fault comes out as a ToolError of the table."""

    def __init__(  # noqa: PLR0913 - each a part of every request
        self,
        endpoint: Endpoint,
        *,
        api_key: str | None = None,
        key_header: KeyHeader = "Authorization",
        headers: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        todo: Mapping[Code, str] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.faults = Faults(endpoint.label, hidden=(api_key or "", endpoint.path), todo=todo)
        self._clock = clock or Clock()
        self._client = _client(endpoint, {**(headers or {}), **_key(api_key, key_header)})

    @contextmanager
    def open(self, call: Call, deadline: Deadline) -> Iterator[Reply]:
        """Send the request and hand out the reply; a failure that may pass is asked again within the deadline."""
        faults = self.faults.hiding(call.path)
        patience = Patience(deadline, self._clock, short=call.method == "GET")
        exchange, head = again(lambda: self._answered(call, deadline, faults), patience)
        with contextlib.closing(exchange):
            yield Reply(head, exchange, faults)

    def _answered(self, call: Call, deadline: Deadline, faults: Faults) -> tuple[Exchange, Head]:
        """Return the running exchange and its good head; raises TryAgainError where the failure may pass."""
        with ExitStack() as stack:
            exchange = stack.enter_context(contextlib.closing(self._exchange(call, deadline, faults).start()))
            try:
                head = exchange.head()
            except ToolError as lost:
                # Of a server that listed its models a moment ago this may pass.
                if not_connected(lost) and call.method == "POST":
                    raise TryAgainError(lost) from lost
                raise
            if 200 <= head.status < 300:  # noqa: PLR2004 - the class of good HTTP statuses
                stack.pop_all()
                return exchange, head
            error, after = self._refused(head, exchange, faults)
        raise TryAgainError(error, after) if passing(error, head.status) else error

    def _refused(self, head: Head, exchange: Exchange, faults: Faults) -> tuple[ToolError, float | None]:
        """Return the error of a refusal, and the seconds that the server asks to wait."""
        value = _refusal_body(exchange)
        message, names, _number = error_of(value)
        code = code_of(head.status, names, message) or Code.NOT_HTTP
        after = seconds_of(head.retry_after, self._clock.now()) if head.retry_after else None
        asks = f" It asks to wait {after:.0f} s." if after else ""
        return refusal(faults, code, value, f"Status {head.status}.{asks}"), after

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
        return Exchange(self._client, request, deadline=deadline, faults=faults, max_bytes=MAX_ANSWER_BYTES)


def _key(api_key: str | None, header: KeyHeader) -> dict[str, str]:
    if not api_key:
        return {}
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        message = "The API key holds characters that cannot be sent."
        raise UsageError(message, "Give it again, without blanks and line ends.")
    return {header: f"Bearer {api_key}" if header == "Authorization" else api_key}


def _client(endpoint: Endpoint, own: Mapping[str, str]) -> httpx.Client:
    headers = {
        # A packed body could expand without bound; a server that packs all the same is unpacked within the cap.
        "Accept-Encoding": "identity",
        "Accept": ", ".join((_JSON, EVENTS, LINES[0])),
        "Connection": "close",
        "User-Agent": f"agentos-action/{__version__}",
        **own,
    }
    try:
        # Asked for its host, httpx decodes an `xn--` name, which may be none.
        _ = httpx.URL(endpoint.root).host
        return httpx.Client(
            headers=headers,
            # A cookie is nothing that an answer needs, and one of odd bytes could not be sent back.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            event_hooks={"response": [_forget_location]},
            # One connection a request: shutting its socket down at the deadline harms no other.
            limits=_LIMITS,
            # Elsewhere proxy and CA bundle come from the environment, as httpx reads them.
            transport=_direct(endpoint) if endpoint.loopback else None,
        )
    except (httpx.InvalidURL, UnicodeError) as error:
        message = "The base_url is not usable."
        raise UsageError(message, "Write it like http://127.0.0.1:8080.") from error
    except (ValueError, ImportError) as error:
        # Both are httpx's for a proxy address of a kind that it cannot use.
        message = "The proxy named in the environment is not usable."
        raise UsageError(message, "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.") from error
    except OSError as error:
        message = "The certificates named in the environment cannot be read."
        raise UsageError(message, "Check SSL_CERT_FILE and SSL_CERT_DIR.") from error


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
    # Google's services put the object into a list.
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else {}
