"""The rules of a service in the cloud: a key before a byte leaves, a model that is named, no probe that costs money."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from agentos_action.adapters.base import AdapterParts, Draft, Expected, identity, settle
from agentos_action.adapters.compatible import Sparing
from agentos_action.adapters.endpoint import Endpoint
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import ListedModel, Models, also, choose_named
from agentos_action.adapters.probe import Probe
from agentos_action.clock import Deadline
from agentos_action.records.model import Answer, OnTokens, Prompt
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

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


class CloudAdapter(ABC):
    """What the adapters of such services share; each brings its list and its way to ask."""

    provider: str
    execution_mode: ExecutionMode = "cloud"
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts, client: HttpClient, optional: frozenset[str]) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        self.endpoint: str | None = client.endpoint.label
        self._profile, self._parts, self._client = profile, parts, client
        self._models = Models(self._list)
        self._sparing = Sparing(optional)

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:  # noqa: ARG002 - costs money
        """Ask for the list afresh and look for the model in it; with `full` too, as an answer costs money."""
        self._models.forget()
        steps = Probe(
            adapter=self,
            list_models=self._models.ids,
            choose=self._choose,
            complete=None,
            faults=self._client.faults,
            clock=self._parts.clock,
            note=lambda: self._sparing.note,
        )
        return steps.run(deadline, full=False)

    def supports(self) -> ToolCapabilities:
        """Return what the protocol has and the profile does not take away."""
        declared = self._profile.capabilities
        return ToolCapabilities(
            execution_mode=self.execution_mode,
            stream=declared.stream,
            json_mode=declared.json_mode,
            json_schema=declared.json_schema,
            function_call=declared.function_call,
        )

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Ask the named model; a setting that it refuses is left out and told in the answer."""
        started = self._parts.clock.monotonic()
        expected = self._choose(deadline)
        draft = self._sparing.ask(lambda refused: self._ask(prompt, expected, refused, deadline, on_tokens))
        duration_ms = round(1000 * (self._parts.clock.monotonic() - started))
        answer = settle(draft, also(expected, draft.model), self._client.faults, duration_ms)
        return replace(answer, left_out=tuple(sorted(self._sparing.left_out)))

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: the service does not say."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: the service does not count."""
        return None

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _choose(self, deadline: Deadline) -> Expected:
        take_first = self._profile.on_missing_model == "first_ready"
        listed = self._models.listed(deadline)
        return choose_named(listed, self._profile.model, take_first=take_first, faults=self._client.faults)

    @abstractmethod
    def _list(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        """Ask for the list of models."""

    @abstractmethod
    def _ask(
        self, prompt: Prompt, expected: Expected, refused: frozenset[str], deadline: Deadline, on_tokens: OnTokens
    ) -> Draft:
        """Ask once, without the settings that the model refused before."""
