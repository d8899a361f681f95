"""The two ways to ask: one free prompt for a whole task, or a recipe's small ones; both give changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agentos_action.clock import Deadline
from agentos_action.errors import ToolError, UsageError
from agentos_action.evidence.answers import AnswerLog
from agentos_action.interrupts import deferred
from agentos_action.patches.resolve import Resolved, resolve
from agentos_action.recipes.drive import Ask, Bounds, OnPlace, Plan, StopAsking, drive
from agentos_action.records.base import Base
from agentos_action.records.model import Answer, Prompt, TokenUsage
from agentos_action.records.observer import Observer
from agentos_action.records.patch import FileChange, FileVersion, Placed
from agentos_action.records.policy import Limits
from agentos_action.records.recipe import LeftAlone, Place
from agentos_action.records.task import EditFormat
from agentos_action.records.verdict import Finding
from agentos_action.redact import token_lines

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter
    from agentos_action.recipes.base import Recipe

#: Faults of one answer, not of the server: a recipe leaves that place alone and goes on.
ONE_ANSWER = frozenset({"answer_cut", "empty_answer", "content_filter", "refused"})


@dataclass(slots=True)
class Session:
    """Calls one adapter, logs every call, adds up what it cost; `local` says that no prompt leaves this machine."""

    adapter: Adapter
    deadline: Deadline
    observer: Observer
    log: AnswerLog
    local: bool
    usage: TokenUsage = field(default_factory=TokenUsage)
    calls: int = 0
    model_id: str | None = None
    stopped: ToolError | None = None
    left_out: frozenset[str] = frozenset()

    def call(self, prompt: Prompt, *, place: str | None = None) -> Answer:
        """Ask once; raises ToolError, or UsageError where the prompt holds a secret and would leave the machine."""
        if not self.local:
            for message in prompt.messages:
                for line, kind in token_lines(message.content):
                    hint = "Keep that file out ([context] forbidden_paths), or use a local model."
                    raise UsageError(f"the prompt holds a {kind} (line {line}) and would leave this machine", hint)
        self.calls += 1
        try:
            answer = self.adapter.run(prompt, self.deadline, self.observer.tokens)
        except ToolError as error:
            with deferred():
                self.log.add_failed(prompt, error.raw_error_code or "", place=place)
            raise
        self.model_id = answer.model_id
        self.left_out |= frozenset(answer.left_out)
        self.usage = self.usage.plus(answer.usage)
        with deferred():
            self.log.add(prompt, answer, place=place)
        return answer


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking came to: changes, or findings why there are none, and a recipe's account of its places.

    `besides` is what the rules judge of a refused answer; nobody applies it.
    """

    changes: tuple[FileChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    placed: tuple[str, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    placements: tuple[Placed, ...] = ()
    sources: tuple[str, ...] = ()
    besides: Resolved | None = None

    @classmethod
    def of(cls, resolved: Resolved) -> Asked:
        """Return what one answer came to."""
        return cls(
            resolved.changes,
            resolved.findings,
            placements=resolved.placements,
            sources=resolved.sources,
            besides=resolved.besides,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt for a whole task: its words, the format its answer is read in, the paths of the files it shows."""

    prompt: Prompt
    edit_format: EditFormat
    files: tuple[str, ...]


def ask_free(session: Session, question: Question, base: Base, limits: Limits) -> Asked:
    """Ask once for the whole task and read the answer as edits of the base."""
    answer = session.call(question.prompt)
    resolved = resolve(
        answer.text,
        question.edit_format,
        base,
        limits.max_answer_bytes,
        files=question.files,
        max_hunks=limits.max_hunks,
    )
    return Asked.of(resolved)


def ask_recipe(session: Session, recipe: Recipe, planned: Plan, base: Base, limits: Limits) -> Asked:
    """Let a recipe ask for each of its places and build the files' new contents."""

    def ask(place: Place, prompt: Prompt) -> str | None:
        try:
            return session.call(prompt, place=place.id).text
        except ToolError as error:
            if error.raw_error_code in ONE_ANSWER:
                return None
            session.stopped = error
            raise StopAsking(error) from error

    return fill(recipe, planned, base, limits, ask=ask, on_place=session.observer.place)


def fill(  # noqa: PLR0913 - what a recipe needs, and whom it asks
    recipe: Recipe, planned: Plan, base: Base, limits: Limits, *, ask: Ask, on_place: OnPlace
) -> Asked:
    """Fill a recipe's places from whatever `ask` answers and return the changes."""
    bounds = Bounds(limits.max_model_calls, limits.max_files, min(limits.max_hunks, limits.max_changed_lines))
    driven = drive(recipe, planned, bounds, ask, on_place)
    changes = []
    for path, text in driven.texts.items():
        old = base.read(path)
        if old is not None:
            new = FileVersion(text.encode("utf-8", "surrogateescape"), old.mode)
            changes.append(FileChange(path, path, old, new))
    return Asked(tuple(changes), placed=tuple(driven.placed), left=tuple(driven.left))
