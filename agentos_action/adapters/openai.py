"""The adapter for OpenAI's chat completions, and by `base_url` for any service that speaks them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from agentos_action.adapters import cloud, openai_chat
from agentos_action.adapters.base import AdapterParts, Draft, Expected
from agentos_action.adapters.compatible import Dialect, shape
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import ListedModel, list_models
from agentos_action.adapters.openai_chat import FUNCTION, Ask
from agentos_action.adapters.reply import JsonObject
from agentos_action.clock import Deadline
from agentos_action.records.model import OnTokens, Prompt
from agentos_action.records.profile import Profile

DEFAULT_BASE_URL: Final = "https://api.openai.com/v1"
SERVICE: Final = cloud.Service("openai", "api.openai.com", "OPENAI_API_KEY", key_prefix="sk-")

#: What some models do not take; an answer without them is still an answer to the question.
_OPTIONAL: Final = frozenset({"temperature", "seed", "stop"})
_DIALECT: Final = Dialect(tool_choice={"type": "function", "function": {"name": FUNCTION}})
# `/v1beta/openai`, `/api/paas/v4`
_VERSIONED: Final = re.compile(r"/v\d+[a-z]*(/|$)", re.ASCII)


class OpenAI(cloud.CloudAdapter):
    """OpenAI's service or one that is compatible; always told as `cloud`, as we cannot see where it runs."""

    provider = "openai"

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        base_url = DEFAULT_BASE_URL if profile.base_url is None else profile.base_url
        self._at = parse_endpoint(base_url)
        self._official = SERVICE.is_at(self._at)
        self._version = _version(base_url)
        client = HttpClient(self._at, api_key=parts.api_key, clock=parts.clock, todo=SERVICE.todo(parts))
        super().__init__(profile, parts, client, _OPTIONAL)

    def _ask(
        self, prompt: Prompt, expected: Expected, refused: frozenset[str], deadline: Deadline, on_tokens: OnTokens
    ) -> Draft:
        question = Ask(
            prompt,
            expected.name,
            self._profile.capabilities.stream,
            self._beside(prompt),
            path=f"{self._version}/chat/completions",
            leave_out=self._absent(prompt) | refused,
        )
        return openai_chat.ask(self._client, question, deadline, on_tokens)

    def _beside(self, prompt: Prompt) -> JsonObject:
        held = shape(prompt.constraint, self._profile.capabilities, _DIALECT, self._client.faults)
        # Its newer models know the limit by this name only, and the service stores what it is told not to store.
        own: JsonObject = {"max_completion_tokens": prompt.max_tokens, "store": False} if self._official else {}
        return {**own, **held}

    def _absent(self, prompt: Prompt) -> frozenset[str]:
        names = {"max_tokens"} if self._official else set()
        return frozenset(names if prompt.stop else {*names, "stop"})

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
