"""The adapter for Ollama, by its own API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from agentos_action.adapters import ollama_chat
from agentos_action.adapters.base import AdapterParts, Expected, identity, settle
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import choose
from agentos_action.adapters.ollama_chat import FUNCTION
from agentos_action.adapters.ollama_models import Details, Tags, details_of, list_tags
from agentos_action.adapters.openai_chat import Ask
from agentos_action.adapters.probe import MINIMAL_PROMPT, Probe
from agentos_action.adapters.reply import JsonObject
from agentos_action.adapters.text import one_line
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Answer, Constraint, OnTokens, Prompt
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

DEFAULT_BASE_URL: Final = "http://127.0.0.1:11434"
#: Ollama's own service speaks the same API with a key; there every model runs elsewhere.
CLOUD: Final = re.compile(r"(.+\.)?ollama\.com(:\d+)?")

# A context of another size makes the server load the model again, so it grows in steps and never shrinks.
_STEP: Final = 4096
_PULLED_NAME: Final = re.compile(r"[\w.-]+(/[\w.-]+)*(:[\w.-]+)?", re.ASCII)


class Ollama:
    """An Ollama server; its list of models and what it says of the chosen one are asked for once."""

    provider = "ollama"
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        endpoint = parse_endpoint(DEFAULT_BASE_URL if profile.base_url is None else profile.base_url)
        self.endpoint: str | None = endpoint.label
        self.execution_mode: ExecutionMode = "cloud" if CLOUD.fullmatch(endpoint.label) else "local"
        self._profile, self._clock = profile, parts.clock
        todo = _todo(profile.model)
        self._client = HttpClient(endpoint, api_key=parts.api_key, clock=parts.clock, todo=todo)
        self._tags: Tags | None = None
        self._details: Details | None = None
        self._num_ctx = 0

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
        """Probe the server; the list of models is asked for afresh."""
        self._tags = self._details = None
        steps = Probe(
            adapter=self,
            list_models=lambda within: tuple(model.id for model in self._listed(within).models),
            choose=self._choose,
            complete=lambda within: self.run(MINIMAL_PROMPT, within, _unheard),
            faults=self._client.faults,
            clock=self._clock,
        )
        return steps.run(deadline, full=full)

    def supports(self) -> ToolCapabilities:
        """Return what Ollama can do and neither the profile nor the model takes away."""
        declared, details = self._profile.capabilities, self._details or Details()
        return ToolCapabilities(
            execution_mode=self.execution_mode,
            stream=declared.stream,
            json_mode=declared.json_mode,
            json_schema=declared.json_schema and details.schemas is not False,
            function_call=declared.function_call and details.tools is not False,
            context_tokens=details.most,
        )

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Ask the chosen model; a prompt that does not fit its context is refused before it is sent."""
        started = self._clock.monotonic()
        expected = self._choose(deadline)
        details = self._known(expected, deadline)
        beside = self._shape(prompt.constraint, details)
        num_ctx = self._context_for(prompt, beside, details)
        question = Ask(prompt, expected.name, self._profile.capabilities.stream, beside)
        draft = ollama_chat.ask(self._client, question, num_ctx, deadline, on_tokens)
        duration_ms = round(1000 * (self._clock.monotonic() - started))
        return settle(draft, expected, self._client.faults, duration_ms)

    def context_tokens(self, deadline: Deadline) -> int | None:
        """Return what the chosen model can hold, or what its Modelfile sets where that is less."""
        return self._known(self._choose(deadline), deadline).most

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: Ollama counts only what it runs."""
        return None

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _listed(self, deadline: Deadline) -> Tags:
        if self._tags is None:
            self._tags = list_tags(self._client, deadline)
        return self._tags

    def _choose(self, deadline: Deadline) -> Expected:
        tags, wanted = self._listed(deadline), self.requested_model
        if wanted is not None and wanted in tags.elsewhere:
            raise self._runs_elsewhere(wanted)
        take_first = self._profile.on_missing_model == "first_ready"
        return choose(tags.models, wanted, take_first=take_first, faults=self._client.faults)

    def _runs_elsewhere(self, model: str) -> ToolError:
        # A local server that passes prompts on would undo every rule about where they may go.
        faults = Faults(self.endpoint or "", todo={Code.MODEL_MISSING: "Name a model that runs on the server itself."})
        detail = f"It would pass prompts for '{one_line(model, 80)}' on to another host."
        return faults.error(Code.MODEL_MISSING, detail)

    def _known(self, expected: Expected, deadline: Deadline) -> Details:
        if self._details is None:
            self._details = details_of(self._client, expected.name, deadline)
        return self._details

    def _context_for(self, prompt: Prompt, beside: JsonObject, details: Details) -> int:
        """Return the context to ask for: what prompt and answer need; raises where the model does not hold that."""
        tokens = ollama_chat.tokens_of(prompt, beside)
        needed, most = tokens + prompt.max_tokens, details.most
        if most is not None and needed > most:
            detail = (
                f"It has about {tokens} tokens, the answer may have {prompt.max_tokens}, and the context holds {most}."
            )
            raise self._client.faults.error(Code.CONTEXT_OVERFLOW, detail)
        rounded = max(-(-needed // _STEP) * _STEP, details.num_ctx or 0, self._num_ctx)
        self._num_ctx = rounded if most is None else min(rounded, most)
        return self._num_ctx

    def _shape(self, constraint: Constraint | None, details: Details) -> JsonObject:
        """Return the fields that hold the answer to its shape; Ollama knows no grammar."""
        declared, faults = self._profile.capabilities, self._client.faults
        if constraint is None:
            return {}
        schema = constraint.json_schema
        if constraint.function and schema is not None:
            if details.tools is False:
                raise faults.error(Code.CONSTRAINT_UNSUPPORTED, "The model makes no function calls.")
            if declared.function_call:
                return {"tools": [_tool(schema)]}
        elif schema is not None and declared.json_schema:
            if details.schemas is False:
                raise faults.error(Code.CONSTRAINT_UNSUPPORTED, "This Ollama is older than 0.5 and takes no schema.")
            return {"format": schema}
        elif schema is None and constraint.json_object and declared.json_mode:
            return {"format": "json"}
        elif constraint == Constraint():
            return {}
        raise faults.error(Code.CONSTRAINT_UNSUPPORTED)


def _tool(schema: dict[str, object]) -> JsonObject:
    function = {"name": FUNCTION, "description": "Give the answer. Always call this.", "parameters": schema}
    return {"type": "function", "function": function}


def _todo(model: str | None) -> Mapping[Code, str]:
    # Only what is a name through and through stands in a command that a person may copy.
    name = model if model is not None and _PULLED_NAME.fullmatch(model) else "NAME"
    return {
        Code.CONNECT_REFUSED: "Start it: ollama serve.",
        Code.MODEL_MISSING: f"Get it: ollama pull {name}.",
        Code.HTTP_401: "Put the right key into the environment: OLLAMA_API_KEY.",
        Code.CONSTRAINT_UNSUPPORTED: "Allow it in the profile's capabilities; for a grammar take llamacpp.",
        Code.CONTEXT_OVERFLOW: "Name fewer files, lower max_tokens, or use a model with a larger context.",
    }


def _unheard(_received: int, /) -> None:
    """Hear nothing: a test answer shows no progress."""


def create(profile: Profile, parts: AdapterParts) -> Ollama:
    """Build the adapter from its profile; nothing is sent yet."""
    return Ollama(profile, parts)
