"""The adapter `echo`: the answer is the part of the prompt that follows the line `Answer with:`."""

from __future__ import annotations

from typing import Final

from agentos_action.adapters.base import AdapterParts, Draft, Expected, identity, settle
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.probe import MINIMAL_PROMPT, Probe
from agentos_action.clock import Deadline
from agentos_action.records.model import Answer, OnTokens, Prompt, TokenUsage
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

MODEL: Final = "echo-1"
MARK: Final = "Answer with:\n"


class Echo:
    """Repeats; it has the one model `echo-1`."""

    provider = "echo"
    execution_mode: ExecutionMode = "local"
    endpoint: str | None = None
    reads_prompt = True
    works_in_tree = False

    def __init__(self, profile: Profile, parts: AdapterParts) -> None:
        self.adapter_id, self.instance = identity(profile)
        self.requested_model = profile.model
        self._clock = parts.clock
        self._faults = Faults("echo", todo={Code.MODEL_MISSING: f"Name {MODEL}, or none."})

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
        """Walk the four steps; `full` also asks for an answer."""
        steps = Probe(
            adapter=self,
            list_models=lambda _within: (MODEL,),
            choose=lambda _within: self._choose(),
            complete=lambda within: self.run(MINIMAL_PROMPT, within, _unheard),
            faults=self._faults,
            clock=self._clock,
        )
        return steps.run(deadline, full=full)

    def supports(self) -> ToolCapabilities:
        """Return that it promises nothing beyond an answer."""
        return ToolCapabilities(execution_mode=self.execution_mode)

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Answer; a question that came too late is not answered."""
        started = self._clock.monotonic()
        expected = self._choose()
        if deadline.remaining() <= 0:
            raise self._faults.error(Code.TIMEOUT)
        draft = Draft(text=_think(prompt), finish="stop", model=MODEL, usage=TokenUsage())
        on_tokens(1)
        duration_ms = round(1000 * (self._clock.monotonic() - started))
        return settle(draft, expected, self._faults, duration_ms)

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: there is no limit to tell."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: it has no tokens."""
        return None

    def close(self) -> None:
        """Do nothing; there is nothing to let go of."""

    def _choose(self) -> Expected:
        if self.requested_model not in {None, MODEL}:
            raise self._faults.error(Code.MODEL_MISSING)
        return Expected(MODEL, frozenset({MODEL}))


def _think(prompt: Prompt) -> str:
    """Return the answer; your model goes here."""
    whole = "\n".join(message.content for message in prompt.messages)
    before, mark, after = whole.partition(MARK)
    return after if mark else before


def _unheard(_received: int, /) -> None:
    """Hear nothing: a test answer shows no progress."""


def create(profile: Profile, parts: AdapterParts) -> Echo:
    """Build the adapter; nothing is asked yet."""
    return Echo(profile, parts)
