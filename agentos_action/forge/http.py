"""One HTTP client for the forge: no redirects, one deadline over everything, a byte cap, strict JSON."""

from __future__ import annotations

import json
import queue
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NoReturn, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

import httpx

from agentos_action import __version__
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import DeliveryError
from agentos_action.forge.patience import Again, again, wait_of
from agentos_action.forge.refusals import refusal
from agentos_action.records.delivery import is_loopback, takes_token

Method: TypeAlias = Literal["GET", "POST", "PATCH", "DELETE"]
#: A page of a hundred texts of 65,536 characters each is below 29 MB: no stranger can write one that is not read.
MAX_BYTES: Final = 32 * 1024 * 1024
_STEP_SECONDS: Final = 30.0
_HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
    # A packed body could expand without bound.
    "Accept-Encoding": "identity",
    "User-Agent": f"agentos-action/{__version__}",
}


@dataclass(frozen=True, slots=True)
class _Came:
    """A reply as it came: status, the headers that we read, the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Sends requests to one API; a refusal comes out as the DeliveryError that names the setting to change."""

    def __init__(self, api_url: str, token: str, deadline: Deadline, clock: Clock) -> None:
        self._root, self._deadline, self._clock = api_url.rstrip("/"), deadline, clock
        loopback = is_loopback(urlsplit(self._root).hostname or "")
        headers = {**_HEADERS, "Authorization": f"Bearer {_sendable(token)}"}
        # A connection to this machine without TLS trusts none at all.
        plain = loopback and self._root.startswith("http://")
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else _trusted()
        try:
            self._client = httpx.Client(
                headers=headers,
                follow_redirects=False,
                timeout=_STEP_SECONDS,
                verify=trust,
                # This machine is never reached through a proxy; elsewhere the environment names it, as httpx reads it.
                transport=httpx.HTTPTransport(verify=trust) if loopback else None,
            )
        except (ValueError, ImportError) as error:
            hint = "Check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
            raise DeliveryError("the proxy that the environment names is not usable", hint) from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> object:
        """GET a JSON value."""
        return _value(self._asked("GET", path + (f"?{urlencode(query)}" if query else ""), None))

    def send(self, method: Method, path: str, body: dict[str, object], *, repeatable: bool = False) -> object:
        """POST or PATCH a JSON object and return what comes back.

        A request that makes something is not sent again where the first may have arrived: raises `MayHaveArrived`.
        `repeatable` says that this one, sent twice, makes what it makes once.
        """
        return _value(self._asked(method, path, body, makes=method == "POST" and not repeatable))

    def delete(self, path: str) -> None:
        """DELETE what is there; what is there no more, perhaps by a request that got no answer, is not missed."""
        try:
            self._asked("DELETE", path, None)
        except DeliveryError as error:
            if error.raw_error_code != "forge_not_found":
                raise

    def _asked(self, method: Method, path: str, body: dict[str, object] | None, *, makes: bool = False) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        came = again(lambda: self._once(method, path, content), self._deadline, makes=makes)
        if 200 <= came.status < 300:  # noqa: PLR2004 - the class of good HTTP statuses
            return came.body
        raise refusal(came.status, _words(came.body), f"{method} {path.partition('?')[0]}")

    def _once(self, method: Method, path: str, content: bytes | None) -> _Came:
        came = self._exchanged(method, path, content)
        if came.status >= 500:  # noqa: PLR2004 - the class of a server's own failures
            error = refusal(came.status, _words(came.body), f"{method} {path.partition('?')[0]}")
            raise Again(error, arrived=True)
        if came.status in {403, 429}:
            wait = wait_of(came.headers, _words(came.body), self._clock.now())
            if wait is not None:
                raise Again(refusal(429, f"it asks to wait {wait:.0f} s", path), wait)
        return came

    def _exchanged(self, method: Method, path: str, content: bytes | None) -> _Came:
        """Exchange one request for one reply, on a thread of its own: the deadline holds whatever the server does."""
        found: queue.SimpleQueue[_Came | httpx.HTTPError | OSError | DeliveryError] = queue.SimpleQueue()

        def work() -> None:
            try:
                found.put(self._read(method, path, content))
            except (httpx.HTTPError, httpx.InvalidURL, OSError, DeliveryError) as error:
                found.put(error if not isinstance(error, httpx.InvalidURL) else OSError(str(error)))

        threading.Thread(target=work, name="agentos-forge", daemon=True).start()
        try:
            came = found.get(timeout=max(0.001, self._deadline.remaining()))
        except queue.Empty:
            raise _unreachable("it did not answer in time") from None
        if isinstance(came, DeliveryError):
            raise came
        if isinstance(came, httpx.ConnectError | httpx.ConnectTimeout):
            raise Again(_unreachable(str(came) or "no connection")) from came
        if isinstance(came, Exception):
            raise Again(_unreachable(str(came) or type(came).__name__), arrived=True) from came
        return came

    def _read(self, method: Method, path: str, content: bytes | None) -> _Came:
        headers = {} if content is None else {"Content-Type": "application/json"}
        body = bytearray()
        with self._client.stream(method, self._root + path, content=content, headers=headers) as response:
            if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
                raise _odd("a packed reply that was not asked for")
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise _odd(f"more than {MAX_BYTES} bytes")
            return _Came(response.status_code, dict(response.headers), bytes(body))


