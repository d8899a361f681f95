"""Damages to hunk headers and to the order of hunks; where numbers lie, the hunk must be findable without them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from random import Random

from benchmarks.patches.corpus import Edit
from benchmarks.patches.draft import Draft, with_hunks
from benchmarks.patches.hunks import Hunk


def shifted(draft: Draft, rng: Random) -> Draft | None:
    """Make every number wrong by the same amount."""
    by = rng.choice((-7, -3, -1, 1, 2, 5, 40))
    return _moved(draft, repeat(by))


def shifted_each(draft: Draft, rng: Random) -> Draft | None:
    """Make every number wrong by its own amount."""
    return _moved(draft, iter(lambda: rng.choice((-60, -9, -4, -2, 1, 3, 8, 100)), 0))


def from_one(draft: Draft, rng: Random) -> Draft | None:
    """Let every hunk say that it begins in line 1."""
    del rng
    changed = with_hunks(draft, lambda hunk, _: replace(hunk, old=1, new=1))
    return changed and replace(changed, numbered=False)


def wrong_counts(draft: Draft, rng: Random) -> Draft | None:
    """Make the counts of lines wrong, the first lines not; never so that the answer looks cut off."""
    last = draft.hunks[-1][-1]

    def change(hunk: Hunk, _: Edit) -> Hunk:
        complete = hunk is not last or all(line.sign == " " and line.text.strip() for line in hunk.lines[-3:])
        skews = (-3, -2, -1, 1, 2, 4) if complete else (-2, -1)
        return replace(hunk, skew=(rng.choice(skews), rng.choice(skews)))

    return with_hunks(draft, change)


def dots(draft: Draft, rng: Random) -> Draft:
    """Write `@@ ... @@` for headers."""
    del rng
    return replace(draft, header="dots", numbered=False)


def bare(draft: Draft, rng: Random) -> Draft:
    """Write `@@` for headers."""
    del rng
    return replace(draft, header="bare", numbered=False)


def reordered(draft: Draft, rng: Random) -> Draft | None:
    """Put hunks in another order, with right numbers."""
    if all(len(hunks) == 1 for hunks in draft.hunks):
        return None
    return replace(draft, hunks=tuple(_shuffled(hunks, rng) for hunks in draft.hunks))


def _shuffled(hunks: tuple[Hunk, ...], rng: Random) -> tuple[Hunk, ...]:
    return hunks[::-1] if rng.random() < 1 / 2 else tuple(rng.sample(hunks, len(hunks)))


def _moved(draft: Draft, by: Iterator[int]) -> Draft | None:
    moved = with_hunks(draft, lambda hunk, _: _by(hunk, next(by)))
    return moved and replace(moved, numbered=False)


def _by(hunk: Hunk, by: int) -> Hunk:
    return replace(hunk, old=max(hunk.old + by, 1), new=max(hunk.new + by, 1))
