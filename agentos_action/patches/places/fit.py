"""All hunks of one file put into it together: each at its one place, none against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentos_action.patches.numbered import unnumbered
from agentos_action.patches.places.choose import choose
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.locate import contiguous, locate
from agentos_action.patches.places.place import Place
from agentos_action.patches.places.rewrite import Put, rewritten
from agentos_action.patches.places.split import changes, elided, parted, seams_between, unjoined
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText
from agentos_action.records.patch import RUNGS, Placed
from agentos_action.records.verdict import Finding

#: After so many hunks that fit nowhere the others are not tried.
_ENOUGH = 4

#: Refusals that hunks written one after another also meet.
_UNFIT = frozenset({"patch.context-not-found", "patch.overlap"})


@dataclass(frozen=True, slots=True)
class _Part:
    """A hunk, or what stands between two of its elisions; `number` is the hunk's in its section, from 1."""

    hunk: Hunk
    number: int
    follows: bool

    @property
    def name(self) -> str:
        """What the hunk is called in a message."""
        if not self.hunk.line:
            return f"edit {self.number}"
        return f"hunk {self.number} (line {self.hunk.line} of the answer)"


def fitted(hunks: Sequence[Hunk], file: FileText, path: str) -> tuple[list[str], list[Placed]]:
    """Return the file's new lines with their ends, and where each hunk went.

    Raises Refused with a finding for each hunk that fits nowhere, in several places, or against another.
    """
    try:
        return _together(hunks, file, path)
    except Refused as refused:
        from agentos_action.patches.places.sequence import in_sequence  # noqa: PLC0415 - few hunks are written so

        unfit = _is_unfit(refused) and not any(hunk.cut for hunk in hunks)
        found = in_sequence(hunks, file, path) if unfit else None
        if found is None:
            raise
        return found


def _together(hunks: Sequence[Hunk], file: FileText, path: str) -> tuple[list[str], list[Placed]]:
    """Put in hunks that all speak of the file as it is."""
    lines = Lines(file.bare)
    parts: list[_Part] = []
    found: list[list[Place]] = []
    findings: list[Finding] = []
    for number, hunk in enumerate(hunks, 1):
        try:
            for part, places in _located(hunk, number, lines, path):
                parts.append(part)
                found.append(places)
        except Refused as refused:
            findings += refused.findings
        if len(findings) >= _ENOUGH:
            break
    if findings:
        raise Refused(*findings)
    names = [part.name for part in parts]
    places = choose([part.hunk for part in parts], _after(parts, found), lines, path, names)
    for part, place in zip(parts, places, strict=True):
        _check_cut(part, place, file, path)
    puts = [
        Put(_told_ends(part.hunk, place, file), place, part.name) for part, place in zip(parts, places, strict=True)
    ]
    return rewritten(file, puts, path), _placed(parts, places, path)


def _located(hunk: Hunk, number: int, lines: Lines, path: str) -> list[tuple[_Part, list[Place]]]:
    """Return a hunk's parts with the places each could stand at; a hunk that changes nothing has none."""
    pieces = elided(hunk, number, lines, path)
    if not any(changes(piece.lines) for piece in pieces):
        return []
    if len(pieces) == 1 and not contiguous(hunk, lines):
        bare = unnumbered(hunk)
        pieces = [bare] if bare is not None and contiguous(bare, lines) else unjoined(hunk, lines) or pieces
    parts = [_Part(piece, number, follows=n > 0) for n, piece in enumerate(pieces)]
    try:
        return [(part, locate(part.hunk, lines, path, part.name)) for part in parts]
    except Refused as refused:
        loose = _loosely_parted(hunk, number, lines, path) if pieces == [hunk] and _is_unfit(refused) else []
        if not loose:
            raise
        return loose


def _loosely_parted(hunk: Hunk, number: int, lines: Lines, path: str) -> list[tuple[_Part, list[Place]]]:
    """Return the two hunks that one was joined of, where one of them fits only nearly; [] if it is not that."""
    for seam in seams_between(hunk):
        try:
            above, below = (locate(piece, lines, path, "") for piece in parted(hunk, seam))
        except Refused:
            continue
        if len(above) == 1 == len(below) and above[0].end <= below[0].start:
            one, other = parted(hunk, seam)
            return [(_Part(one, number, follows=False), above), (_Part(other, number, follows=True), below)]
    return []


def _is_unfit(refused: Refused) -> bool:
    return all(finding.id in _UNFIT for finding in refused.findings)


def _after(parts: Sequence[_Part], found: Sequence[list[Place]]) -> list[list[Place]]:
    """Return the places with those dropped that would put a part above the one it follows."""
    kept: list[list[Place]] = []
    for part, places in zip(parts, found, strict=True):
        after = [place for place in places if place.start >= kept[-1][0].end] if part.follows else places
        kept.append(after or places)
    return kept


def _check_cut(part: _Part, place: Place, file: FileText, path: str) -> None:
    """Refuse the last hunk of an answer that stops before its header said, if the file could have that much."""
    hunk = part.hunk
    broken = hunk.open and bool(place.at) and place.at[-1] is None
    beyond = place.start + hunk.claims > len(file.bare)
    if (hunk.cut and not beyond) or broken:
        message = f"{part.name} has fewer lines than its header counts, and the answer ends there"
        hint = "It was cut off: ask again for a shorter change, or raise max_tokens."
        raise refuse("patch.truncated", message, hint, path=path, line=place.end)


def _told_ends(hunk: Hunk, place: Place, file: FileText) -> Hunk:
    """Return the hunk; one whose old lines end otherwise than the file's says nothing about line ends."""
    if hunk.crs is None:
        return hunk
    olds = [at for at, (sign, _) in enumerate(hunk.lines) if sign != "+"]
    true = all(
        (at in hunk.crs) == (file.ends[line] == "\r\n")
        for at, line in zip(olds, place.at, strict=True)
        if line is not None and file.ends[line]
    )
    return hunk if true else replace(hunk, crs=None)


def _placed(parts: Sequence[_Part], places: Sequence[Place], path: str) -> list[Placed]:
    found: dict[int, Placed] = {}
    for part, place in zip(parts, places, strict=True):
        known = found.get(part.number)
        if known is None:
            found[part.number] = Placed(path, part.number, place.start + 1, place.rung)
        elif RUNGS.index(place.rung) > RUNGS.index(known.rung):
            found[part.number] = replace(known, rung=place.rung)
    return list(found.values())
