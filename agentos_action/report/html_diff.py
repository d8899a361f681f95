"""A unified diff as sections, hunks and lines, as they are to be shown: nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Named tuples: a dataclass costs every run four times as much to define.
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)")
_BARE = "\\ "


class Line(NamedTuple):
    """One line of a hunk: its sign (blank, `-`, `+`), its text, and whether a newline ends it."""

    sign: str
    text: str
    ended: bool = True


class Hunk(NamedTuple):
    """One hunk: the first old and new line it shows (from 1), git's words behind the header, its lines."""

    old: int
    new: int
    words: str
    lines: list[Line]


class Section(NamedTuple):
    """What the diff says of one file: its name, header lines other than names, its hunks, other lines."""

    name: str
    about: list[str]
    hunks: list[Hunk]

    def total(self, sign: str) -> int:
        """Return how many lines carry this sign."""
        return sum(line.sign == sign for hunk in self.hunks for line in hunk.lines)


class Pair(NamedTuple):
    """What stands side by side: an old and a new line with their numbers, or one of them beside nothing."""

    old: Line | None
    new: Line | None
    old_number: int
    new_number: int


def sections(diff: str) -> list[Section]:
    """Return the sections of a diff; a line that is no part of one stands in its `about`, none is left out."""
    found: list[Section] = []
    left_old = left_new = 0
    for line in diff.removesuffix("\n").split("\n") if diff else ():
        if left_old > 0 or left_new > 0:
            lines = found[-1].hunks[-1].lines
            left_old -= not line.startswith(("+", _BARE))
            left_new -= not line.startswith(("-", _BARE))
            _add(lines, line)
        elif line.startswith("diff --git "):
            found.append(Section(_name(line.removeprefix("diff --git ")), [], []))
        elif found and (hunk := _HUNK.fullmatch(line)):
            left_old, left_new = int(hunk[2] or 1), int(hunk[4] or 1)
            found[-1].hunks.append(Hunk(int(hunk[1]), int(hunk[3]), hunk[5].strip(), []))
        elif line.startswith(_BARE) and found and found[-1].hunks:
            _add(found[-1].hunks[-1].lines, line)
        elif not line.startswith(("--- ", "+++ ")) or not found:
            if not found:
                found.append(Section("", [], []))
            found[-1].about.append(line)
    return found


def pairs(hunk: Hunk) -> Iterator[Pair]:
    """Yield the lines of a hunk side by side; lines that go stand beside those that come in their place."""
    old, new = hunk.old, hunk.new
    gone: list[Line] = []
    come: list[Line] = []
    for line in [*hunk.lines, None]:
        if line is not None and line.sign == "-" and not come:
            gone.append(line)
            continue
        if line is not None and line.sign == "+":
            come.append(line)
            continue
        for at in range(max(len(gone), len(come))):
            yield Pair(gone[at] if at < len(gone) else None, come[at] if at < len(come) else None, old + at, new + at)
        old, new = old + len(gone), new + len(come)
        gone, come = [line] if line is not None and line.sign == "-" else [], []
        if line is not None and line.sign == " ":
            yield Pair(line, line, old, new)
            old, new = old + 1, new + 1


def _add(lines: list[Line], line: str) -> None:
    if line.startswith(_BARE):
        if lines:
            lines[-1] = Line(lines[-1].sign, lines[-1].text, ended=False)
        return
    sign = line[:1] if line[:1] in {"-", "+"} else " "
    lines.append(Line(sign, line[1:]))


def _name(names: str) -> str:
    """Return the one name of `a/NAME b/NAME`, both where they differ."""
    half = len(names) // 2
    old, new = names[:half], names[half + 1 :]
    quoted = '"' if names.startswith('"') else ""
    same = old.removeprefix(f"{quoted}a/") == new.removeprefix(f"{quoted}b/")
    return quoted + old.removeprefix(f"{quoted}a/") if same else names
