"""What a dispatch asks for: the inputs of `workflow_dispatch`, the `client_payload` of `repository_dispatch`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agentos_action.errors import UsageError
from agentos_action.tasks.form import paths_in
from agentos_action.tasks.line import bounded
from agentos_action.tasks.payload import MAX_NUMBER, table

#: What one of may be given; `files` may go with the first two.
KEYS = ("instruction", "recipe", "task-file", "issue-number")
DISPATCHES = frozenset({"workflow_dispatch", "repository_dispatch"})
_ISSUE = re.compile(r"#?([1-9][0-9]{0,14})")
_HINT = "Give one of instruction, recipe, task-file and issue-number (files may go with the first two)."


@dataclass(frozen=True, slots=True)
class Dispatched:
    """The one thing that a dispatch asks for; the others are None."""

    instruction: str | None = None
    recipe: str | None = None
    task_file: str | None = None
    issue: int | None = None
    files: tuple[str, ...] = ()


def dispatched(name: str, payload: dict[str, Any]) -> Dispatched:
    """Read a dispatch; raises UsageError where it asks for nothing, for two things, or for what is no text."""
    where = _where(name)
    given = table(payload, where)
    told = {key: said for key in KEYS if (said := _text(given.get(key), f"{where}.{key}")) is not None}
    if not told:
        raise UsageError(f"the event {name} asks for nothing: {where} has none of its keys", _HINT)
    if len(told) > 1:
        raise UsageError(f"{where}: {' and '.join(told)} are given together", _HINT)
    files = _files(given.get("files"), f"{where}.files")
    if files and not {"instruction", "recipe"} & told.keys():
        raise UsageError(f"{where}: files go with an instruction or a recipe, not with {next(iter(told))}", _HINT)
    issue = _number(told["issue-number"], where) if "issue-number" in told else None
    return Dispatched(told.get("instruction"), told.get("recipe"), told.get("task-file"), issue, files)


def issue_named(name: str, payload: dict[str, Any]) -> int | None:
    """Return the issue that a dispatch names, None where it names none, or the event is another."""
    value = table(payload, _where(name)).get("issue-number") if name in DISPATCHES else None
    found = _ISSUE.fullmatch(str(value).strip()) if isinstance(value, (str, int)) else None
    return int(found[1]) if found else None


def _where(name: str) -> str:
    return "inputs" if name == "workflow_dispatch" else "client_payload"


def _text(value: object, what: str) -> str | None:
    """Return a value as text, None where it is empty; a number stands for its digits."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < MAX_NUMBER:
        return str(value)
    if not isinstance(value, str):
        raise UsageError(f"{what} is no text", "Give it as a text.")
    return bounded(value.strip(), what)


def _number(text: str, where: str) -> int:
    found = _ISSUE.fullmatch(text)
    if found is None:
        raise UsageError(f"{where}.issue-number: {text[:40]!r} is no number of an issue", "Give it as 12.")
    return int(found[1])


def _files(value: object, what: str) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(said for item in value if (said := _text(item, what)) is not None)
    return paths_in(_text(value, what) or "")
