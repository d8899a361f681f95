"""What the page of a run is made of: the files of its bundle, read once into plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = Mapping[str, Any]


class RunView(NamedTuple):
    """One run as its bundle tells it; `diff` is None where none is kept, `unread` counts lines that are no JSON object.

    Everything here was redacted before it was written, and what a bundle does not hold cannot be shown.
    """

    summary: Row
    events: tuple[Row, ...] = ()
    answers: tuple[Row, ...] = ()
    diff: str | None = None
    unread: int = 0

    def event(self, name: str) -> Row:
        """Return the last event of this name, empty where there is none."""
        return next((row for row in reversed(self.events) if row.get("event") == name), {})


def view_of(summary: bytes, tape: bytes = b"", answers: bytes = b"", diff: bytes | None = None) -> RunView:
    """Return the view of a bundle's files: `run_summary.json`, the tape, `answers.jsonl`, `canonical.diff`."""
    told, lost = _rows(summary.splitlines())
    events, cut = _rows(tape.splitlines())
    calls, gone = _rows(answers.splitlines())
    text = None if diff is None else diff.decode("utf-8", "surrogateescape")
    return RunView(told[0] if told else {}, events, calls, text, lost + cut + gone)


def said(value: object) -> str:
    """Return a value as a person reads it: a text as it is, nothing for null, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def part(row: Row, name: str) -> Row:
    """Return the object under this name, empty where there is none."""
    found = row.get(name)
    return found if isinstance(found, Mapping) else {}


def parts(row: Row, name: str) -> tuple[Row, ...]:
    """Return the objects of the list under this name."""
    return tuple(inner for inner in items(row, name) if isinstance(inner, Mapping))


def items(row: Row, name: str) -> tuple[Any, ...]:
    """Return the list under this name, empty where there is none."""
    found = row.get(name)
    return tuple(found) if isinstance(found, list | tuple) else ()


def number(row: Row, name: str) -> int | None:
    """Return the whole number under this name, None where there is none."""
    found = row.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _rows(lines: list[bytes]) -> tuple[tuple[Row, ...], int]:
    found: list[Row] = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            # Told on the page: a line that was cut is no reason to show nothing.
            continue
        if isinstance(row, dict):
            found.append(row)
    return tuple(found), len(lines) - len(found)
