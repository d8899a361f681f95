"""A task given on the command line or by a hook: an instruction, a recipe, some files."""

from __future__ import annotations

import hashlib

from agentos_action.errors import UsageError
from agentos_action.records.task import TaskSource, ToolTask

MAX_INSTRUCTION = 100_000


def task_from_line(instruction: str | None, recipe: str | None, *, source: TaskSource = "command line") -> ToolTask:
    """Make a task of an instruction, a recipe, or both; raises UsageError where there is neither."""
    text = (instruction or "").strip()
    if not text and recipe is None:
        raise UsageError("there is nothing to do", "Give --task FILE, --instruction TEXT or --recipe NAME.")
    if len(text) > MAX_INSTRUCTION:
        raise UsageError(f"the instruction is longer than {MAX_INSTRUCTION} characters", "Shorten it.")
    if "\0" in text:
        raise UsageError("the instruction holds a NUL character", "Remove it.")
    name = recipe or f"task-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    clean = text.encode("utf-8", "replace").decode("utf-8")
    return ToolTask(task_id=name, instruction=clean, source=source, recipe=recipe)
