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
        "llamacpp": "agentos_action.adapters.llamacpp:create",
        "scripted": "agentos_action.adapters.scripted:create",
    }
)


def create(profile: Profile, parts: AdapterParts | None = None) -> Adapter:
    """Build the adapter of a profile; an unknown provider is a UsageError that lists the known ones."""
    place = PROVIDERS.get(profile.provider)
    if place is None:
        message = f"There is no provider '{one_line(profile.provider, 80)}'."
        raise UsageError(message, f"Choose one of: {', '.join(sorted(PROVIDERS))}.")
    module, _, name = place.partition(":")
    factory = cast("Factory", getattr(import_module(module), name))
    return factory(profile, parts or AdapterParts())
