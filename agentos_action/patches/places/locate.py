"""Where a hunk belongs: every place it could stand at, on the first rung that has one."""

from __future__ import annotations

from agentos_action.patches.places.blanks import consistent
from agentos_action.patches.places.effect import edits_at
from agentos_action.patches.places.fold import FOLDS, alike, telling
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.place import Place
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk
from agentos_action.records.patch import RUNGS

#: Places on the last rungs must differ by so much doubt that one of them can be the only one.
MARGIN = 1.0

#: Longer lines are not compared with others.
_LONGEST = 1_000


def locate(hunk: Hunk, lines: Lines, path: str, name: str) -> list[Place]:
    """Return the hunk's possible places in the file; raises Refused where there is none.

    `name` is what the hunk is called in a message. Header numbers do not count here, but for telling which of very
    many places are looked at.
    """
    if not hunk.old:
        return [_without_old(hunk, lines, path, name)]
    places = contiguous(hunk, lines)
    if places:
        _check_new(hunk, places, lines, path, name)
        return places
    _check_applied(hunk, lines, path, name)
    from agentos_action.patches.places.align import aligned  # noqa: PLC0415 - most hunks need no guessing

    places = _ending(hunk, aligned(hunk, lines, hunk.start - 1), lines)
    places = [place for place in places if edits_at(hunk, place, lines.bare) is not None]
    places = [place for place in places if place.doubt < places[0].doubt + MARGIN]
    if not places:
        raise _not_found(hunk, lines, path, name)
    _check_new(hunk, places, lines, path, name)
    return places


def contiguous(hunk: Hunk, lines: Lines) -> list[Place]:
    """Return the places where all old lines stand together, on the first rung that has one."""
    old = hunk.old
    for rung in FOLDS if old else ():
        found = lines.find(old, rung, max(hunk.start - 1, 0))
        places = [Place(rung, range(at, at + len(old))) for at in found]
        if rung in {"indent", "lookalikes"}:
            places = [place for place in places if consistent(hunk, place, lines.bare)]
        places = _ending(hunk, places, lines)
        if places:
            return places
    return []


def _without_old(hunk: Hunk, lines: Lines, path: str, name: str) -> Place:
    if not lines.bare or hunk.at_end:
        return Place("exact", (), gap=len(lines.bare))
    hint = "Show the lines before and after the place."
    raise refuse("patch.no-context", f"{name} only adds lines and does not say where", hint, path=path)


def _ending(hunk: Hunk, places: list[Place], lines: Lines) -> list[Place]:
    """Return the places at the file's end where the hunk says that it ends there, all where none does."""
    if not hunk.at_end:
        return places
    return [place for place in places if place.end >= len(lines.bare)] or places


def _check_applied(hunk: Hunk, lines: Lines, path: str, name: str) -> None:
    """Refuse a hunk whose result already stands in the file: to put it there again would double it."""
    if not any(sign == "+" and telling(text) for sign, text in hunk.lines):
        return
    places = lines.find(hunk.new, "lookalikes", max(hunk.start - 1, 0))
    if places:
        raise _applied(path, name, places[0] + 1)


def _check_new(hunk: Hunk, places: list[Place], lines: Lines, path: str, name: str) -> None:
    """Refuse a hunk that only adds, shows nothing behind the addition, and finds it there already."""
    if len(places) != 1 or any(sign == "-" for sign, _ in hunk.lines):
        return
    edits = edits_at(hunk, places[0], lines.bare) or []
    for edit in edits:
        size = len(edit.added)
        said = [text.rstrip() for text in edit.added]
        if not any(said):
            continue
        below = [line.rstrip() for line in lines.bare[edit.start : edit.start + size]]
        above = [line.rstrip() for line in lines.bare[max(edit.start - size, 0) : edit.start]]
        covered = places[0].end > edit.start
        led = places[0].start < edit.start
        if (below == said and not covered) or (above == said and not led):
            raise _applied(path, name, edit.start + 1)


def _applied(path: str, name: str, line: int) -> Refused:
    message = f"{name} is in {path!r} already, at line {line}"
    return refuse("patch.already-applied", message, "Leave it out.", path=path, line=line)


def _not_found(hunk: Hunk, lines: Lines, path: str, name: str) -> Refused:
    """Say what was looked for, what the file really has that comes close, and what was tried."""
    missing = [text for text in hunk.old if text.strip() and not lines.where(text, "lookalikes")]
    said, line = _lacking(missing[0], lines) if missing else _breaking(hunk, lines)
    message = f"{name} fits nowhere in {path!r}: {said}. Tried: {', '.join(RUNGS)}"
    hint = "Copy the lines that stay and the lines that go exactly from the file."
    return refuse("patch.context-not-found", message, hint, path=path, line=line)


def _lacking(wanted: str, lines: Lines) -> tuple[str, int | None]:
    """Return what to say of a line that the file does not have, and the line (from 1) that comes closest."""
    from rapidfuzz import process  # noqa: PLC0415 - only a refusal needs it
    from rapidfuzz.fuzz import ratio  # noqa: PLC0415 - the same

    first: dict[str, int] = {}
    for at, text in enumerate(lines.bare):
        first.setdefault(text if len(text) <= _LONGEST else "", at)
    close = process.extract(wanted.strip()[:_LONGEST], list(first), scorer=ratio, limit=3, score_cutoff=50)
    shown = "; ".join(sorted(f"line {first[text] + 1}: {_shown(text)}" for text, _, _ in close))
    said = f"the file has no line {_shown(wanted)}" + (f". Closest: {shown}" if shown else "")
    return said, first[close[0][0]] + 1 if close else None


def _breaking(hunk: Hunk, lines: Lines) -> tuple[str, int | None]:
    """Return what to say of a hunk whose lines are all in the file, and the line (from 1) where it breaks off."""
    from agentos_action.patches.places.weights import offsets, old_lines  # noqa: PLC0415 - only a refusal needs it

    old = hunk.old
    start = next(iter(offsets(old_lines(hunk), lines, hunk.start - 1)), 0)
    beside = [alike(text) for text in lines.bare[max(start, 0) : max(start + len(old), 0)]]
    fits = [n for n, text in enumerate(beside) if alike(old[n]) == text] if start >= 0 else []
    breaks = next((n for n in range(fits[0] if fits else 0, len(old)) if n not in fits), None)
    if not fits or breaks is None:
        return "its lines are in the file, but not together", None
    there = _shown(lines.bare[start + breaks]) if start + breaks < len(lines.bare) else "nothing more"
    said = f"from line {start + fits[0] + 1} on it fits, but line {start + breaks + 1} has {there} and not "
    return said + _shown(old[breaks]), start + breaks + 1


def _shown(text: str) -> str:
    text = text.strip()
    return repr(text if len(text) <= 100 else text[:99] + "…")  # noqa: PLR2004 - one line of a terminal
