"""Where one hunk's old lines stand in the file, and what the file's blanks say about the hunk's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentos_action.patches.sections import Hunk
from agentos_action.records.patch import Rung


@dataclass(frozen=True, slots=True)
class Place:
    """One way to put a hunk into a file.

    `at` has the file's line (from 0) of each old line, None for a context line that the file does not have; `doubt`
    grows with what had to be guessed, comparable between places of one rung; `gap` is the line before which a hunk
    without old lines goes.
    """

    rung: Rung
    at: Sequence[int | None]
    doubt: float = 0.0
    gap: int = 0

    @property
    def start(self) -> int:
        """Where the hunk's first old line stands, or would stand."""
        for n, line in enumerate(self.at):
            if line is not None:
                return line - n
        return self.gap

    @property
    def end(self) -> int:
        """The line after the last one the hunk covers."""
        return max((line for line in self.at if line is not None), default=self.gap - 1) + 1


@dataclass(frozen=True, slots=True)
class Edit:
    """Old lines of the file (from, to; counted from 0) and the texts that stand there instead."""

    start: int
    stop: int
    added: tuple[str, ...]
    #: Whether each added line ends in a carriage return; None where the answer does not say.
    crs: tuple[bool, ...] | None = None


def runs_of(hunk: Hunk) -> list[tuple[int, int, list[int], list[int]]]:
    """Return each change of a hunk: old lines before it, old lines up to its end, its removed and its added lines.

    The first two count old lines, the lists are positions in `hunk.lines`.
    """
    runs: list[tuple[int, int, list[int], list[int]]] = []
    old = 0
    changing = False
    for position, (sign, _) in enumerate(hunk.lines):
        if sign == " ":
            changing = False
            old += 1
            continue
        if not changing:
            runs.append((old, old, [], []))
            changing = True
        before, after, removed, added = runs[-1]
        if sign == "-":
            removed.append(position)
            old += 1
            after += 1
        else:
            added.append(position)
        runs[-1] = (before, after, removed, added)
    return runs
