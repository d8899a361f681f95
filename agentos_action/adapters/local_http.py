"""The adapter for any model server that takes one JSON object and gives one back; the profile says how."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from pydantic import Field

from agentos_action.adapters import places, template
from agentos_action.adapters.base import AdapterParts, Expected, identity, settle
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import ListedModel, check_number, choose
from agentos_action.adapters.probe import MINIMAL_PROMPT, Probe
from agentos_action.adapters.recognise import code_of, error_of
from agentos_action.adapters.reply import JsonObject, refusal
from agentos_action.adapters.wire import ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError, UsageError
from agentos_action.records.model import Answer, Constraint, OnTokens, Prompt
from agentos_action.records.profile import HttpRules, Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

_EXAMPLE: Final = "See docs/adapters.md#local_http for an example."

_TODO: Final = MappingProxyType(
    {Code.CONSTRAINT_UNSUPPORTED: "Use a provider that holds answers to a shape, like llamacpp."}
)

# A server that answers a question it does not know is up: only these mean that nobody can be asked there.
_NOT_THERE: Final = frozenset(
    {
        Code.CONNECT_REFUSED,
        Code.CONNECT_FAILED,
        Code.DNS_FAILED,
        Code.TLS_FAILED,
        Code.PROXY_FAILED,
        Code.TIMEOUT,
        Code.CONNECTION_LOST,
        Code.NOT_HTTP,
        Code.REDIRECT,
        Code.LOADING,
        Code.HTTP_401,
        Code.HTTP_403,
    }
)


class _Entry(Wire):
    id: ModelName | None = None
    name: ModelName | None = None
    model: ModelName | None = None

    @property
    def names(self) -> list[str]:
        """Return what it is called, the name to ask for first."""
        return [name for name in (self.id, self.model, self.name) if name is not None]


class _List(Wire):
    models_path: list[ModelName | _Entry] = Field(default_factory=list)


class LocalHttp:
    """A server described by its profile; its list of models, where it has one, is asked for once."""

    provider = "local_http"
    execution_mode: ExecutionMode = "local"
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        self._profile, self._clock = profile, parts.clock
        self._rules = _rules(profile)
        if profile.base_url is None:
            raise UsageError(f"The profile '{profile.name}' has no base_url.", "Give it one, or pass --base-url.")
        endpoint = parse_endpoint(profile.base_url)
        self.endpoint: str | None = endpoint.label
        self._client = HttpClient(endpoint, api_key=parts.api_key, clock=parts.clock, todo=_TODO)
        self._models: tuple[ListedModel, ...] | None = None

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
        """Probe the server; where it has no list of models, the first two steps only see that it is there."""
        self._models = None
        steps = Probe(
            adapter=self,
            list_models=lambda within: tuple(model.id for model in self._listed(within)),
            choose=self._choose,
            complete=lambda within: self.run(MINIMAL_PROMPT, within, _unheard),
            faults=self._client.faults,
            clock=self._clock,
        )
        health = steps.run(deadline, full=full)
        if health.status != "connected" or self._rules.models is not None:
            return health
        details = f"{health.details} Whether it has the model is not known: the profile names no list of models."
        return health.model_copy(update={"details": details})

    def supports(self) -> ToolCapabilities:
        """Return that it answers, whole and in no promised shape."""
        return ToolCapabilities(execution_mode=self.execution_mode)

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Fill the profile's request, send it and read the reply by the profile's places."""
        started = self._clock.monotonic()
        if prompt.constraint is not None and prompt.constraint != Constraint():
            raise self._client.faults.error(Code.CONSTRAINT_UNSUPPORTED, "The request template holds no place for it.")
        expected, rules, faults = self._choose(deadline), self._rules, self._client.faults
        body = template.fill(rules.request, template.values(prompt, expected.name))
        reply = self._client.post_json(rules.path, body, deadline)
        self._refuse_error(reply)
        places.check_named(rules, reply, faults)
        draft = places.read_draft(rules, reply, faults)
        duration_ms = round(1000 * (self._clock.monotonic() - started))
        answer = settle(draft, expected, faults, duration_ms)
        on_tokens(1)
        return answer

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: there is no place for it in the profile."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: there is no way to ask."""
        return None

    def close(self) -> None:
        """Close the client."""
        self._client.close()

    def _listed(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        if self._models is None:
            self._models = self._ask_list(deadline)
        return self._models

    def _ask_list(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        rules, faults = self._rules, self._client.faults
        if rules.models is None:
            self._reach(deadline)
            return ()
        reply = self._client.get_json(rules.models, deadline)
        there = places.at(rules.models_path, reply)
        if isinstance(there, dict):
            # The whole reply, or an object in it, keeps its list under one of the two names that servers use.
            there = there.get("data", there.get("models"))
        check_number(there, faults)
        entries = read(_List, {"models_path": there}, faults).models_path
        names = [[entry] if isinstance(entry, str) else entry.names for entry in entries]
        if not all(names):
            raise faults.error(Code.BAD_SHAPE, "It lists a model without id, name and model.")
        return tuple(ListedModel(each[0], frozenset(each)) for each in names)

    def _reach(self, deadline: Deadline) -> None:
        """Raise where nobody answers at all; what a server says to a GET of that address does not matter."""
        try:
            self._client.get_json(self._rules.path, deadline)
        except ToolError as error:
            if error.raw_error_code in _NOT_THERE:
                raise

    def _choose(self, deadline: Deadline) -> Expected:
        wanted = self.requested_model
        if self._rules.models is None:
            return Expected(wanted or self._profile.name, None if wanted is None else frozenset({wanted}))
        take_first = self._profile.on_missing_model == "first_ready"
        return choose(self._listed(deadline), wanted, take_first=take_first, faults=self._client.faults)

    def _refuse_error(self, reply: JsonObject) -> None:
        said = places.at(self._rules.error_path, reply)
        if said is not None:
            whole: JsonObject = {"error": said}
            message, names, number = error_of(whole)
            code = code_of(number, names, message) or Code.ERROR_IN_REPLY
            raise refusal(self._client.faults, code, whole)


def _rules(profile: Profile) -> HttpRules:
    """Return the profile's rules; raises UsageError for what would fail at the first question."""
    if profile.http is None:
        raise UsageError(f"The profile '{profile.name}' does not say how its server is spoken to.", _EXAMPLE)
    used = template.check(profile.http.request)
    if "model" in used and profile.model is None and profile.http.models is None:
        message = f"The profile '{profile.name}' sends {{model}}, and says neither a model nor where they are listed."
        raise UsageError(message, "Give it a model, or http.models.")
    return profile.http


def _unheard(_received: int, /) -> None:
    """Hear nothing: a test answer shows no progress."""


def create(profile: Profile, parts: AdapterParts) -> LocalHttp:
    """Build the adapter from its profile; nothing is sent yet."""
    return LocalHttp(profile, parts)
