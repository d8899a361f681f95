"""An entry added to somebody's `.pre-commit-config.yaml`, where that is safe; everything else stays byte for byte."""

from __future__ import annotations

import re

_REPOS = re.compile(r"repos:[ ]*(?:#.*)?")
_ITEM = re.compile(r"([ ]*)-[ ]+\S.*")
_TOP_KEY = re.compile(r"[^\s#-]")
#: What else begins at the margin may be the rest of somebody's list in brackets or quotes.
_PLAIN_KEY = re.compile(r"[a-z_]+:(?: .*)?")
_DOCUMENT = re.compile(r"(?:---|\.\.\.)(?:\s|$)|%")
_HEAD = re.compile(r"(?:(?:#.*)?\n)*(?:---[ ]*\n)?")


def has_ours(text: str) -> bool:
    """Return whether a configuration names a hook of ours already."""
    return re.search(r"^[ ]*-?[ ]*id:[ ]*['\"]?agentos-", text, re.MULTILINE) is not None


def added(text: str, entry: str) -> str | None:
    """Return the configuration with the entry as its last repository; None where that cannot be done safely.

    `entry` is one item of a list without indentation. Safe is one document in block style whose `repos:` stands at
    the margin and holds items that all begin in one column; lists in brackets, tabs and the like are left to a person.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    body = _HEAD.sub("", plain, count=1)
    if "\t" in plain or "\r" in plain or any(_DOCUMENT.match(line) for line in body.split("\n")):
        return None
    lines = plain.split("\n")
    starts = [number for number, line in enumerate(lines) if _REPOS.fullmatch(line)]
    if len(starts) != 1:
        return None
    first = starts[0] + 1
    past = next((at for at, line in enumerate(lines[first:], first) if _TOP_KEY.match(line)), len(lines))
    section = lines[first:past]
    column = _column(section)
    if column is None or (past < len(lines) and not _PLAIN_KEY.fullmatch(lines[past])):
        return None
    # What stands deeper than the items, comments too, may belong to a text of the last one.
    last = max(at for at, line in enumerate(section, first) if _indent(line) >= column and not _is_remark(line, column))
    margin = " " * column
    new = [f"{margin}{line}" if line else line for line in entry.rstrip("\n").split("\n")]
    return end.join([*lines[: last + 1], *new, *(lines[last + 1 :] or [""])])


def _column(section: list[str]) -> int | None:
    """Return the column in which every item of the list begins, None where there is none."""
    filled = [line for line in section if line.strip() and not line.lstrip().startswith("#")]
    item = _ITEM.fullmatch(filled[0]) if filled else None
    if item is None:
        return None
    column = len(item[1])
    outside = [line for line in filled if _indent(line) < column]
    beside = [line for line in filled if _indent(line) == column and not _ITEM.fullmatch(line)]
    return None if outside or beside else column


def _is_remark(line: str, column: int) -> bool:
    return line.lstrip().startswith("#") and _indent(line) <= column


def _indent(line: str) -> int:
    """Return how deep a line stands; a blank one stands nowhere."""
    return len(line) - len(line.lstrip(" ")) if line.strip() else -1
