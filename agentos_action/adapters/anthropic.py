"""The adapter for Anthropic's Messages, and by `base_url` for any service that speaks them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from agentos_action.adapters import anthropic_messages, cloud
from agentos_action.adapters.anthropic_messages import Question
from agentos_action.adapters.base import AdapterParts, Draft, Expected, identity, settle
from agentos_action.adapters.compatible import Sparing
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import PATH as MODELS_PATH
from agentos_action.adapters.models import ListedModel, Models, also, check_number, read_models
from agentos_action.adapters.wire import ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Answer, OnTokens, Prompt
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

DEFAULT_BASE_URL: Final = "https://api.anthropic.com"
SERVICE: Final = cloud.Service("anthropic", "api.anthropic.com", "ANTHROPIC_API_KEY")
VERSION: Final = "2023-06-01"

_OPTIONAL: Final = frozenset({"temperature"})
# The list comes in pages of twenty; a server that always names a next one is not followed for ever.
_MOST_PAGES: Final = 10


class _Page(Wire):
    has_more: bool = False
    last_id: ModelName | None = None


class Anthropic:
    """Anthropic's service or one that speaks its protocol; always told as `cloud`."""

    provider = "anthropic"
    execution_mode: ExecutionMode = "cloud"
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        self._at = parse_endpoint(DEFAULT_BASE_URL if profile.base_url is None else profile.base_url)
        self.endpoint: str | None = self._at.label
        self._profile, self._parts = profile, parts
        self._client = HttpClient(
            self._at,
            api_key=parts.api_key,
            key_header="x-api-key",
            headers={"anthropic-version": VERSION},
            clock=parts.clock,
            todo=SERVICE.todo(parts),
        )
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
        """Ask the named model; a temperature that it refuses is left out and told in the answer."""
        started = self._parts.clock.monotonic()
        expected = self._choose(deadline)

        def attempt(refused: frozenset[str]) -> Draft:
            question = self._question(prompt, expected, refused)
            return anthropic_messages.ask(self._client, question, deadline, on_tokens)

        draft = self._sparing.ask(attempt)
        duration_ms = round(1000 * (self._parts.clock.monotonic() - started))
        answer = settle(draft, also(expected, draft.model), self._client.faults, duration_ms)
        return replace(answer, left_out=tuple(sorted(self._sparing.left_out)))

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: the service does not say."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:
        """Return the prompt's tokens as the service counts them, which is free; None where it does not count."""
        try:
            question = self._question(prompt, self._choose(deadline))
            return anthropic_messages.count(self._client, question, deadline)
        except ToolError as error:
            if error.raw_error_code != Code.HTTP_404:
                raise
            return None

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _question(self, prompt: Prompt, expected: Expected, refused: frozenset[str] = frozenset()) -> Question:
        declared = self._profile.capabilities
        held = anthropic_messages.shape(prompt.constraint, declared, self._client.faults)
        return Question(prompt, expected.name, declared.stream, held, refused)

    def _choose(self, deadline: Deadline) -> Expected:
        return cloud.choose(self._models, self._profile, deadline, self._client.faults)

    def _list(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        SERVICE.check_key(self._parts.api_key, self._at, self._client.faults)
        found: tuple[ListedModel, ...] = ()
        path = MODELS_PATH
        for _ in range(_MOST_PAGES):
            value = self._client.get_json(path, deadline)
            found += read_models(value, self._client.faults)
            check_number(found, self._client.faults)
            page = read(_Page, value, self._client.faults)
            if not page.has_more or page.last_id is None:
                break
            path = f"{MODELS_PATH}?limit=1000&after_id={quote(page.last_id, safe='')}"
        return found


def create(profile: Profile, parts: AdapterParts) -> Anthropic:
    """Build the adapter from its profile; nothing is sent yet."""
    return Anthropic(profile, parts)
