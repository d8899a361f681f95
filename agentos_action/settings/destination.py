"""Where a prompt and a key may go: the policy's `allow` and `hosts`, and the hosts a key is bound to."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from agentos_action.errors import UsageError
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode


def is_loopback(url: str | None) -> bool:
    """Return whether a base URL stays on this machine; True where there is none (nothing is sent)."""
    if url is None:
        return True
    host = _host(url)
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_destination(choice: ModelChoice, mode: ExecutionMode, base_url: str | None) -> None:
    """Raise UsageError where the policy does not let prompts go to this model."""
    if mode not in choice.allow:
        hint = "Choose another model, or change [model] allow in agentos.toml."
        raise UsageError(f"the policy does not allow {mode} models", hint)
    if base_url is None or is_loopback(base_url):
        return
    # A llama.cpp server elsewhere is a local model by its kind, but "only local" means that prompts stay here.
    bounded = bool(choice.hosts) or "cloud" not in choice.allow
    host = _host(base_url)
    if bounded and host not in choice.hosts:
        where = host or "an address without a host"
        raise UsageError(f"the policy does not let prompts go to {where}", "See [model] hosts in agentos.toml.")


def _host(url: str) -> str:
    """Return the host an address names, `` where it names none or cannot be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def key_for(profile: Profile, keys: Mapping[str, str]) -> str | None:
    """Return the key to send, from the environment; an environment key goes to this machine only.

    Raises UsageError for a reference that cannot be followed.
    """
    name = (profile.api_key_ref or "").removeprefix("env:") or f"{profile.provider.upper()}_API_KEY"
    if profile.api_key_ref and not profile.api_key_ref.startswith("env:"):
        message = f"the profile {profile.name!r} refers to the stored credential {profile.api_key_ref!r}"
        raise UsageError(message, "This version takes keys from the environment: use env:NAME.")
    return keys.get(name) if is_loopback(profile.base_url) else None
