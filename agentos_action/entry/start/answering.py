"""Which model: what answers on this machine within a second, what is installed, or who is named."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import dataclass
from importlib.util import find_spec
from shutil import which

import platformdirs

from agentos_action.adapters.registry import providers
from agentos_action.clock import Deadline
from agentos_action.entry.commands.instances import check, opened
from agentos_action.entry.request import addresses_in, cache_folder, home_folder
from agentos_action.errors import UsageError
from agentos_action.settings.choose import EMBEDDED_PROFILE, as_chosen
from agentos_action.settings.destination import address_of, is_loopback
from agentos_action.settings.profile import instances_of
from agentos_action.sidecar import models, server
from agentos_action.wiring import LOCAL_SERVERS

#: Nobody waits longer to be asked a question.
SECONDS = 1.0
SMALL = "smollm2-135m"
#: Providers that are reached with a key, and the variable that holds it.
KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}

#: What can stand in TOML and YAML between quotes as it is, and in no expression of a workflow.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A model for the policy's `[model]`; `embedded` is the small one that runs use without any server.

    `why` says what was found out about it, `todo` the commands without which it cannot answer.
    """

    provider: str
    instance: str | None = None
    model: str | None = None
    why: str = ""
    todo: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether nothing is missing that is known of."""
        return not self.todo

    @property
    def embedded(self) -> bool:
        """Whether a run starts the server itself."""
        return self.provider == EMBEDDED_PROFILE

    @property
    def name(self) -> str:
        """The provider, with its instance where it is not the only one."""
        return f"{self.provider}:{self.instance}" if self.instance else self.provider

    @property
    def table(self) -> str:
        """The lines of `[model]`."""
        key = "profile" if self.embedded else "provider"
        lines = ["[model]", f"{key} = {json.dumps(self.name)}"]
        return "\n".join([*lines, *([f"model = {json.dumps(self.model)}"] if self.model else [])])


def named(text: str, model: str | None) -> Choice:
    """Return the choice of a person; raises UsageError for a provider or a model's name that there cannot be."""
    provider, _, instance = text.partition(":")
    known = (EMBEDDED_PROFILE, *(one for one in providers() if one != "scripted"))
    if provider not in known:
        raise UsageError(f"there is no provider {provider!r}", f"Choose one of: {', '.join(known)}.")
    if instance and provider == EMBEDDED_PROFILE:
        raise UsageError("the embedded model has no instances", "Write --provider embedded.")
    for word in filter(None, (instance, model)):
        if not _NAME.fullmatch(word):
            raise UsageError(f"{word!r} cannot be written into a configuration", "Name it by its usual signs.")
    if provider == EMBEDDED_PROFILE:
        return embedded(model)
    if provider in KEYS and not (model or instance or _names_a_model(provider)):
        raise UsageError(
            f"no model of {provider} is named", "Add --model NAME: a cloud has many, and none is taken by itself."
        )
    keyed = provider in KEYS and not os.environ.get(KEYS[provider])
    todo = (f"agentos tool auth set --provider {provider}",) if keyed else ()
    return Choice(provider, instance or None, model, f"its key: {KEYS[provider]}" if provider in KEYS else "", todo)


def _names_a_model(provider: str) -> bool:
    """Return whether a profile of one's own says which model is meant."""
    return any(loaded.profile.model for loaded in instances_of(provider, None, home_folder(os.environ)))


def embedded(model: str | None = None) -> Choice:
    """Return the choice of the embedded model, installed or not."""
    wanted = model or SMALL
    todo = []
    if find_spec("xllamacpp") is None and which("llama-server") is None:
        todo.append('pip install "xllamacpp>=2026.10"')
    if wanted not in [one.name for one in models.installed(cache_folder() / "models")]:
        todo.append(f"agentos model install {wanted}")
    why = f"{wanted} on this machine{', once installed' if todo else ''}"
    return Choice(EMBEDDED_PROFILE, model=model, why=why, todo=tuple(todo))


def answering() -> tuple[Choice, ...]:
    """Return what could be asked here: servers that answer now, the first of each first; then the embedded model.

    The sidecar that a person left running counts as a server.
    """
    home, addresses = home_folder(os.environ), addresses_in(os.environ)
    there = [
        as_chosen(loaded, "init", addresses)
        for provider in LOCAL_SERVERS
        for loaded in instances_of(provider, None, home)
    ]
    local = [chosen for chosen in there if is_loopback(address_of(chosen.profile))]
    with opened(local) as asked:
        said = check(asked, Deadline(SECONDS), full=False)
    found = []
    for chosen, health in zip(local, said, strict=True):
        if health.status != "connected":
            continue
        profile = chosen.profile
        # A llama.cpp server has one model, and by whatever name its file has.
        first = next((name for name in health.models if _NAME.fullmatch(name)), None)
        model = profile.model or (first if profile.provider != "llamacpp" else None)
        instance = profile.name if profile.name != profile.provider and _NAME.fullmatch(profile.name) else None
        found.append(Choice(profile.provider, instance, model, f"answers at {health.endpoint}"))
    return (*found, *_sidecar(), embedded())


def _sidecar() -> tuple[Choice, ...]:
    """Return the sidecar that runs here, none where it serves the small model: that is the embedded one as it is.

    Its port and key are this machine's affair, so the repository names neither: they go into the environment.
    """
    there = server.status(platformdirs.user_state_path("agentos") / "sidecar")
    if there.state != "running" or not there.healthy or there.model == SMALL:
        return ()
    todo = (
        f"export AGENTOS_BASE_URL={there.base_url}",
        f'export LLAMACPP_API_KEY="$(cat {shlex.quote(there.key_file or "")})"',
    )
    return (Choice("llamacpp", why=f"the sidecar with {there.model}, at {there.base_url}", todo=todo),)
