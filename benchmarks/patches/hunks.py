"""A diff as values that can be damaged: hunks of signed lines, each old-side line with its place in the base."""

from __future__ import annotations

from dataclasses import dataclass

import pygit2

NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Line:
    """A sign, the text without its line feed, the base's line (from 0) it stands for, whether a line feed ends it.

    `raw` is written instead of sign and text.
    """

    sign: str
    text: str
    at: int | None = None
    ended: bool = True
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Hunk:
    """First line (from 1, 0 for none) on both sides as the header says it, the lines, and an error in its counts."""

    old: int
    new: int
    lines: tuple[Line, ...]
    skew: tuple[int, int] = (0, 0)

    def olds(self) -> list[Line]:
        """Return context and deleted lines."""
        return [line for line in self.lines if line.sign != "+"]

    def news(self) -> list[Line]:
        """Return context and added lines."""
        return [line for line in self.lines if line.sign != "-"]


def hunks(old: str, new: str, context: int = 3) -> tuple[Hunk, ...]:
    """Return what libgit2 finds between two texts."""
    # The patch points into these bytes without holding them.
    sides = old.encode(), new.encode()
    patch = pygit2.Patch.create_from(*sides, context_lines=context)
    return tuple(_hunk(each) for each in patch.hunks)


def _hunk(found: pygit2.DiffHunk) -> Hunk:
    lines: list[Line] = []
    for line in found.lines:
        if line.origin in "+- ":
            text = line.raw_content.decode()
            at = line.old_lineno - 1 if line.origin != "+" else None
            lines.append(Line(line.origin, text.removesuffix("\n"), at, text.endswith("\n")))
    return Hunk(found.old_start, found.new_start, tuple(lines))
