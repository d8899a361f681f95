"""A task file: Markdown whose front matter (TOML between `+++` lines) sets keys, whose body is the instruction."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field

from agentos_action.errors import UsageError
from agentos_action.records.narrowing import Narrowing
from agentos_action.records.policy import AllowedGlobs, ForbiddenGlobs
from agentos_action.records.task import EditFormat, ToolTask
from agentos_action.tomlfile import read_toml

MAX_TASK_BYTES = 256 * 1024
FENCE = "+++"


class FrontMatter(Narrowing):
    """The keys a task file may set; all of them narrow, none widens."""

    id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    files: tuple[str, ...] = ()
    allowed_paths: AllowedGlobs = ()
    forbidden_paths: ForbiddenGlobs = ()
    timeout_seconds: float | None = Field(default=None, gt=0, le=86_400)
    edit_format: EditFormat | None = None
    recipe: str | None = None


def read_task_file(path: Path) -> ToolTask:
    """Read a task file; raises UsageError naming the file, the line and the key of what is wrong."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_TASK_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name an existing task file with --task.") from error
    if len(content) > MAX_TASK_BYTES:
        raise UsageError(f"{path}: larger than {MAX_TASK_BYTES} bytes", "A task is an instruction; shorten it.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: not UTF-8", "Save the task file as UTF-8.") from error
    return parse_task(text, str(path), default_id=task_id_of(path.stem))


def parse_task(text: str, where: str, *, default_id: str) -> ToolTask:
    """Parse a task's text; `where` names it in errors."""
    front, body, first_line = _split(text, where)
    keys = read_toml(front, FrontMatter, where, first_line=first_line)
    if not body.strip() and keys.recipe is None:
        raise UsageError(f"{where}: the task has no instruction", "Write what should change below the front matter.")
    told = keys.model_dump(include=set(Narrowing.model_fields), exclude_unset=True)
    return ToolTask(
        task_id=keys.id or default_id,
        instruction=body.strip(),
        allowed_paths=keys.allowed_paths,
        forbidden_paths=keys.forbidden_paths,
        files=keys.files,
        source="file",
        edit_format=keys.edit_format,
        recipe=keys.recipe,
        narrow=Narrowing.model_validate(told) if told else None,
        **({} if keys.timeout_seconds is None else {"timeout_seconds": keys.timeout_seconds}),
    )


def task_id_of(name: str) -> str:
    """Return a usable task id for a file name or a title."""
    slug = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:64].rstrip("-._")
    return slug or "task"


def _split(text: str, where: str) -> tuple[str, str, int]:
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        return "", text, 1
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), 2
    raise UsageError(f"{where}:1: the front matter opens with +++ but never closes", "Add a second +++ line.")
