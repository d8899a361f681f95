"""Where a prompt may go: the policy's `allow` and `hosts`; and how the hosts that a key is bound to are written."""

from __future__ import annotations

import ipaddress
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from agentos_action.errors import UsageError
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode

#: Where a provider is where nothing says otherwise; a provider that is not here knows itself.
DEFAULT_ADDRESSES: Final = MappingProxyType(
    {
        "llamacpp": "http://127.0.0.1:8080",
        "lmstudio": "http://127.0.0.1:1234",
        "ollama": "http://127.0.0.1:11434",
        "openai": "https://api.openai.com",
        "anthropic": "https://api.anthropic.com",
    }
)
#: The official host of a provider: the only one elsewhere that a key of the environment goes to by itself.
OFFICIAL_HOSTS: Final = MappingProxyType({"openai": "api.openai.com", "anthropic": "api.anthropic.com"})

_PORTS = {"http": 80, "https": 443}


def is_loopback(address: str | None) -> bool:
    """Return whether a base URL or `host[:port]` stays on this machine; True for None (nothing is sent)."""
    return address is None or _is_here(_host(address))


def check_destination(choice: ModelChoice, mode: ExecutionMode, host: str | None, *, elsewhere: bool = False) -> None:
    """Raise UsageError where the policy does not let prompts go to this model.

    `host` is where they really go (`host[:port]`, or a base URL), None where nothing is sent; `elsewhere` stands for
    an agent command, which sends them where it likes.
    """
    if mode not in choice.allow:
        hint = "Choose another model, or change [model] allow in agentos.toml."
        raise UsageError(f"the policy does not allow {mode} models", hint)
    # A llama.cpp server elsewhere is a local model by its kind, but "only local" means that prompts stay here.
    bounded = bool(choice.hosts) or "cloud" not in choice.allow
    if elsewhere and bounded:
        why = "the policy names hosts, and an agent command sends prompts where it likes"
        raise UsageError(why, "Choose a model that is reached over HTTP, or change [model] in agentos.toml.")
    if host is None or is_loopback(host):
        return
    named = _host(host)
    if bounded and named not in {listed.lower().rstrip(".") for listed in choice.hosts}:
        where = named or "an address without a host"
        raise UsageError(f"the policy does not let prompts go to {where}", "See [model] hosts in agentos.toml.")


def address_of(profile: Profile) -> str | None:
    """Return the base URL that a profile's requests go to, None where only its adapter or its command knows."""
    if profile.base_url is not None or profile.agent is not None:
        return profile.base_url
    return DEFAULT_ADDRESSES.get(profile.provider)


def binding(address: str) -> str:
    """Return how the host of an address is written where a key is bound to it; `` for an address that is none.

    `host[:port]` is that port of the host over TLS, or on this machine; where a key may travel unencrypted to
    another machine, `http://` stands before it. An address without a scheme means TLS.
    """
    parts = _split(address if "://" in address else f"https://{address}")
    if parts is None:
        return ""
    host = (parts.hostname or "").rstrip(".")
    shown = f"[{host}]" if ":" in host else host
    standard = _PORTS[parts.scheme]
    if _is_here(host):
        return f"{shown}:{parts.port or standard}"
    label = shown if parts.port in {None, standard} else f"{shown}:{parts.port}"
    return label if parts.scheme == "https" else f"http://{label}"


def is_clear(bound: str) -> bool:
    """Return whether a key bound to this travels to another machine unencrypted."""
    return bound.startswith("http://")


def _split(address: str) -> SplitResult | None:
    """Return the parts of a usable address: adapters refuse the others, so no key may be bound to one."""
    if not address.isascii() or not address.isprintable() or any(char in address for char in ' \\"<>?#'):
        return None
    try:
        parts = urlsplit(address)
        usable = bool(parts.hostname) and "@" not in parts.netloc and parts.scheme in _PORTS and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _host(address: str) -> str:
    """Return the host an address or label names, `` where it names none or cannot be read."""
    try:
        return (urlsplit(address if "://" in address else f"//{address}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
