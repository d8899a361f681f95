"""Small pieces of a page that its parts share: facts, tables, notes, folded lists."""

from __future__ import annotations

from agentos_action.report.html_text import NOTHING, Html, element, joined, shown, size, text
from agentos_action.report.html_view import Row, items, said

#: Characters shown of a long text, of a short one and of a name; rows of a table, and bytes of HTML that they may take.
MAX_TEXT = 20_000
MAX_SHORT = 1_000
MAX_NAME = 100
MAX_ROWS = 200
MAX_TABLE = 100_000


def facts(told: list[tuple[str, str]], **attributes: str) -> Html:
    """Return names and values; those without a value are left out."""
    kept = [(name, value) for name, value in told if value][:MAX_ROWS]
    rows = [element("div", element("dt", shown(name, MAX_NAME)), _value(value)) for name, value in kept]
    whole = _fitting(rows)
    more = note(f"{len(rows) - len(whole):,} more are in the bundle.") if len(whole) < len(rows) else NOTHING
    return joined(element("dl", *whole, **attributes), more) if rows else NOTHING


def table(head: tuple[str, ...], rows: list[Html]) -> Html:
    """Return a table of these rows, nothing where there is none."""
    if not rows:
        return NOTHING
    names = (element("th", text(name), scope="col") if name else Html("<td></td>") for name in head)
    kept = _fitting(rows)
    whole = element("table", element("thead", element("tr", *names)), element("tbody", *kept))
    more = note(f"{len(rows) - len(kept):,} more are in the bundle.") if len(kept) < len(rows) else NOTHING
    return joined(element("div", whole, class_="wide", tabindex="0", role="region", aria_label=head[1]), more)


def note(words: str) -> Html:
    """Return a remark of our own, or a short foreign text in one."""
    return element("p", shown(words, MAX_SHORT), class_="note")


def folded(words: str, head: tuple[str, ...], rows: list[Html]) -> Html:
    """Return a table that is closed at first, nothing where it has no rows."""
    return element("details", element("summary", text(words)), table(head, rows)) if rows else NOTHING


def cells(row: Row, names: tuple[str, ...]) -> Html:
    """Return a row of these fields as code."""
    return element("tr", *(element("td", element("code", shown(said(row.get(key)), MAX_SHORT))) for key in names))


def listed(row: Row, name: str) -> str:
    """Return the values of a list as one line."""
    return ", ".join(said(value) for value in items(row, name)[:MAX_ROWS])


def within(room: int, pieces: list[Html], noun: str, where: str) -> list[Html]:
    """Return the first pieces that fit, and how many are left out."""
    kept = _fitting(pieces, room)
    more = len(pieces) - len(kept)
    return [*kept, note(f"{more:,} more {noun} are in {where}.")] if more else kept


def _fitting(pieces: list[Html], room: int = MAX_TABLE) -> list[Html]:
    """Return the first pieces that fit, at least one."""
    for at, piece in enumerate(pieces):
        room -= size(piece)
        if room < 0 and at:
            return pieces[:at]
    return pieces


def _value(value: str) -> Html:
    return element("dd", element("code", shown(value, MAX_SHORT)))
