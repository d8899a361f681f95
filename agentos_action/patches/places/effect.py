"""What a hunk does to the file at a place: which lines go, which come, written as the file writes them."""

from __future__ import annotations

from collections.abc import Sequence

from agentos_action.patches.places.blanks import Blanks
from agentos_action.patches.places.place import Edit, Place, runs_of
from agentos_action.patches.sections import Hunk


def edits_at(hunk: Hunk, place: Place, file: Sequence[str]) -> list[Edit] | None:
    """Return what the hunk does to the file at a place, None where that cannot be told there."""
    found = []
    rewrite = Blanks.of(hunk, place, file)
    for before, after, removed, added in runs_of(hunk):
        if removed:
            lines = place.at[before:after]
            start = lines[0]
            if start is None or list(lines) != list(range(start, start + len(lines))):
                return None
            stop = start + len(lines)
        else:
            gap = _gap(place, before, file, [hunk.lines[at][1] for at in added])
            if gap is None:
                return None
            start = stop = gap
        olds = [hunk.lines[at][1] for at in removed]
        texts = tuple(rewrite.text(hunk.lines[at][1], olds, file[start:stop]) for at in added)
        crs = None if hunk.crs is None else tuple(at in hunk.crs for at in added)
        found.append(Edit(start, stop, texts, crs))
    return found


def _gap(place: Place, before: int, file: Sequence[str], added: Sequence[str]) -> int | None:
    """Return the line before which something is put that stands behind `before` old lines."""
    if not place.at:
        return place.gap
    above = place.at[before - 1] if before else None
    below = place.at[before] if before < len(place.at) else None
    if above is not None and below is not None:
        return below if below == above + 1 else _beside_blank(file, above, below, added)
    if above is not None:
        return above + 1
    return below


def _beside_blank(file: Sequence[str], above: int, below: int, added: Sequence[str]) -> int | None:
    """Return where an addition goes that the file has blank lines at: it brings its own for one side only."""
    if any(line.strip() for line in file[above + 1 : below]) or not added:
        return None
    first, last = not added[0].strip(), not added[-1].strip()
    if first == last:
        return None
    return below if last else above + 1
