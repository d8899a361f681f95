"""Which of several possible places a hunk means: its heading, the other hunks' offset, the header's number; or none."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from agentos_action.patches.places.effect import edits_at
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.place import Place
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk

#: Without other hunks to compare with, a header may be wrong by so many lines.
_REACH = 20
_CLEARER = 4
_SLIP = 3
_SMALL = 8
_SPAN = 400

#: So many lines are read for headings in one file.
_SCANNED = 5_000_000


class _Anchors:
    """The hunks that have one place only: where their headers say they are, and how far off that was."""

    def __init__(self, hunks: Sequence[Hunk], found: Sequence[list[Place]]) -> None:
        known = sorted(
            (hunk.start, places[0].start - (hunk.start - 1))
            for hunk, places in zip(hunks, found, strict=True)
            if len(places) == 1 and hunk.start > 0 and hunk.old
        )
        self._starts = [start for start, _ in known]
        self._offsets = [offset for _, offset in known]
        self._sorted = sorted(self._offsets)

    def beside(self, start: int) -> tuple[int, ...]:
        """Return the offsets of the nearest other hunks above and below a header's line."""
        above = bisect_left(self._starts, start)
        below = bisect_right(self._starts, start)
        return tuple(self._offsets[at] for at in (above - 1, below) if 0 <= at < len(self._offsets))

    def agree_without(self, offset: int) -> bool:
        """Return whether all hunks but one with this offset are about equally far off."""
        low, high = bisect_left(self._sorted, offset), len(self._sorted) - 1
        others = self._sorted[1:2] + self._sorted[-1:] if low == 0 else self._sorted[:1] + self._sorted[-1:]
        if self._sorted[-1] == offset:
            others = self._sorted[:1] + self._sorted[high - 1 : high]
        return high > 0 and max(others) - min(others) <= 2 * _SLIP


def choose(
    hunks: Sequence[Hunk], found: Sequence[list[Place]], lines: Lines, path: str, names: Sequence[str]
) -> list[Place]:
    """Return one place for each hunk of a file; raises Refused (`patch.ambiguous`) where several are as good."""
    chooser = _Chooser(_Anchors(hunks, found), lines, path)
    chosen = [chooser.one(hunk, places, name) for hunk, places, name in zip(hunks, found, names, strict=True)]
    for at in range(1, len(chosen)):
        low, high = chosen[at - 1].end, chosen[at + 1].start if at + 1 < len(chosen) else len(lines.bare)
        if not hunks[at].start and hunks[at].old and chosen[at].start < chosen[at - 1].start and low <= high:
            chooser.check_order(hunks[at], chosen[at], (low, high), names[at])
    return chosen


class _Chooser:
    """Decides between the places of one hunk after another."""

    def __init__(self, anchors: _Anchors, lines: Lines, path: str) -> None:
        self._anchors = anchors
        self._lines = lines
        self._path = path
        self._scanned = 0

    def one(self, hunk: Hunk, places: list[Place], name: str) -> Place:
        """Return the place that is meant."""
        if len(places) == 1:
            self._check_lone(hunk, places[0], name)
            return places[0]
        under = self._under_heading(hunk, places)
        nearest = self._by_number(hunk, places)
        if len(under) == 1 and nearest in {None, under[0]}:
            return under[0]
        if nearest is not None and (not under or nearest in under):
            return nearest
        if _same_result(hunk, places, self._lines):
            return places[0]
        raise _ambiguous(hunk, places, self._path, name)

    def _check_lone(self, hunk: Hunk, place: Place, name: str) -> None:
        """Refuse the only place of a hunk where all other hunks agree that it is another, and it nearly fits there."""
        offset = place.start - (hunk.start - 1)
        if hunk.start <= 0 or not hunk.old or not self._anchors.agree_without(offset):
            return
        beside = self._anchors.beside(hunk.start)
        if not beside or abs(offset - beside[0]) <= _REACH:
            return
        from agentos_action.patches.places.align import aligned  # noqa: PLC0415 - few places are doubtful

        expected = hunk.start - 1 + beside[0]
        near = [other for other in aligned(hunk, self._lines, expected) if abs(other.start - expected) <= _SLIP]
        if near:
            raise _ambiguous(hunk, [place, near[0]], self._path, name)

    def check_order(self, hunk: Hunk, place: Place, between: tuple[int, int], name: str) -> None:
        """Refuse a hunk without a number that stands above the one before it, and nearly fits below it."""
        from agentos_action.patches.places.align import aligned  # noqa: PLC0415 - few places are doubtful

        near = [other for other in aligned(hunk, self._lines, -1) if between[0] <= other.start <= between[1]]
        if near:
            raise _ambiguous(hunk, [place, near[0]], self._path, name)

    def _under_heading(self, hunk: Hunk, places: list[Place]) -> list[Place]:
        """Return the places that stand below the hunk's heading with no other possible place between."""
        headings = [text.strip() for text in hunk.heading.split("\n") if text.strip()]
        low = [0]
        for heading in headings:
            self._scanned += len(self._lines.bare)
            if self._scanned > _SCANNED:
                return []
            bare = enumerate(self._lines.bare[low[0] :], low[0])
            low = [at for at, line in bare if _begins(line.strip(), heading)]
            if not low:
                return []
        if not headings:
            return []
        starts = sorted(place.start for place in places)
        meant = {
            starts[at] for line in low if (at := bisect_left(starts, line)) < len(starts) and self._in(line, starts[at])
        }
        return [place for place in places if place.start in meant]

    def _in(self, heading: int, start: int) -> bool:
        """Return whether no other line of the heading's kind stands between it and a place."""
        first = self._lines.bare[heading]
        kind = first[: len(first) - len(first.lstrip())] + first.split(maxsplit=1)[0]
        between = self._lines.bare[heading + 1 : min(start, heading + _SPAN)]
        return start - heading <= _SPAN and not any(line.startswith(f"{kind} ") for line in between)

    def _by_number(self, hunk: Hunk, places: list[Place]) -> Place | None:
        if hunk.start <= 0:
            return None
        line = hunk.start - 1
        offsets = self._anchors.beside(hunk.start)
        if not offsets:
            return _nearest(places, line, _REACH)
        if min(offsets) == max(offsets):
            return _nearest(places, line + offsets[0], _SLIP)
        low, high = line + min(offsets), line + max(offsets)
        within = [place for place in places if low <= place.start <= high]
        return within[0] if len(within) == 1 else None


def _begins(line: str, heading: str) -> bool:
    """Return whether a line is the heading or goes on behind its last word."""
    return line.startswith(heading) and not (line[len(heading) :][:1] + heading[-1]).isidentifier()


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
