"""The adapter for LM Studio's server, which speaks OpenAI's protocol with a few words of its own."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from agentos_action.adapters import openai_chat
from agentos_action.adapters.base import AdapterParts, Expected, identity, settle
from agentos_action.adapters.compatible import ANY_OBJECT, Dialect, named_schema, shape
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import Models, choose, list_models
from agentos_action.adapters.openai_chat import Ask
from agentos_action.adapters.probe import MINIMAL_PROMPT, Probe
from agentos_action.clock import Deadline
from agentos_action.records.model import Answer, OnTokens, Prompt
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

DEFAULT_BASE_URL: Final = "http://127.0.0.1:1234/v1"

# It refuses the type json_object, and takes a forced function by the word only.
_DIALECT: Final = Dialect(tool_choice="required", json_object=named_schema(ANY_OBJECT))
# LM Studio comes with an embedding model, lists it like any other, and names its kind in the id.
_EMBEDDING: Final = "text-embedding-"
_LOAD: Final = "Load one in LM Studio's Developer tab, or with `lms load`; `agentos tool models` shows what there is."
_TODO: Final = MappingProxyType(
    {
        Code.CONNECT_REFUSED: "Start LM Studio's server: the Developer tab, or `lms server start`.",
        Code.MODEL_MISSING: _LOAD,
        Code.WRONG_MODEL: "Name the model that is loaded, or load this one: `lms load`.",
        Code.CONTEXT_OVERFLOW: "Name fewer files, or load the model with a larger context length.",
        Code.HTTP_401: "Put the right key into the environment: LMSTUDIO_API_KEY.",
    }
)


class LmStudio:
    """An LM Studio server on this machine or another one of the house."""

    provider = "lmstudio"
    execution_mode: ExecutionMode = "local"
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        endpoint = parse_endpoint(DEFAULT_BASE_URL if profile.base_url is None else profile.base_url)
        self.endpoint: str | None = endpoint.label
        self._profile, self._clock = profile, parts.clock
        todo = {**_TODO, Code.HTTP_401: parts.key_note or _TODO[Code.HTTP_401]}
        self._client = HttpClient(endpoint, api_key=parts.api_key, clock=parts.clock, todo=todo)
        self._models = Models(lambda within: list_models(self._client, within))

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
        """Probe the server; the list of models is asked for afresh."""
        self._models.forget()
        steps = Probe(
            adapter=self,
            list_models=self._models.ids,
            choose=self._choose,
            complete=lambda within: self.run(MINIMAL_PROMPT, within, _unheard),
            faults=self._client.faults,
            clock=self._clock,
        )
        return steps.run(deadline, full=full)

    def supports(self) -> ToolCapabilities:
        """Return what LM Studio can do and the profile does not take away."""
        declared = self._profile.capabilities
        return ToolCapabilities(
            execution_mode=self.execution_mode,
            stream=declared.stream,
            json_mode=declared.json_mode,
            json_schema=declared.json_schema,
            function_call=declared.function_call,
        )

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Ask the chosen model."""
        started = self._clock.monotonic()
        expected = self._choose(deadline)
        beside = shape(prompt.constraint, self._profile.capabilities, _DIALECT, self._client.faults)
        absent = frozenset() if prompt.stop else frozenset({"stop"})
        question = Ask(prompt, expected.name, self._profile.capabilities.stream, beside, leave_out=absent)
        draft = openai_chat.ask(self._client, question, deadline, on_tokens)
        duration_ms = round(1000 * (self._clock.monotonic() - started))
        return settle(draft, expected, self._client.faults, duration_ms)

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: its OpenAI-compatible side does not say."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: it does not count."""
        return None

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _choose(self, deadline: Deadline) -> Expected:
        listed = self._models.listed(deadline)
        if self.requested_model is None:
            listed = tuple(model for model in listed if not model.id.startswith(_EMBEDDING))
        take_first = self._profile.on_missing_model == "first_ready"
        return choose(listed, self.requested_model, take_first=take_first, faults=self._client.faults)


def _unheard(_received: int, /) -> None:
    """Hear nothing: a test answer shows no progress."""


def create(profile: Profile, parts: AdapterParts) -> LmStudio:
    """Build the adapter from its profile; nothing is sent yet."""
    return LmStudio(profile, parts)
