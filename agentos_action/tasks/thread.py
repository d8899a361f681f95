"""The issue, or pull request, that an event is about, and the comment in it that asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from agentos_action.tasks.event import MAX_EVENT_BYTES


@dataclass(frozen=True, slots=True)
class Thread:
    """Where an answer belongs: the number of an issue or pull request, the id of a comment under an issue."""

    issue: int | None = None
    comment: int | None = None


def thread_of(name: str, file: Path | None) -> Thread:
    """Return where an event is answered; nowhere, where it does not say (that it cannot be read is told elsewhere)."""
    if file is None:
        return Thread()
    try:
        with file.open("rb") as stream:
            found = json.loads(stream.read(MAX_EVENT_BYTES))
    except (OSError, ValueError, RecursionError):
        return Thread()
    if not isinstance(found, dict):
        return Thread()
    numbers = (_number(found.get(key), "number") for key in ("issue", "pull_request"))
    issue = next((number for number in numbers if number is not None), None)
    return Thread(issue, _number(found.get("comment"), "id") if name == "issue_comment" else None)


def _number(item: object, key: str) -> int | None:
    value = item.get(key) if isinstance(item, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
