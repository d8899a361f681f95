"""The adapter for Anthropic's Messages, and by `base_url` for any service that speaks them."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from agentos_action.adapters import anthropic_messages, cloud
from agentos_action.adapters.anthropic_messages import Question
from agentos_action.adapters.base import AdapterParts, Draft, Expected
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import PATH as MODELS_PATH
from agentos_action.adapters.models import ListedModel, check_number, read_models
from agentos_action.adapters.wire import ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import OnTokens, Prompt
from agentos_action.records.profile import Profile

DEFAULT_BASE_URL: Final = "https://api.anthropic.com"
SERVICE: Final = cloud.Service("anthropic", "api.anthropic.com", "ANTHROPIC_API_KEY")
VERSION: Final = "2023-06-01"

_OPTIONAL: Final = frozenset({"temperature"})
# The list comes in pages of twenty; a server that always names a next one is not followed for ever.
_MOST_PAGES: Final = 10


class _Page(Wire):
    has_more: bool = False
    last_id: ModelName | None = None


class Anthropic(cloud.CloudAdapter):
    """Anthropic's service or one that speaks its protocol; always told as `cloud`."""

    provider = "anthropic"

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self._at = parse_endpoint(DEFAULT_BASE_URL if profile.base_url is None else profile.base_url)
        client = HttpClient(
            self._at,
            api_key=parts.api_key,
            key_header="x-api-key",
            headers={"anthropic-version": VERSION},
            clock=parts.clock,
            todo=SERVICE.todo(parts),
        )
        super().__init__(profile, parts, client, _OPTIONAL)

    def _ask(
        self, prompt: Prompt, expected: Expected, refused: frozenset[str], deadline: Deadline, on_tokens: OnTokens
    ) -> Draft:
        return anthropic_messages.ask(self._client, self._question(prompt, expected, refused), deadline, on_tokens)

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:
        """Return the prompt's tokens as the service counts them, which is free; None where it does not count."""
        try:
            question = self._question(prompt, self._choose(deadline))
            return anthropic_messages.count(self._client, question, deadline)
        except ToolError as error:
            if error.raw_error_code != Code.HTTP_404:
                raise
            return None

    def _question(self, prompt: Prompt, expected: Expected, refused: frozenset[str] = frozenset()) -> Question:
        declared = self._profile.capabilities
        held = anthropic_messages.shape(prompt.constraint, declared, self._client.faults)
        return Question(prompt, expected.name, declared.stream, held, refused)

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
