"""Damages to what a hunk covers: joined, split, trimmed, with a line left out or replaced by dots."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from benchmarks.patches.corpus import Edit
from benchmarks.patches.draft import Draft, begin, is_unique, with_hunks
from benchmarks.patches.hunks import Hunk, Line

DOTS = ("# ... existing code ...", "// ... existing code ...", "...", "<!-- ... -->", "# … rest of the code …")
LONG = 12


def joined(draft: Draft, rng: Random) -> Draft | None:
    """Put two neighbouring hunks under the first one's header; what is between them is not shown."""
    del rng
    for index, (edit, hunks) in enumerate(zip(draft.case.edits, draft.hunks, strict=True)):
        for at, (first, second) in enumerate(pairwise(hunks)):
            if is_unique(first, edit) and is_unique(second, edit) and first.lines[-1].sign == second.lines[0].sign:
                both = replace(first, lines=first.lines + second.lines)
                changed = (*hunks[:at], both, *hunks[at + 2 :])
                return replace(draft, hunks=(*draft.hunks[:index], changed, *draft.hunks[index + 1 :]))
    return None


def split(draft: Draft, rng: Random) -> Draft | None:
    """Make two hunks with right numbers of one with two changes, its context shared out between them."""
    del rng
    for index, hunks in enumerate(draft.hunks):
        for at, hunk in enumerate(hunks):
            for cut in range(1, len(hunk.lines)):
                if _parts(hunk, cut):
                    changed = (*hunks[:at], *_parts(hunk, cut), *hunks[at + 1 :])
                    return replace(draft, hunks=(*draft.hunks[:index], changed, *draft.hunks[index + 1 :]))
    return None


def _parts(hunk: Hunk, cut: int) -> tuple[Hunk, ...]:
    first, second = hunk.lines[:cut], hunk.lines[cut:]
    if first[-1].sign != " " or second[0].sign != " " or not all(_changes(part) for part in (first, second)):
        return ()
    head = replace(hunk, lines=first)
    return head, Hunk(hunk.old + len(head.olds()), hunk.new + len(head.news()), second)


def _changes(lines: tuple[Line, ...]) -> bool:
    return any(line.sign != " " for line in lines)


def trimmed(draft: Draft, rng: Random) -> Draft | None:
    """Take context away from the outside, more on one side than on the other; at least one old line is left."""
    return with_hunks(draft, lambda hunk, _: _trim(hunk, rng))


def _trim(hunk: Hunk, rng: Random) -> Hunk | None:
    signs = "".join(line.sign for line in hunk.lines)
    before, after = len(signs) - len(signs.lstrip(" ")), len(signs) - len(signs.rstrip(" "))
    keep = rng.choice(((0, after), (before, 0), (1, after), (before, 1), (1, 0), (0, 1)))
    off = max(before - keep[0], 0), max(after - keep[1], 0)
    lines = hunk.lines[off[0] : len(hunk.lines) - off[1]]
    if off == (0, 0) or all(line.sign == "+" for line in lines) or off[0] == off[1]:
        return None
    return Hunk(hunk.old + off[0], hunk.new + off[0], lines)


def left_out(draft: Draft, rng: Random) -> Draft | None:
    """Leave out one context line inside, beside context on one side at least.

    Not beside an added line: nobody could tell on which side of the lost one that goes.
    """
    return with_hunks(draft, lambda hunk, _: _without_one(hunk, rng))


def _without_one(hunk: Hunk, rng: Random) -> Hunk | None:
    signs = [line.sign for line in hunk.lines]
    places = [
        at
        for at in range(1, len(signs) - 1)
        if signs[at] == " " and {signs[at - 1], signs[at + 1]} in ({" "}, {" ", "-"}) and hunk.lines[at].text.strip()
    ]
    if not places:
        return None
    place = rng.choice(places)
    return replace(hunk, lines=(*hunk.lines[:place], *hunk.lines[place + 1 :]))


def elided(draft: Draft, rng: Random) -> Draft | None:
    """Write dots for the middle of long context."""
    dots = rng.choice(DOTS)
    return with_hunks(begin(draft.case, LONG), lambda hunk, edit: _with_dots(hunk, edit, dots))


def _with_dots(hunk: Hunk, edit: Edit, dots: str) -> Hunk | None:
    signs = "".join(line.sign for line in hunk.lines)
    for length in range(2 * LONG, 7, -1):
        place = signs.find(" " * length)
        parts = hunk.lines[: place + 3], hunk.lines[place + length - 3 :]
        # How far it is over the dots nobody knows: either part must be findable alone.
        if place >= 0 and all(is_unique(replace(hunk, lines=part), edit) for part in parts):
            return replace(hunk, lines=(*parts[0], Line(" ", dots), *parts[1]))
    return None


def hunk_twice(draft: Draft, rng: Random) -> Draft | None:
    """Repeat one hunk that deletes something, word for word."""
    index = rng.randrange(len(draft.hunks))
    hunks = draft.hunks[index]
    at = rng.randrange(len(hunks))
    if all(line.sign != "-" for line in hunks[at].lines):
        # An addition that stands twice may be meant twice.
        return None
    doubled = (*hunks[: at + 1], *hunks[at:])
    return replace(draft, hunks=(*draft.hunks[:index], doubled, *draft.hunks[index + 1 :]))


def mistyped(draft: Draft, rng: Random) -> Draft | None:
    """Swap two neighbouring letters of one context line; the file keeps its own line."""
    return with_hunks(draft, lambda hunk, edit: _with_typo(hunk, edit, rng))


def _with_typo(hunk: Hunk, edit: Edit, rng: Random) -> Hunk | None:
    places = [at for at, line in enumerate(hunk.lines) if line.sign == " " and len(line.text.strip()) > LONG]
    if not places:
        return None
    place = rng.choice(places)
    line = hunk.lines[place]
    swaps = [at for at, (a, b) in enumerate(pairwise(line.text)) if a != b and (a + b).isalpha()]
    if not swaps:
        return None
    at = rng.choice(swaps)
    text = line.text[:at] + line.text[at + 1] + line.text[at] + line.text[at + 2 :]
    if text in (edit.old or "").split("\n"):
        return None
    # No place of its own: whether the hunk is unique is judged without the spoilt line.
    typo = replace(line, text=text, at=None)
    return replace(hunk, lines=(*hunk.lines[:place], typo, *hunk.lines[place + 1 :]))
