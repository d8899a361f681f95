"""Who acted in a workflow's event, in words: what they may do here, and who said so."""

from __future__ import annotations

from collections.abc import Iterable

MAX_ROWS = 30


def acting(rows: Iterable[object]) -> tuple[str, ...]:
    """Return a line for each row of `asked_by` on a tape; the names in it are foreign text."""
    return tuple(_line(row) for row in list(rows)[:MAX_ROWS] if isinstance(row, dict))


def _line(row: dict[object, object]) -> str:
    name = f"{row.get('login')}{' (a bot)' if row.get('bot') is True else ''}"
    if row.get("told_by") == "forge":
        return f"{name}: permission {row.get('permission') or 'none'}, says the forge"
    return f"{name}: association {row.get('association') or 'none'}, says the event; the forge was not asked"
