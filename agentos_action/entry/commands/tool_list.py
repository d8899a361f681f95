"""`agentos tool list`: every provider, how it is spoken to, and its instances; nothing is asked."""

from __future__ import annotations

import os
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from agentos_action.adapters import registry
from agentos_action.adapters.base import identity
from agentos_action.entry.commands.instances import repository
from agentos_action.entry.fail import as_line, read_by_runner
from agentos_action.entry.request import addresses_in, home_folder
from agentos_action.errors import EXIT_DONE
from agentos_action.evidence.finalize import normalize_endpoint
from agentos_action.report.visible import unobeyed, visible_line
from agentos_action.settings.choose import as_chosen
from agentos_action.settings.destination import DEFAULT_ADDRESSES, address_of
from agentos_action.settings.profile import instances_of, load_profile

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from agentos_action.records.base import Base
    from agentos_action.settings.profile import LoadedProfile

#: How each provider of our own is spoken to.
PROTOCOLS: Final = MappingProxyType(
    {
        "anthropic": "Anthropic Messages over HTTPS",
        "claude_cli": "the command `claude --print`, in a throw-away export",
        "cli": "any agent command, by profile, in a throw-away export",
        "llamacpp": "llama.cpp's server: OpenAI-compatible chat, or its own /completion",
        "lmstudio": "LM Studio's server: OpenAI-compatible chat",
        "local_http": "any HTTP model, by profile: request template and response path",
        "ollama": "Ollama's own API",
        "openai": "OpenAI Chat Completions, or any compatible service by base_url",
        "scripted": "a file that holds the answer (--answer)",
    }
)


def listing(options: argparse.Namespace) -> int:
    """Print providers and instances."""
    base, home = repository(), home_folder(os.environ)
    rows = [_provider(name, base, home) for name in registry.providers()]
    if options.json:
        sys.stdout.write(as_line({"providers": rows}))
        return EXIT_DONE
    for row in rows:
        where = f" ({row['default_endpoint']})" if row["default_endpoint"] else ""
        installed = f" [installed by {row['installed_by']}]" if row["installed_by"] else ""
        _write(f"{row['provider']}: {row['protocol']}{where}{installed}")
        for one in row["instances"]:
            model = f", model {one['model']}" if one["model"] else ""
            place = f" at {one['endpoint']}" if one["endpoint"] else ""
            doubt = "" if one["trusted"] else ", not trusted"
            _write(f"  {one['adapter_id']}{place}{model} ({one['source']}{doubt})")
    return EXIT_DONE


def _provider(name: str, base: Base | None, home: Path) -> dict[str, Any]:
    loaded = list(instances_of(name, base, home))
    if name == "llamacpp":
        # It is never routed to, and is there all the same.
        loaded.append(load_profile("embedded", None, home))
    return {
        "provider": name,
        "protocol": PROTOCOLS.get(name, "an installed package's own"),
        "default_endpoint": normalize_endpoint(DEFAULT_ADDRESSES.get(name)),
        "installed_by": None if name in PROTOCOLS else _package_of(name),
        "instances": [_instance(one) for one in loaded],
    }


def _instance(loaded: LoadedProfile) -> dict[str, Any]:
    profile = as_chosen(loaded, "list", addresses_in(os.environ)).profile
    embedded = profile.sidecar_model is not None and profile.base_url is None
    return {
        "adapter_id": identity(profile)[0],
        "name": profile.name,
        "endpoint": None if embedded else normalize_endpoint(address_of(profile)),
        "model": profile.model or profile.sidecar_model,
        "source": loaded.source,
        "from_repository": loaded.from_repository,
        "trusted": loaded.trusted,
    }


def _package_of(provider: str) -> str:
    """Return the name of the package that brings a provider."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - only where a package brought one

    found = next(iter(entry_points(group=registry.GROUP, name=provider)), None)
    return found.dist.name if found is not None and found.dist is not None else "a package"


def _write(text: str) -> None:
    indent = text[: len(text) - len(text.lstrip())]
    line = indent + visible_line(text)
    sys.stdout.write(f"{unobeyed(line) if read_by_runner() else line}\n")
