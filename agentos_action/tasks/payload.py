"""The payload of an event (`GITHUB_EVENT_PATH`): one reader, and getters that take any JSON for an answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agentos_action.errors import UsageError

#: GitHub cuts its payloads at 25 MB.
MAX_EVENT_BYTES = 32 * 1024 * 1024
#: No number or id of a forge is larger; a branch name and a path of the API can hold it.
MAX_NUMBER = 10**15


def read_payload(file: Path) -> dict[str, Any]:
    """Read the event's payload; raises UsageError where it cannot be read or is no JSON object."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_EVENT_BYTES + 1)
        found = json.loads(content) if len(content) <= MAX_EVENT_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"the event {file} cannot be read: {error}", "GITHUB_EVENT_PATH names it.") from error
    if not isinstance(found, dict):
        raise UsageError(f"the event {file} is no JSON object", "GITHUB_EVENT_PATH names it.")
    return found


def table(found: object, *keys: str) -> dict[str, Any]:
    """Return the object below these keys, an empty one where there is none."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def text(found: object, key: str) -> str | None:
    """Return the text at this key, None where there is none."""
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else None


def number(found: object, key: str) -> int | None:
    """Return the number of an issue, or an id, at this key; None where there is none."""
    value = found.get(key) if isinstance(found, dict) else None
    known = isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_NUMBER
    return value if known else None
