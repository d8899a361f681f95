"""The adapter for llama.cpp's server, in both of its modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from agentos_action.adapters import llamacpp_completion, openai_chat
from agentos_action.adapters.base import AdapterParts, Draft, Expected, identity, settle
from agentos_action.adapters.compatible import ANY_OBJECT, Dialect, check_declared, shape
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import Models, choose, list_models
from agentos_action.adapters.openai_chat import Ask
from agentos_action.adapters.probe import MINIMAL_PROMPT, Probe
from agentos_action.adapters.reply import JsonObject
from agentos_action.adapters.wire import Count, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Answer, Constraint, OnTokens, Prompt
from agentos_action.records.profile import Mode, Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

DEFAULT_BASE_URL: Final = "http://127.0.0.1:8080"

_Protocol: TypeAlias = Callable[[HttpClient, Ask, Deadline, OnTokens], Draft]
_PROTOCOLS: Final[Mapping[Mode, _Protocol]] = MappingProxyType(
    {"openai_compatible": openai_chat.ask, "llamacpp_completion": llamacpp_completion.ask}
)
_RENDERERS: Final[Mapping[Mode, Callable[[HttpClient, Prompt, Deadline], str]]] = MappingProxyType(
    {"openai_compatible": llamacpp_completion.templated, "llamacpp_completion": llamacpp_completion.render}
)
_DIALECT: Final = Dialect(grammar=True)
_TODO: Final = MappingProxyType(
    {
        Code.CONNECT_REFUSED: "Start llama-server, or use --embedded.",
        Code.HTTP_401: "Put the right key into the environment: LLAMACPP_API_KEY.",
    }
)


class _Slot(Wire):
    n_ctx: Count | None = None


class _Template(Wire):
    supports_tools: bool = False
    supports_tool_calls: bool = False


class _Props(Wire):
    default_generation_settings: _Slot = _Slot()
    chat_template_caps: _Template = _Template()


class LlamaCpp:
    """A llama.cpp server; the list of its models is asked for once in the adapter's life."""

    provider = "llamacpp"
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
        # What `/props` says; before it was asked nothing is known, and nothing claimed.
        self._context: int | None = None
        self._calls_functions = False

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
        """Return what llama.cpp can do and the profile does not take away; calls only if the model's template can."""
        declared = self._profile.capabilities
        return ToolCapabilities(
            execution_mode=self.execution_mode,
            stream=declared.stream,
            json_mode=declared.json_mode,
            json_schema=declared.json_schema,
            grammar=declared.grammar,
            function_call=declared.function_call and self._calls_functions,
            context_tokens=self._context,
        )

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Ask the chosen model in the profile's mode."""
        started = self._clock.monotonic()
        expected = self._choose(deadline)
        beside: JsonObject = {"cache_prompt": True, **self._shape(prompt.constraint)}
        question = Ask(prompt, expected.name, self._profile.capabilities.stream, beside)
        draft = _PROTOCOLS[self._profile.mode](self._client, question, deadline, on_tokens)
        duration_ms = round(1000 * (self._clock.monotonic() - started))
        return settle(draft, expected, self._client.faults, duration_ms)

    def context_tokens(self, deadline: Deadline) -> int | None:
        """Return the context of one slot, which is what one request may fill."""
        try:
            props = read(_Props, self._client.get_json("/props", deadline), self._client.faults)
        except ToolError as error:
            if error.raw_error_code != Code.HTTP_404:
                raise
            return None
        self._context = props.default_generation_settings.n_ctx
        caps = props.chat_template_caps
        chats = self._profile.mode == "openai_compatible"
        self._calls_functions = chats and caps.supports_tools and caps.supports_tool_calls
        return self._context

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:
        """Return the prompt's tokens as the server will count them, chat template included."""
        try:
            # A chat whose template cannot be had is not counted: a number that is too low would do harm.
            text = _RENDERERS[self._profile.mode](self._client, prompt, deadline)
            return llamacpp_completion.count(self._client, text, deadline)
        except ToolError as error:
            if error.raw_error_code != Code.HTTP_404:
                raise
            return None

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _choose(self, deadline: Deadline) -> Expected:
        take_first = self._profile.on_missing_model == "first_ready"
        return choose(
            self._models.listed(deadline), self.requested_model, take_first=take_first, faults=self._client.faults
        )

    def _shape(self, constraint: Constraint | None) -> JsonObject:
        """Return the fields that hold the answer to its shape, in the words of the profile's mode."""
        declared, faults = self._profile.capabilities, self._client.faults
        fields = shape(constraint, declared, _DIALECT, faults)
        if self._profile.mode == "openai_compatible" or constraint is None:
            return fields
        check_declared(not constraint.function, "function_call", faults)
        if "response_format" not in fields:
            return fields
        return {"json_schema": ANY_OBJECT if constraint.json_schema is None else constraint.json_schema}


def _unheard(_received: int, /) -> None:
    """Hear nothing: a test answer shows no progress."""


def create(profile: Profile, parts: AdapterParts) -> LlamaCpp:
    """Build the adapter from its profile; nothing is sent yet."""
    return LlamaCpp(profile, parts)
