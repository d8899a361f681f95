"""What a hunk's old lines say of its place: where they vote for, and which of them nothing can make up for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TypeAlias

from agentos_action.patches.places.fold import alike, telling
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.place import runs_of
from agentos_action.patches.sections import Hunk

#: How far file and hunk may run apart by lines left out or made up.
BAND = 3

#: So many of the most promising places are looked at closely.
WINDOWS = 8

#: A line found in more places than this gives no vote where the hunk might be.
_VOTERS = 64

#: A context line so close to a change, found elsewhere in the file, speaks against a place that lacks it.
_CLOSE = 2

Old: TypeAlias = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Weights:
    """Old lines by their weight: additions hang on `beside`, `close` ones are near a change.

    `only` stand in the file once, so they are no slip for another; `firm` ones cannot be passed over.
    """

    beside: frozenset[int]
    close: frozenset[int]
    only: frozenset[int]
    firm: frozenset[int]

    @classmethod
    def of(cls, hunk: Hunk, old: Old, lines: Lines) -> Weights:
        """Look at the hunk's changes and at the file."""
        runs = runs_of(hunk)
        beside = frozenset(n for before, _, removed, _ in runs if not removed for n in (before - 1, before) if n >= 0)
        close = {n for before, after, _, _ in runs for n in range(before - _CLOSE, after + _CLOSE)}
        near = [n for n in range(len(old)) if n in close and telling(old[n][1])]
        only = frozenset(n for n in near if len(lines.where(old[n][1], "lookalikes")) == 1)
        return cls(beside, frozenset(near), only, only | _firm(hunk))


def _firm(hunk: Hunk) -> frozenset[int]:
    """Return the old lines that lost their sign beside a change: they may as well have been added lines.

    What comes without a sign at a hunk's end may be what stands behind the patch.
    """
    signs = [sign for sign, _ in hunk.lines]
    end = len(signs)
    while end and end - 1 in hunk.unsigned:
        end -= 1
    olds = [at for at, sign in enumerate(signs) if sign != "+"]
    beside = {at + step for at, sign in enumerate(signs) if sign != " " for step in (-1, 1)}
    return frozenset(n for n, at in enumerate(olds) if at in hunk.unsigned and at < end and at in beside)


def old_lines(hunk: Hunk) -> Old:
    """Return a hunk's old lines as (sign, what of the text counts when look-alikes do not)."""
    return [(sign, alike(text)) for sign, text in hunk.lines if sign != "+"]


def offsets(old: Old, lines: Lines, near: int) -> list[int]:
    """Return the lines (from 0) where a hunk could begin by what stands in the file a few times only, best first."""
    votes: dict[int, float] = defaultdict(float)
    for n, (_, text) in enumerate(old):
        places = lines.where(text, "lookalikes")
        if not places or len(places) > _VOTERS:
            continue
        weight = (1.0 if telling(text) else 0.2) / len(places)
        for place in places:
            votes[place - n] += weight
    if near >= 0:
        votes[near] += 0.01
    chosen: list[int] = []
    for offset in sorted(votes, key=lambda at: (-votes[at], abs(at - near))):
        if all(abs(offset - other) >= BAND for other in chosen):
            chosen.append(offset)
        if len(chosen) == WINDOWS:
            break
    return chosen
