"""A task given on the command line or by a hook: an instruction, a recipe, some files."""

from __future__ import annotations

import hashlib

from agentos_action.errors import UsageError
from agentos_action.records.task import TaskSource, ToolTask
from agentos_action.tasks.file import task_id_of

MAX_INSTRUCTION = 100_000


def task_from_line(instruction: str | None, recipe: str | None, *, source: TaskSource = "command line") -> ToolTask:
    """Make a task of an instruction, a recipe, or both; raises UsageError where there is neither."""
    text = (instruction or "").strip()
    if not text and recipe is None:
        raise UsageError("there is nothing to do", "Give --task FILE, --instruction TEXT or --recipe NAME.")
    name = task_id_of(recipe) if recipe else f"task-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return ToolTask(
        task_id=name,
        instruction=bounded(text, "the instruction"),
        source=source,
        recipe=None if recipe is None else bounded(recipe, "the recipe's name"),
    )


def bounded(text: str, what: str) -> str:
    """Return a text that a record can hold; raises UsageError naming `what` is too long or holds a NUL character."""
    if len(text) > MAX_INSTRUCTION:
        raise UsageError(f"{what} is longer than {MAX_INSTRUCTION} characters", "Shorten it.")
    if "\0" in text:
        raise UsageError(f"{what} holds a NUL character", "Remove it.")
    return text.encode("utf-8", "replace").decode("utf-8")
