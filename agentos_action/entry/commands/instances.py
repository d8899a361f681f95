"""The instances that `agentos tool` asks: which ones are meant, each opened, one taken; no task and no files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.adapters.base import identity
from agentos_action.adapters.route import Asked, route, side_by_side
from agentos_action.clock import Clock, Deadline
from agentos_action.entry.request import addresses_in, cache_folder, home_folder, secrets_in, wish
from agentos_action.errors import UsageError
from agentos_action.evidence.finalize import finalize_health, normalize_endpoint
from agentos_action.records.observer import Nobody
from agentos_action.records.policy import ModelChoice
from agentos_action.records.run import ModelWish, RunRequest
from agentos_action.records.tool import ToolHealth
from agentos_action.settings.choose import ChosenModel, as_chosen, choose_model
from agentos_action.settings.destination import address_of, is_loopback
from agentos_action.settings.instances import first_ready, strict
from agentos_action.settings.profile import instances_of, providers
from agentos_action.wiring import open_adapter

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.base import Base

#: Who is asked where an address is given and nobody is named.
DEFAULT_PROVIDER = "llamacpp"


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance, and its adapter under a check; `refused` is its health where it cannot even be opened."""

    chosen: ChosenModel
    asked: Asked | None
    refused: ToolHealth | None = None


def repository() -> Base | None:
    """Return the commit checked out here, whose profiles count; None where there is none."""
    try:
        here = Path.cwd()
    except FileNotFoundError:
        # The folder we stand in was removed.
        return None
    if not any((folder / ".git").exists() for folder in (here, *here.parents)):
        return None
    from agentos_action.repo import RepoView  # noqa: PLC0415 - not outside of a repository

    repo = RepoView.open(here)
    return None if repo.unborn else repo.snapshot(repo.commit_of("HEAD"))


def meant(options: argparse.Namespace) -> tuple[ChosenModel, ...] | None:
    """Return the instances that the options name, in order; None where they name nobody, so that all are meant."""
    profile = getattr(options, "profile", None)
    if not (profile or options.provider or options.base_url):
        return None
    provider = None if profile else options.provider or DEFAULT_PROVIDER
    chosen = choose_model(
        flags=wish(profile, provider, options.model, options.base_url),
        environment=ModelWish(),
        policy=ModelChoice(),
        embedded=False,
        base=repository(),
        home=home_folder(os.environ),
        addresses=addresses_in(os.environ),
    )
    if chosen is None:
        raise UsageError("no model is chosen", "Name one: --provider P[:INSTANCE].")
    return (replace(chosen, others=()), *chosen.others)


def every(model: str | None) -> tuple[ChosenModel, ...]:
    """Return every instance of every provider that has a profile; each asked for `model` where one is named."""
    base, home, addresses = repository(), home_folder(os.environ), addresses_in(os.environ)
    found = []
    for provider in providers(base, home):
        for loaded in instances_of(provider, base, home):
            chosen = as_chosen(loaded, "command line", addresses)
            profile = chosen.profile.model_copy(update={"model": model or chosen.profile.model})
            found.append(replace(chosen, profile=profile))
    return tuple(found)


@contextmanager
def opened(several: Sequence[ChosenModel]) -> Iterator[tuple[Instance, ...]]:
    """Open all of them, and close them in the end; the only one that cannot be opened is a UsageError."""
    there: list[Instance] = []
    try:
        there.extend(_instance(chosen, alone=len(several) == 1) for chosen in several)
        yield tuple(there)
    finally:
        for instance in there:
            if instance.asked is not None:
                instance.asked.let_go()


def check(there: Sequence[Instance], deadline: Deadline, *, full: bool) -> tuple[ToolHealth, ...]:
    """Return the health of all of them, asked side by side."""
    asked = [instance.asked for instance in there if instance.asked is not None]
    said = iter(side_by_side(asked, deadline, full=full))
    return tuple(finalize_health(instance.refused or next(said)) for instance in there)


@contextmanager
def taken(several: Sequence[ChosenModel], deadline: Deadline) -> Iterator[tuple[Instance | None, ToolHealth]]:
    """Hand out the first of them that has its model, and its health; None and what is told where none has."""
    with opened([strict(chosen) for chosen in several]) as there:
        ready = [instance for instance in there if instance.asked is not None]
        if not ready:
            yield None, next(instance.refused for instance in there if instance.refused is not None)
            return
        found = route([instance.asked for instance in ready if instance.asked is not None], deadline)
        if found.taken is not None:
            yield ready[found.taken], found.health
            return
        lenient = [chosen for chosen, instance in zip(several, there, strict=True) if instance.asked is not None]
        place = first_ready(lenient, found.instances)
        if place is None:
            yield None, found.health
            return
        with opened([lenient[place]]) as (instance,):
            (health,) = check((instance,), deadline, full=False)
            yield instance if health.status == "connected" else None, health


def _instance(chosen: ChosenModel, *, alone: bool) -> Instance:
    request = RunRequest(
        repo=Path(),
        api_keys=secrets_in(os.environ),
        home=home_folder(os.environ),
        cache=cache_folder(),
    )
    with ExitStack() as stack:
        try:
            adapter = stack.enter_context(open_adapter(chosen, request, Nobody()))
        except UsageError as error:
            if alone:
                raise
            return Instance(chosen, None, _refused(chosen, error))
        return Instance(chosen, Asked(adapter, stack.pop_all().close))


def _refused(chosen: ChosenModel, error: UsageError) -> ToolHealth:
    profile, address = chosen.profile, address_of(chosen.profile)
    adapter_id, instance = identity(profile)
    return ToolHealth(
        adapter_id=adapter_id,
        provider=profile.provider,
        instance=instance,
        execution_mode="local" if is_loopback(address) and profile.agent is None else "cloud",
        status="not_configured",
        details=f"{error.message.removesuffix('.')}. {error.hint}".strip(),
        error_category="config",
        endpoint=normalize_endpoint(address),
        checked_at=Clock().now(),
        latency_ms=0,
    )
