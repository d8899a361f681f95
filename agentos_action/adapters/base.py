"""The port of the room: what every adapter offers, and the functions that adapters borrow."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.text import one_line
from agentos_action.clock import Clock, Deadline
from agentos_action.records.model import Answer, FinishReason, OnTokens, Prompt, TokenUsage
from agentos_action.records.profile import Profile
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

MAX_ANSWER_BYTES = 8 * 1024 * 1024


class Adapter(Protocol):
    """One model, however it is reached; it is handed a prompt, never a path of the repository."""

    adapter_id: str
    provider: str
    instance: str | None
    execution_mode: ExecutionMode
    requested_model: str | None
    endpoint: str | None
    #: False where the answer is there before the question is.
    reads_prompt: bool
    #: True for an agent command: it finds the files in a throw-away export, and sends them where it likes.
    works_in_tree: bool

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:
        """Probe the model and tell what was found; `full` also asks for a minimal answer. Never raises ToolError."""
        ...

    def supports(self) -> ToolCapabilities:
        """Return what is claimed: declared, narrowed by the profile and by what the server said so far."""
        ...

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:
        """Ask and return a complete answer; anything less raises ToolError with category and stable code."""
        ...

    def context_tokens(self, deadline: Deadline) -> int | None:
        """Return the tokens that prompt and answer may hold together; None where the server does not say."""
        ...

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:
        """Return the prompt's length in the model's own tokens; None where the server cannot count."""
        ...

    def close(self) -> None:
        """Let go of connections; the adapter is not used afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """An answer from elsewhere: the file's name (`.jsonl` holds one a line) and its bytes or text."""

    name: str
    content: bytes | str


class Workspace(Protocol):
    """A throw-away export of the base tree: an agent command works in `folder`, with `home` as its empty HOME."""

    folder: Path
    home: Path
    #: The repository's own folders, which the agent has no business in.
    hidden: tuple[Path, ...]

    def changes(self) -> str:
        """Return what is other in `folder` than it was, as one unified diff; one that does nothing where nothing is."""
        ...


class OpenWorkspace(Protocol):
    """Makes the export of a run, anew each time; `hidden` is known before."""

    @property
    def hidden(self) -> tuple[Path, ...]:
        """The repository's own folders."""
        ...

    def __call__(self) -> AbstractContextManager[Workspace]:
        """Export the base tree; all of it is removed at the end of the block."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterParts:
    """What an adapter is built with beside its profile.

    `key_note` is what to do where a key is missing or refused; `workspace` makes an export, None where only health is
    asked.
    """

    api_key: str | None = field(default=None, repr=False)
    key_note: str = ""
    clock: Clock = field(default_factory=Clock)
    answer: AnswerFile | None = None
    workspace: OpenWorkspace | None = None


# The `create` function of an adapter's module.
Factory: TypeAlias = Callable[[Profile, AdapterParts], Adapter]


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply that arrived whole but is not yet judged; `model` is None where the server named none."""

    text: str
    finish: FinishReason
    model: str | None
    usage: TokenUsage
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The model that is to answer: its name, and every name it goes by; None lets any model answer."""

    name: str
    names: frozenset[str] | None


def identity(profile: Profile) -> tuple[str, str | None]:
    """Return (adapter_id, instance): an instance of the provider's own name is the provider itself."""
    if profile.name == profile.provider:
        return profile.provider, None
    return f"{profile.provider}:{profile.name}", profile.name


def settle(draft: Draft, expected: Expected, faults: Faults, duration_ms: int) -> Answer:
    """Turn a whole reply into an answer, or raise what is wrong with it (model, cut, filter, refusal, no text)."""
    model = draft.model or expected.name
    if expected.names is not None and model not in expected.names:
        detail = f"Asked for '{one_line(expected.name, 80)}', answered by '{one_line(model, 80)}'."
        raise faults.error(Code.WRONG_MODEL, detail)
    if draft.finish == "length":
        tokens = draft.usage.completion
        raise faults.error(Code.ANSWER_CUT, "" if tokens is None else f"It had {tokens} tokens.")
    if draft.finish == "content_filter":
        raise faults.error(Code.CONTENT_FILTER)
    if draft.refusal:
        raise faults.error(Code.REFUSED, faults.quote(draft.refusal))
    if not draft.text:
        raise faults.error(Code.EMPTY_ANSWER)
    return Answer(draft.text, draft.finish, model, draft.usage, duration_ms)
