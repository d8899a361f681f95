"""One hunk taken apart: at its "... existing code ..." lines, or where two hunks were joined without a sign of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agentos_action.patches.elision import hints_elision, is_dots, is_elision, may_elide
from agentos_action.patches.places.fold import telling
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.locate import contiguous
from agentos_action.patches.refusal import refuse
from agentos_action.patches.sections import Hunk

#: So many seams are tried in one hunk, and so many pieces made of it.
_SEAMS = 64
_PIECES = 8
_LOOSE = 12
_LONGEST = 1_000
_TRIES = 3

_BETWEEN = re.compile(r"[+-] {2,}(?=[+-])[+-]")


def elided(hunk: Hunk, number: int, lines: Lines, path: str) -> list[Hunk]:
    """Return a hunk in the pieces between its elisions that are not lines of the file; [hunk] where it has none.

    Raises Refused (`patch.elided`) where an elision stands for lines that are to be removed or added.
    """
    shrinks = sum(sign == "-" for sign, _ in hunk.lines) > sum(sign == "+" for sign, _ in hunk.lines)
    cuts = [at for at, line in enumerate(hunk.lines) if _elides(line, lines, shrinks=shrinks)]
    if may_elide(path) and not shrinks:
        cuts = [at for at in cuts if hunk.lines[at][0] != "+"]
    for at in cuts:
        sign, text = hunk.lines[at]
        if sign != " ":
            message = f"hunk {number} puts {text.strip()[:80]!r} in place of real lines of {path!r}"
            raise refuse("patch.elided", message, "Write every line out.", path=path)
    if not cuts:
        return [hunk]
    starts, stops = [0, *(at + 1 for at in cuts)], [*cuts, len(hunk.lines)]
    pieces = [_piece(hunk, start, stop) for start, stop in zip(starts, stops, strict=True)]
    return [piece for piece in pieces if any(text.strip() for _, text in piece.lines)]


def _elides(line: tuple[str, str], lines: Lines, *, shrinks: bool) -> bool:
    sign, text = line
    # Where more goes than comes, a comment of dots or "unchanged" stands for what went.
    said = is_elision(text) or (sign == " " and is_dots(text)) or (sign == "+" and shrinks and hints_elision(text))
    return said and not lines.where(text, "lookalikes")


def unjoined(hunk: Hunk, lines: Lines) -> list[Hunk]:
    """Return the hunks that were joined in one: each stands in the file once below the one before; [] if it is not so.

    A seam is between two context lines, so that no change is torn apart.
    """
    pieces: list[Hunk] = []
    rest, low = hunk, 0
    if len(hunk.lines) > _LONGEST:
        return []
    while len(pieces) < _PIECES:
        seam = _seam(rest, lines, low)
        if seam is None:
            return []
        pieces.append(_piece(rest, 0, seam))
        low = _only(pieces[-1], lines, low) or low
        rest = _piece(rest, seam, len(rest.lines))
        if _only(rest, lines, low) is not None:
            return [*pieces, rest]
    return []


def seams_between(hunk: Hunk) -> list[int]:
    """Return where a hunk may have been joined of two, if neither has to fit to the letter: between two changes.

    The middle of each stretch of context comes first, as both hunks had context there.
    """
    signs = "".join(sign for sign, _ in hunk.lines)
    if len(signs) > _LONGEST:
        return []
    found = []
    for match in _BETWEEN.finditer(signs):
        start, stop = match.start() + 1, match.end() - 1
        middle = (start + stop) // 2
        near = ((abs(at - middle), at) for at in range(start + 1, stop))
        found += [at for _, at in sorted(near)[:_TRIES]]
    return found[:_LOOSE]


def parted(hunk: Hunk, seam: int) -> tuple[Hunk, Hunk]:
    """Return a hunk as the two that a seam makes of it."""
    return _piece(hunk, 0, seam), _piece(hunk, seam, len(hunk.lines))


def _only(hunk: Hunk, lines: Lines, low: int) -> int | None:
    """Return the line below the one place at or below `low` where a hunk stands; None where there is none, or more."""
    places = [place for place in contiguous(hunk, lines) if place.start >= low]
    return places[0].end if len(places) == 1 else None


def _seam(hunk: Hunk, lines: Lines, low: int) -> int | None:
    """Return the last seam above which everything stands together in the file."""
    signs = [sign for sign, _ in hunk.lines]
    seams = [at for at in range(len(signs) - 1, 0, -1) if signs[at - 1] == " " == signs[at]]
    for at in seams[:_SEAMS]:
        piece = _piece(hunk, 0, at)
        if _tells(piece) and _tells(_piece(hunk, at, len(signs))) and _only(piece, lines, low) is not None:
            return at
    return None


def _tells(hunk: Hunk) -> bool:
    return any(telling(text) for text in hunk.old)


def _piece(hunk: Hunk, start: int, stop: int) -> Hunk:
    last = stop == len(hunk.lines)
    return replace(
        hunk,
        lines=hunk.lines[start:stop],
        start=hunk.start if start == 0 else 0,
        old_unterminated=hunk.old_unterminated and last,
        new_unterminated=hunk.new_unterminated and last,
        cut=hunk.cut and last,
        open=hunk.open and last,
        unsigned=frozenset(at - start for at in hunk.unsigned if start <= at < stop),
        crs=None if hunk.crs is None else frozenset(at - start for at in hunk.crs if start <= at < stop),
    )


def changes(lines: Sequence[tuple[str, str]]) -> bool:
    """Return whether a hunk's lines change anything."""
    return any(sign != " " for sign, _ in lines)
