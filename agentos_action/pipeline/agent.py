"""What a run does otherwise for an agent command: who may be one, what it is told, how it is kept apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from agentos_action.context.render import render_instruction
from agentos_action.context.select import select_files
from agentos_action.errors import UsageError
from agentos_action.evidence.layout import HEALTH, TAPE
from agentos_action.executor.guard import contents, put_back
from agentos_action.interrupts import deferred
from agentos_action.pipeline.ask import Question
from agentos_action.pipeline.prepare import Prepared
from agentos_action.pipeline.walk import Walk
from agentos_action.records.verdict import Finding

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter
    from agentos_action.adapters.jail import Kind

#: Its named files are looked at, none of them is put into its prompt.
_LOOK_BYTES = 16 * 1024


def check_agent(walk: Walk) -> None:
    """Raise UsageError where an agent command cannot do what is asked."""
    if walk.recipe is not None:
        hint = "Give a task in words, or use a model for the recipe."
        raise UsageError("a recipe asks for single places, and an agent command edits files by itself", hint)


def agent_question(walk: Walk, prepared: Prepared) -> Question:
    """Return the prompt of an agent: the task and the rules; it finds the files itself."""
    task, policy = prepared.task, prepared.policy.policy
    if task.files:
        select_files(task, prepared.base, policy.context.unreadable, _LOOK_BYTES, needed=False)
    prompt = render_instruction(
        task.instruction, (policy.allowed_paths, task.allowed_paths, task.within), prepared.chosen.profile.params
    )
    walk.event("context_built", files=list(task.files), how="export", edit_format="unified_diff")
    return Question(prompt, "unified_diff", task.files)


@contextmanager
def evidence_held(walk: Walk) -> Iterator[None]:
    """Hold the run's own evidence while an agent's command runs: what it altered is put back, and is a change too.

    What we write in the block is the tape's next line with the health that it tells of, and only that.
    """
    folder, last = walk.folder.path, walk.tape.last_hash
    held = contents(folder)
    try:
        yield
    finally:
        with deferred():
            wanted = dict(held)
            if walk.tape.last_hash != last:
                there = contents(folder)
                line = (there.get(TAPE) or b"").splitlines(keepends=True)[-1:]
                wanted |= {TAPE: (held[TAPE] or b"") + b"".join(line), HEALTH: there.get(HEALTH)}
            walk.boundary += put_back(folder, wanted)


def sandbox_of(walk: Walk, adapter: Adapter) -> Kind | None:
    """Return how an agent is kept apart, None where only it knows; warn where it is not."""
    from agentos_action.adapters.agent import Agent  # noqa: PLC0415 - only runs with an agent command

    kind = adapter.sandbox() if isinstance(adapter, Agent) else None
    if kind != "bubblewrap":
        said = "the agent runs with your rights: it can read and write what you can, outside of its copy too"
        hint = 'Install bubblewrap (Linux), and leave sandbox in its profile at "auto".'
        walk.warn(Finding(id="agent.unsandboxed", severity="warning", message=said, hint=hint))
    return kind
