"""The adapter for OpenAI's chat completions, and by `base_url` for any service that speaks them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from agentos_action.adapters import cloud, openai_chat
from agentos_action.adapters.base import AdapterParts, Draft, Expected, identity, settle
from agentos_action.adapters.compatible import Dialect, Sparing, shape
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import ListedModel, Models, also, list_models
from agentos_action.adapters.openai_chat import FUNCTION, Ask
from agentos_action.adapters.reply import JsonObject
from agentos_action.clock import Deadline
from agentos_action.records.model import Answer, OnTokens, Prompt
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
SERVICE: Final = cloud.Service("openai", "api.openai.com", "OPENAI_API_KEY", key_prefix="sk-")

#: What some models do not take; an answer without them is still an answer to the question.
_OPTIONAL: Final = frozenset({"temperature", "seed", "stop"})
_DIALECT: Final = Dialect(tool_choice={"type": "function", "function": {"name": FUNCTION}})
# `/v1beta/openai`, `/api/paas/v4`
_VERSIONED: Final = re.compile(r"/v\d+[a-z]*(/|$)", re.ASCII)


class OpenAI:
    """OpenAI's service or one that is compatible; always told as `cloud`, as we cannot see where it runs."""

    provider = "openai"
    execution_mode: ExecutionMode = "cloud"
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        base_url = DEFAULT_BASE_URL if profile.base_url is None else profile.base_url
        self._at = parse_endpoint(base_url)
        self.endpoint: str | None = self._at.label
        self._profile, self._parts = profile, parts
        self._official = SERVICE.is_at(self._at)
        self._version = _version(base_url)
        self._client = HttpClient(self._at, api_key=parts.api_key, clock=parts.clock, todo=SERVICE.todo(parts))
        self._models = Models(self._list)
        self._sparing = Sparing(_OPTIONAL)

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:  # noqa: ARG002 - costs money
        """Look for the model in the service's list; with `full` too, as an answer costs money."""
        return cloud.probe(
            self,
            self._parts,
            self._client.faults,
            deadline,
            models=self._models,
            choose=self._choose,
            note=lambda: self._sparing.note,
        )

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
        beside = self._beside(prompt)
        absent = self._absent(prompt)

        def attempt(refused: frozenset[str]) -> Draft:
            question = Ask(
                prompt,
                expected.name,
                self._profile.capabilities.stream,
                beside,
                path=f"{self._version}/chat/completions",
                leave_out=absent | refused,
            )
            return openai_chat.ask(self._client, question, deadline, on_tokens)

        draft = self._sparing.ask(attempt)
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

    def _beside(self, prompt: Prompt) -> JsonObject:
        held = shape(prompt.constraint, self._profile.capabilities, _DIALECT, self._client.faults)
        # Its newer models know the limit by this name only, and the service stores what it is told not to store.
        own: JsonObject = {"max_completion_tokens": prompt.max_tokens, "store": False} if self._official else {}
        return {**own, **held}

    def _absent(self, prompt: Prompt) -> frozenset[str]:
        names = {"max_tokens"} if self._official else set()
        return frozenset(names if prompt.stop else {*names, "stop"})

    def _choose(self, deadline: Deadline) -> Expected:
        return cloud.choose(self._models, self._profile, deadline, self._client.faults)

    def _list(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        SERVICE.check_key(self._parts.api_key, self._at, self._client.faults)
        return list_models(self._client, deadline, f"{self._version}/models")


def _version(base_url: str) -> str:
    """Return what stands between the endpoint's root and an address: `/v1` unless the base URL names a version."""
    path = urlsplit(base_url).path.rstrip("/").removesuffix("/v1")
    return "" if _VERSIONED.search(path) else "/v1"


def create(profile: Profile, parts: AdapterParts) -> OpenAI:
    """Build the adapter from its profile; nothing is sent yet."""
    return OpenAI(profile, parts)
