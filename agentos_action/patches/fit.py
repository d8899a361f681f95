"""All hunks of one file put into it together: each at its one place, none against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agentos_action.patches.choose import choose
from agentos_action.patches.elision import is_dots, is_elision
from agentos_action.patches.lines import Lines
from agentos_action.patches.locate import locate
from agentos_action.patches.place import Place
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.rewrite import Put, rewritten
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText
from agentos_action.records.patch import RUNGS, Placed
from agentos_action.records.verdict import Finding

#: After so many hunks that fit nowhere the others are not tried.
_ENOUGH = 4


@dataclass(frozen=True, slots=True)
class _Part:
    """A hunk, or what stands between two of its elisions; `number` is the hunk's in its section, from 1."""

    hunk: Hunk
    number: int
    follows: bool

    @property
    def name(self) -> str:
        """What the hunk is called in a message."""
        return f"hunk {self.number} (line {self.hunk.line} of the answer)"


def fitted(hunks: Sequence[Hunk], file: FileText, path: str) -> tuple[list[str], list[Placed]]:
    """Return the file's new lines with their ends, and where each hunk went.

    Raises Refused with a finding for each hunk that fits nowhere, in several places, or against another.
    """
    lines = Lines(file.bare)
    parts = [part for number, hunk in enumerate(hunks, 1) for part in _parts(hunk, number, lines, path)]
    found: list[list[Place]] = []
    findings: list[Finding] = []
    for part in parts:
        try:
            found.append(locate(part.hunk, lines, path, part.name))
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
    puts = [Put(part.hunk, place, part.name) for part, place in zip(parts, places, strict=True)]
    return rewritten(file, puts, path), _placed(parts, places, path)


def _parts(hunk: Hunk, number: int, lines: Lines, path: str) -> list[_Part]:
    """Return a hunk in the parts between its "... existing code ..." lines, if it has any that are not the file's."""
    cuts = [at for at, line in enumerate(hunk.lines) if _elides(line, lines)]
    for at in cuts:
        sign, text = hunk.lines[at]
        if sign != " ":
            message = f"hunk {number} puts {text.strip()[:80]!r} in place of real lines of {path!r}"
            raise refuse("patch.elided", message, "Write every line out.", path=path)
    if not cuts:
        return [_Part(hunk, number, follows=False)] if _changes(hunk.lines) else []
    parts: list[_Part] = []
    start = 0
    for stop in [*cuts, len(hunk.lines)]:
        lines_between = hunk.lines[start:stop]
        last = stop == len(hunk.lines)
        part = replace(
            hunk,
            lines=lines_between,
            start=hunk.start if not parts else 0,
            old_unterminated=hunk.old_unterminated and last,
            new_unterminated=hunk.new_unterminated and last,
            crs=None if hunk.crs is None else frozenset(at - start for at in hunk.crs if start <= at < stop),
        )
        if any(text.strip() for _, text in lines_between):
            parts.append(_Part(part, number, follows=bool(parts)))
        start = stop + 1
    return parts if any(_changes(part.hunk.lines) for part in parts) else []


def _elides(line: tuple[str, str], lines: Lines) -> bool:
    sign, text = line
    dots = is_dots(text) if sign == " " else False
    return (dots or is_elision(text)) and not lines.where(text, "lookalikes")


def _changes(lines: Sequence[tuple[str, str]]) -> bool:
    return any(sign != " " for sign, _ in lines)


def _after(parts: Sequence[_Part], found: Sequence[list[Place]]) -> list[list[Place]]:
    """Return the places with those dropped that would put a part above the one it follows."""
    kept: list[list[Place]] = []
    for part, places in zip(parts, found, strict=True):
        after = [place for place in places if place.start >= kept[-1][0].end] if part.follows else places
        kept.append(after or places)
    return kept


def _check_cut(part: _Part, place: Place, file: FileText, path: str) -> None:
    """Refuse the last hunk of an answer that stops before its header said it would, and before the file ends."""
    hunk = part.hunk
    broken = hunk.open and bool(place.at) and place.at[-1] is None
    if (hunk.cut and place.end < len(file.bare)) or broken:
        message = f"{part.name} has fewer lines than its header counts, and the answer ends there"
        hint = "It was cut off: ask again for a shorter change, or raise max_tokens."
        raise refuse("patch.truncated", message, hint, path=path, line=place.end)


def _placed(parts: Sequence[_Part], places: Sequence[Place], path: str) -> list[Placed]:
    found: dict[int, Placed] = {}
    for part, place in zip(parts, places, strict=True):
        known = found.get(part.number)
        if known is None:
            found[part.number] = Placed(path, part.number, place.start + 1, place.rung)
        elif RUNGS.index(place.rung) > RUNGS.index(known.rung):
            found[part.number] = replace(known, rung=place.rung)
    return list(found.values())
