"""A base URL taken apart once, so that nothing but host and port of it is ever shown."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agentos_action.errors import UsageError

_HOST_CHARS = 254


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens; `root` is its address without `/v1` and without a slash at the end."""

    label: str
    loopback: bool
    tls: bool
    root: str = field(repr=False)
    path: str = field(repr=False)


def parse_endpoint(base_url: str) -> Endpoint:
    """Read a base URL with or without a `/v1` at its end; a bad one is a UsageError that does not repeat it."""
    flaw = _flaw(base_url)
    if flaw:
        # The address is not shown: it may hold a password.
        message = f"The base_url is not usable: {flaw}."
        raise UsageError(message, "Write it like http://127.0.0.1:8080 or https://models.example.org/v1.")
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port
    path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
    shown = f"[{host}]" if ":" in host else host
    label = shown if port is None else f"{shown}:{port}"
    return Endpoint(
        label=label,
        loopback=_is_loopback(host),
        tls=parts.scheme == "https",
        root=f"{parts.scheme}://{label}{path}",
        path=path,
    )


def _flaw(base_url: str) -> str | None:
    if not base_url.isascii() or not base_url.isprintable() or any(char in base_url for char in ' \\"<>'):
        return "it holds a character that no address has"
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "host or port cannot be read"
    flaws = (
        (parts.scheme not in {"http", "https"}, "it must begin with http:// or https://"),
        ("@" in parts.netloc, "it must not hold a user name or a password"),
        ("?" in base_url or "#" in base_url, "it must not hold a query or a fragment"),
        (port == 0, "port 0 is no port"),
        (not _is_host(parts.netloc, host or ""), "it holds no host name or IP address"),
    )
    return next((told for found, told in flaws if found), None)


def _is_host(netloc: str, host: str) -> bool:
    if "[" in netloc:
        # An address with a zone (`%eth0`) cannot stand in a Host header.
        return _address(host) is not None and "%" not in host
    # A name with an empty label would reach the resolver and fail there with an error of another kind.
    return len(host) < _HOST_CHARS and re.fullmatch(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?", host, re.ASCII) is not None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
