"""Which of several possible places a hunk means: its heading, the other hunks' offset, the header's number; or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentos_action.patches.lines import Lines
from agentos_action.patches.place import Place, edits_at
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk

#: Without other hunks to compare with, a header may be wrong by so many lines.
_REACH = 20
_CLEARER = 4
_SLIP = 3
_SMALL = 8
_SPAN = 200


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A hunk that has one place only: where its header says it is, and how far off that was."""

    start: int
    offset: int


def choose(hunks: Sequence[Hunk], found: Sequence[list[Place]], lines: Lines, path: str, names: Sequence[str]) -> list[Place]:
    """Return one place for each hunk of a file; raises Refused (`patch.ambiguous`) where several are as good."""
    anchors = sorted(
        (
            _Anchor(hunk.start, places[0].start - (hunk.start - 1))
            for hunk, places in zip(hunks, found, strict=True)
            if len(places) == 1 and hunk.start > 0 and hunk.old
        ),
        key=lambda anchor: anchor.start,
    )
    return [
        places[0] if len(places) == 1 else _one(hunk, places, anchors, lines, path, name)
        for hunk, places, name in zip(hunks, found, names, strict=True)
    ]


def _one(  # noqa: PLR0913 - what there is to decide by
    hunk: Hunk, places: list[Place], anchors: list[_Anchor], lines: Lines, path: str, name: str
) -> Place:
    under = _under_heading(hunk, places, lines)
    if len(under) == 1:
        return under[0]
    places = under or places
    nearest = _by_number(hunk, places, anchors)
    if nearest is not None:
        return nearest
    if _same_result(hunk, places, lines):
        return places[0]
    raise _ambiguous(hunk, places, path, name)


def _under_heading(hunk: Hunk, places: list[Place], lines: Lines) -> list[Place]:
    """Return the places that stand below the hunk's heading with no other possible place between."""
    headings = [text for text in hunk.heading.split("\n") if text.strip()]
    if not headings:
        return []
    low = [0]
    for heading in headings:
        at = [n for n, line in enumerate(lines.bare) if line.strip().startswith(heading.strip()) and n >= low[0]]
        if not at:
            return []
        low = [n for n in at if n >= low[0]]
    starts = sorted(place.start for place in places)
    meant = {next((start for start in starts if start >= line), -1) for line in low}
    return [place for place in places if place.start in meant]


def _by_number(hunk: Hunk, places: list[Place], anchors: list[_Anchor]) -> Place | None:
    if hunk.start <= 0:
        return None
    line = hunk.start - 1
    above = [anchor for anchor in anchors if anchor.start < hunk.start]
    below = [anchor for anchor in anchors if anchor.start > hunk.start]
    offsets = {anchor.offset for anchor in (above[-1:] + below[:1])}
    if len(offsets) == 1:
        return _nearest(places, line + offsets.pop(), _SLIP)
    if offsets:
        low, high = line + min(offsets), line + max(offsets)
        within = [place for place in places if low <= place.start <= high]
        return within[0] if len(within) == 1 else None
    return _nearest(places, line, _REACH)


def _nearest(places: list[Place], line: int, reach: int) -> Place | None:
    """Return the place at or clearly nearest to a line, None where it is too far or another is nearly as near."""
    first, second = sorted(places, key=lambda place: abs(place.start - line))[:2]
    near, far = abs(first.start - line), abs(second.start - line)
    if near == far:
        return None
    return first if near == 0 or (near <= reach and far >= _CLEARER * near) else None


def _same_result(hunk: Hunk, places: list[Place], lines: Lines) -> bool:
    """Return whether all places give the same file: one more or one less of several equal lines."""
    low, high = min(place.start for place in places), max(place.end for place in places)
    if len(places) > _SMALL or high - low > _SPAN:
        return False
    results = set()
    for place in places:
        edits = edits_at(hunk, place, lines.bare)
        if edits is None:
            return False
        text = list(lines.bare[low:high])
        for edit in sorted(edits, key=lambda edit: -edit.start):
            text[edit.start - low : edit.stop - low] = edit.added
        results.add(tuple(text))
    return len(results) == 1


def _ambiguous(hunk: Hunk, places: list[Place], path: str, name: str) -> Refused:
    where = ", ".join(str(place.start + 1) for place in places[:5])
    more = f" and {len(places) - 5} more" if len(places) > 5 else ""  # noqa: PLR2004 - the five above
    said = f"its header says line {hunk.start}" if hunk.start else "its header does not say which"
    message = f"{name} fits at lines {where}{more} of {path!r} ({places[0].rung}); {said}"
    return refuse("patch.ambiguous", message, "Show more lines around the change.", path=path, line=places[0].start + 1)
