"""The rules of a service in the cloud: a key before a byte leaves, a model that is named, no probe that costs money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.base import Adapter, AdapterParts, Expected
from agentos_action.adapters.endpoint import Endpoint
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.models import Models, choose_named
from agentos_action.adapters.probe import Probe
from agentos_action.clock import Deadline
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ToolHealth

_STANDARD_PORT: Final = ":443"


@dataclass(frozen=True, slots=True)
class Service:
    """A provider's official service: its host, how a key of it begins, and the variable that holds one."""

    provider: str
    host: str
    variable: str
    key_prefix: str = ""

    def is_at(self, endpoint: Endpoint) -> bool:
        """Return whether this is the official service, not one that speaks like it."""
        return endpoint.label.removesuffix(_STANDARD_PORT).removesuffix(".") == self.host

    def todo(self, parts: AdapterParts) -> Mapping[Code, str]:
        """Return what to do about a missing or refused key; why one that is there was not sent goes before."""
        store = f"or store it: agentos tool auth set --provider {self.provider}."
        return {
            Code.NO_KEY: parts.key_note or f"Put it into the environment ({self.variable}), {store}",
            Code.HTTP_401: parts.key_note or f"Put the right key into the environment ({self.variable}), {store}",
        }

    def check_key(self, key: str | None, endpoint: Endpoint, faults: Faults) -> None:
        """Raise `no_key` or `key_shape` where the official service would refuse anyway; other hosts know better."""
        if not self.is_at(endpoint):
            return
        if not key:
            raise faults.error(Code.NO_KEY)
        if not key.startswith(self.key_prefix):
            raise faults.error(Code.KEY_SHAPE, f"Its keys begin with {self.key_prefix}.")


def choose(models: Models, profile: Profile, deadline: Deadline, faults: Faults) -> Expected:
    """Return the named model out of the service's list."""
    take_first = profile.on_missing_model == "first_ready"
    return choose_named(models.listed(deadline), profile.model, take_first=take_first, faults=faults)


def probe(  # noqa: PLR0913 - each a part of one probe
    adapter: Adapter,
    parts: AdapterParts,
    faults: Faults,
    deadline: Deadline,
    *,
    models: Models,
    choose: Callable[[Deadline], Expected],
    note: Callable[[], str],
) -> ToolHealth:
    """Ask for the list afresh and look for the model in it; nothing more, a test answer costs money."""
    models.forget()
    steps = Probe(
        adapter=adapter,
        list_models=models.ids,
        choose=choose,
        complete=None,
        faults=faults,
        clock=parts.clock,
        note=note,
    )
    return steps.run(deadline, full=False)
