"""Hunks that were written one after another, each for the file as the ones before it leave it."""

from __future__ import annotations

from collections.abc import Sequence

from agentos_action.patches.places.choose import choose
from agentos_action.patches.places.effect import edits_at
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.locate import contiguous
from agentos_action.patches.places.place import Place
from agentos_action.patches.places.rewrite import Put, rewritten
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText
from agentos_action.records.patch import Placed

#: Each hunk reads the whole file again, so there may not be many.
_MOST = 32
_READ = 1_000_000


def in_sequence(hunks: Sequence[Hunk], file: FileText, path: str) -> tuple[list[str], list[Placed]] | None:
    """Return the file's new lines and where each hunk went; None where the hunks cannot be meant in this way.

    Later hunks may show what earlier ones added as context, but may not take it away again: that would be a second
    answer for the same place.
    """
    if not 1 < len(hunks) <= _MOST or len(hunks) * len(file.bare) > _READ:
        return None
    ours = [False] * len(file.bare)
    placed: list[Placed] = []
    lines: list[str] = []
    for number, hunk in enumerate(hunks, 1):
        places = contiguous(hunk, Lines(file.bare))
        try:
            (place,) = choose([hunk], [places], Lines(file.bare), path, [""]) if places else [None]
            if place is None or _against_ours(hunk, place, ours, file.bare):
                return None
            lines = rewritten(file, [Put(hunk, place, "")], path)
        except Refused:
            return None
        edits = edits_at(hunk, place, file.bare) or []
        for edit in sorted(edits, key=lambda edit: -edit.start):
            ours[edit.start : edit.stop] = [True] * len(edit.added)
        placed.append(Placed(path, number, min(place.start, len(file.bare)) + 1, "similar"))
        file = FileText.again(lines, file)
    return lines, placed


def _against_ours(hunk: Hunk, place: Place, ours: Sequence[bool], bare: Sequence[str]) -> bool:
    """Return whether a hunk takes an earlier one's lines away, or adds beside them as if they were not there."""
    signs = [sign for sign, _ in hunk.lines if sign != "+"]
    if any(sign == "-" and at is not None and ours[at] for sign, at in zip(signs, place.at, strict=True)):
        return True
    shown = set(place.at)
    # An addition right beside an earlier one that the hunk does not show was written without knowing of it.
    return any(
        ours[line] and line not in shown
        for edit in edits_at(hunk, place, bare) or []
        for line in (edit.start - 1, edit.stop)
        if 0 <= line < len(ours)
    )
