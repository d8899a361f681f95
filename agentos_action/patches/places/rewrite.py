"""A file's lines with edits put in: every kept line as it was, line ends and the last newline as the file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from agentos_action.patches.places.effect import edits_at
from agentos_action.patches.places.place import Edit, Place
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText


@dataclass(frozen=True, slots=True)
class Put:
    """A hunk at its place."""

    hunk: Hunk
    place: Place
    name: str


def rewritten(file: FileText, puts: Sequence[Put], path: str) -> list[str]:
    """Return the file's new lines with their ends; raises Refused where two hunks do not agree on a line."""
    edits = _edits(file, puts, path)
    result: list[str] = []
    at = 0
    for edit in edits:
        result += map(str.__add__, file.bare[at : edit.start], file.ends[at : edit.start])
        result += _added(edit, file)
        at = edit.stop
    result += map(str.__add__, file.bare[at:], file.ends[at:])
    told = any(put.hunk.crs is not None for put in puts)
    return _ended(result, file, terminated=_terminated(file, puts), told=told)


def _edits(file: FileText, puts: Sequence[Put], path: str) -> list[Edit]:
    """Return all edits in order, what was told twice once."""
    owners: dict[Edit, Put] = {}
    for put in puts:
        found = edits_at(put.hunk, put.place, file.bare)
        if found is None:
            message = f"{put.name} does not show where in {path!r} its lines go"
            raise refuse("patch.ambiguous", message, "Show the lines before and after the change.", path=path)
        for edit in found:
            owners.setdefault(edit, put)
    edits = sorted(owners, key=lambda edit: (edit.start, edit.stop))
    for one, other in pairwise(edits):
        if other.start < one.stop or (one.start, one.stop) == (other.start, other.stop):
            raise _clash(owners[one], owners[other], one.start, path)
    return edits


def _clash(one: Put, other: Put, line: int, path: str) -> Refused:
    message = f"{one.name} and {other.name} say different things of line {line + 1} of {path!r}"
    return refuse("patch.overlap", message, "Join them into one hunk.", path=path, line=line + 1)


def _added(edit: Edit, file: FileText) -> list[str]:
    """Return the added lines, each ending as its neighbour in the file does unless the answer says otherwise."""
    if edit.crs is not None:
        return [text + ("\r\n" if cr else "\n") for text, cr in zip(edit.added, edit.crs, strict=True)]
    olds = [end for end in file.ends[edit.start : edit.stop] if end]
    if not olds:
        beside = file.ends[max(edit.start - 1, 0) : edit.start + 1]
        olds = [end for end in beside if end][:1] or [file.usual_end]
    return [text + (olds[n] if n < len(olds) else olds[-1]) for n, text in enumerate(edit.added)]


def _terminated(file: FileText, puts: Sequence[Put]) -> bool:
    """Return whether the last line shall have an end: as before, unless a hunk at the file's end plainly changes it."""
    size = len(file.bare)
    reaching = [put for put in puts if put.place.end >= size]
    for put in reaching:
        if put.hunk.old_unterminated != put.hunk.new_unterminated or not size:
            return not put.hunk.new_unterminated
    return file.terminated


def _ended(lines: list[str], file: FileText, *, terminated: bool, told: bool) -> list[str]:
    """Return the lines with an end each, and with or without the last one's; `told`: the answer speaks of line ends."""
    for at, line in enumerate(lines[:-1]):
        if not line.endswith("\n"):
            lines[at] = line + file.usual_end
    if not lines:
        return lines
    last = lines[-1]
    if terminated and not last.endswith("\n"):
        lines[-1] = last + file.usual_end
    elif not terminated and last.endswith("\n"):
        lines[-1] = last[:-2] if last.endswith("\r\n") and not told else last[:-1]
    return lines
