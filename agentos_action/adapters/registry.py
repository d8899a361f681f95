"""The table of providers: an id, and where its adapter is made; a module is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Final, cast

from agentos_action.adapters.base import Adapter, AdapterParts, Factory
from agentos_action.adapters.text import one_line
from agentos_action.errors import UsageError
from agentos_action.records.profile import Profile

PROVIDERS: Final = MappingProxyType(
    {
        "anthropic": "agentos_action.adapters.anthropic:create",
        "claude_cli": "agentos_action.adapters.claude_cli:create",
        "cli": "agentos_action.adapters.cli:create",
        "llamacpp": "agentos_action.adapters.llamacpp:create",
        "lmstudio": "agentos_action.adapters.lmstudio:create",
        "local_http": "agentos_action.adapters.local_http:create",
        "ollama": "agentos_action.adapters.ollama:create",
        "openai": "agentos_action.adapters.openai:create",
        "scripted": "agentos_action.adapters.scripted:create",
    }
)

#: Installed packages bring further adapters: the entry point's name is the provider id, its object a `Factory`.
GROUP: Final = "agentos_action.adapters"


def create(profile: Profile, parts: AdapterParts | None = None) -> Adapter:
    """Build the adapter of a profile; raises UsageError for an unknown provider and for one that cannot be loaded."""
    return _factory(profile.provider)(profile, parts or AdapterParts())


def providers() -> tuple[str, ...]:
    """Return the ids of all providers, installed ones included, in order."""
    return tuple(sorted({*PROVIDERS, *_installed()}))


def _factory(provider: str) -> Factory:
    place = PROVIDERS.get(provider) or _installed().get(provider)
    if place is None:
        message = f"There is no provider '{one_line(provider, 80)}'."
        raise UsageError(message, f"Choose one of: {', '.join(providers())}.")
    module, _, name = place.partition(":")
    try:
        return cast("Factory", getattr(import_module(module), name))
    except (ImportError, AttributeError) as error:
        if provider in PROVIDERS:
            raise
        message = f"The adapter of '{provider}' cannot be loaded: {one_line(str(error), 200)}."
        raise UsageError(
            message, f"Install the package again that brings it (it names {one_line(place, 80)})."
        ) from error


def _installed() -> dict[str, str]:
    """Return provider id → place of every adapter that an installed package brings; ours cannot be replaced."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - not for the providers of our own

    return {point.name: point.value for point in entry_points(group=GROUP) if point.name not in PROVIDERS}
