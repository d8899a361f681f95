"""A task file: Markdown whose front matter (TOML between `+++` lines) sets keys, whose body is the instruction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import Field

from agentos_action.errors import UsageError
from agentos_action.records.narrowing import Narrowing
from agentos_action.records.policy import AllowedGlobs, ForbiddenGlobs
from agentos_action.records.task import EditFormat, TaskSource, ToolTask
from agentos_action.tomlfile import read_toml

MAX_TASK_BYTES = 256 * 1024
FENCE = "+++"
_YAML_KEY = re.compile(r"[a-z_]+:(?:\s|$)")
#: The events that do tasks of `.agentos/tasks/` by themselves.
Occasion: TypeAlias = Literal["schedule", "push"]


class TaskKeys(Narrowing):
    """The keys that any text of a task may set; all of them narrow, none widens."""

    files: tuple[str, ...] = ()
    allowed_paths: AllowedGlobs = ()
    forbidden_paths: ForbiddenGlobs = ()
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)
    edit_format: EditFormat | None = None
    recipe: str | None = None


class FrontMatter(TaskKeys):
    """The keys that a task file may set; `on` and `cron` say when one in `.agentos/tasks/` is done by itself."""

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    on: tuple[Occasion, ...] = ("schedule",)
    cron: str | None = None


def read_task_file(path: Path) -> ToolTask:
    """Read a task file; raises UsageError naming the file, the line and the key of what is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TASK_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name an existing task file with --task.") from error
    return parse_task(decoded(content, str(path)), str(path), default_id=task_id_of(path.stem))


def decoded(content: bytes, where: str) -> str:
    """Return a task file's text; raises UsageError where it is too large or not UTF-8."""
    if len(content) > MAX_TASK_BYTES:
        raise UsageError(f"{where}: larger than {MAX_TASK_BYTES} bytes", "A task is an instruction; shorten it.")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{where}:{line}: not UTF-8", "Save the task file as UTF-8.") from error


def parse_task(text: str, where: str, *, default_id: str) -> ToolTask:
    """Parse a task's text; `where` names it in errors."""
    return parse_file(text, where, default_id=default_id)[1]


def parse_file(text: str, where: str, *, default_id: str) -> tuple[FrontMatter, ToolTask]:
    """Parse a task's text into its keys and the task; `where` names it in errors."""
    front, body, first_line = _split(text, where)
    keys = read_toml(front, FrontMatter, where, first_line=first_line)
    if not body.strip() and keys.recipe is None:
        raise UsageError(f"{where}: the task has no instruction", "Write what should change below the front matter.")
    return keys, task_with(keys, body.strip(), task_id=keys.id or default_id, source="file")


def task_with(
    keys: TaskKeys, instruction: str, *, task_id: str, source: TaskSource, requested_by: str | None = None
) -> ToolTask:
    """Make a task of its keys and its instruction."""
    told = keys.model_dump(include=set(Narrowing.model_fields), exclude_unset=True)
    timeout: dict[str, Any] = {} if keys.timeout_seconds is None else {"timeout_seconds": keys.timeout_seconds}
    return ToolTask(
        task_id=task_id,
        instruction=instruction,
        allowed_paths=keys.allowed_paths,
        forbidden_paths=keys.forbidden_paths,
        files=keys.files,
        source=source,
        requested_by=requested_by,
        edit_format=keys.edit_format,
        recipe=keys.recipe,
        narrow=Narrowing.model_validate(told) if told else None,
        **timeout,
    )


def task_id_of(name: str) -> str:
    """Return a usable task id for a file name or a title."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:64].rstrip("-._")
    return slug or "task"


def _refuse_yaml(lines: list[str], where: str) -> None:
    """Raise UsageError for front matter in YAML: read as words, its keys would narrow nothing, and nobody were told."""
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() in {"---", "..."}), 0)
    if lines[0].rstrip() == "---" and any(_YAML_KEY.match(line) for line in lines[1:end]):
        raise UsageError(f"{where}:1: front matter in YAML", "Write it as TOML between +++ lines: docs/tasks.md.")


def _split(text: str, where: str) -> tuple[str, str, int]:
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        _refuse_yaml(lines, where)
        return "", text, 1
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), 2
    raise UsageError(f"{where}:1: the front matter opens with +++ but never closes", "Add a second +++ line.")