@cache
def _trusted() -> ssl.SSLContext:
    """Return the system's certificates: to read them takes 50 ms, and a run opens several connections in turn."""
    return httpx.create_ssl_context()


def segment(text: str) -> str:
    """Return text as one segment of a path."""
    return quote(text, safe="")


def check_address(api_url: str, server_url: str) -> None:
    """Raise DeliveryError where the token may not be sent to this API: another host than the forge's, or no TLS."""
    try:
        parts = urlsplit(api_url)
        host, user = parts.hostname or "", parts.username
    except ValueError:
        host, user, parts = "", None, urlsplit("")
    loopback = is_loopback(host) and parts.scheme in {"http", "https"}
    # GitHub.com's API has a host of its own, an Enterprise server's with subdomains too.
    known = takes_token(api_url, server_url) or takes_token(api_url.replace("://api.", "://", 1), server_url)
    if user is not None or parts.query or not (loopback or (parts.scheme == "https" and known)):
        hint = "GITHUB_API_URL must be https, and its host that of GITHUB_SERVER_URL, or api. before it."
        raise DeliveryError("the token may not be sent to the API that the environment names", hint)


def _sendable(token: str) -> str:
    if not token.isascii() or not token.isprintable() or " " in token:
        hint = "Give it again, without blanks and line ends."
        raise DeliveryError("the token holds characters that cannot be sent", hint, category="auth")
    return token


def _value(body: bytes) -> object:
    try:
        value: object = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
        if b"\\ud" in body.lower():
            # Half a character, which no text can hold, may be spelled out.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise _odd("what is no strict JSON") from error
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice in one object"
        raise ValueError(message)
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _words(body: bytes) -> str:
    """Return what a refusal says: its message, and those of the errors that it lists."""
    try:
        value = json.loads(body[: 64 * 1024])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    listed = value.get("errors")
    inner = [one.get("message") if isinstance(one, dict) else one for one in listed] if isinstance(listed, list) else []
    return "; ".join(text for text in (value.get("message"), *inner) if isinstance(text, str) and text)


def _odd(what: str) -> DeliveryError:
    hint = "Check that GITHUB_API_URL is GitHub's API and no proxy stands before it."
    return DeliveryError(f"the forge sent {what}", hint, category="schema", code="forge_reply")


def _unreachable(said: str) -> DeliveryError:
    hint = "Check GITHUB_API_URL and the network, then run the delivery again."
    return DeliveryError(f"the forge cannot be reached: {said}", hint, category="network", code="forge_unreachable")
