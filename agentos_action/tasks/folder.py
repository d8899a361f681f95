"""Tasks that stand in the repository: `.agentos/tasks/*.md`, and any other file that a dispatch names."""

from __future__ import annotations

from dataclasses import dataclass

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.patch import MODE_EXEC, MODE_FILE
from agentos_action.records.task import ToolTask
from agentos_action.tasks.file import MAX_TASK_BYTES, FrontMatter, Occasion, decoded, parse_file, task_id_of

FOLDER = ".agentos/tasks"


@dataclass(frozen=True, slots=True)
class FolderTask:
    """A task and the path of its file."""

    path: str
    task: ToolTask


def tasks_in(base: Base, *, event: Occasion, cron: str | None) -> tuple[FolderTask, ...]:
    """Return the tasks of `.agentos/tasks/` that this event does by itself, in the order of their names.

    `cron` is the schedule that set it off. Raises UsageError naming the file of what is wrong, in any of them.
    """
    found: list[FolderTask] = []
    whose: dict[str, str] = {}
    for name in sorted(base.siblings(FOLDER)):
        path = f"{FOLDER}/{name}"
        if not name.endswith(".md") or name.casefold() == "readme.md":
            continue
        keys, task = _read(base, path)
        other = whose.setdefault(task.task_id, path)
        if other != path:
            raise UsageError(f"{path}: its id {task.task_id!r} is that of {other}", "Give each task an id of its own.")
        if event in keys.on and (event != "schedule" or keys.cron is None or _same(keys.cron, cron)):
            found.append(FolderTask(path, task))
    return tuple(found)


def task_at(base: Base, path: str) -> ToolTask:
    """Return the task in a file of the base; raises UsageError where it is missing, a link, or wrong."""
    return _read(base, path)[1]


def _read(base: Base, path: str) -> tuple[FrontMatter, ToolTask]:
    hint = "Name a task file of the repository, by its path from the root."
    clean = path.isprintable() and all(part not in {"", ".", ".."} for part in path.split("/"))
    mode = base.mode(path) if clean else None
    if mode is None:
        raise UsageError(f"{path[:200]!r} is not in commit {base.id[:10]}", hint)
    if mode not in {MODE_FILE, MODE_EXEC}:
        raise UsageError(f"{path[:200]!r} is no regular file", hint)
    if base.size(path) > MAX_TASK_BYTES:
        raise UsageError(f"{path}: larger than {MAX_TASK_BYTES} bytes", "A task is an instruction; shorten it.")
    version = base.read(path)
    text = decoded(version.content if version else b"", path)
    return parse_file(text, path, default_id=task_id_of(path.rpartition("/")[2].removesuffix(".md")))


def _same(one: str, other: str | None) -> bool:
    return other is not None and one.split() == other.split()
