"""An answer and the base become new contents of named files, all or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentos_action.patches import canonical, changes, edits
from agentos_action.patches.answer import entities, plain, unescaped
from agentos_action.patches.changes import Changes
from agentos_action.patches.formats import structured
from agentos_action.patches.read import sections_of
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.syntax import broken
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, Placed
from agentos_action.records.task import EditFormat
from agentos_action.records.verdict import Finding

#: Half of a pair of code units: no text; U+DC80 to U+DCFF stand for bytes that are not UTF-8 and may pass.
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The changes an answer means and where its hunks went, or the findings why it means none."""

    changes: tuple[FileChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    placements: tuple[Placed, ...] = ()


def resolve(
    answer: str, edit_format: EditFormat, base: Base, max_answer_bytes: int, *, files: tuple[str, ...] = ()
) -> Resolved:
    """Read an answer in a format against the base files; pure, never raises for what a model wrote.

    `files` are the paths that the model was shown; one alone need not be named by formats that can do without.
    """
    try:
        _check_text(answer, max_answer_bytes)
        literal = canonical.read(answer, base) if edit_format in {"auto", "unified_diff"} else None
        found = literal or _found(answer, edit_format, base, files)
        _check_syntax(found)
    except Refused as refused:
        return Resolved(findings=refused.findings)
    ordered = tuple(sorted(found.files, key=lambda change: change.path))
    return Resolved(ordered, placements=tuple(found.placements))


def _check_text(answer: str, max_answer_bytes: int) -> None:
    size = len(answer) if len(answer) > max_answer_bytes else len(answer.encode("utf-8", "replace"))
    if size > max_answer_bytes:
        message = f"the answer has {size:,} bytes, more than the {max_answer_bytes:,} the policy allows"
        raise refuse("size.answer", message, "Split the task, or raise limits.max_answer_bytes.")
    if _HALF.search(answer):
        raise refuse("patch.encoding", "the answer holds half of a character", "Answer in plain UTF-8.")


def _found(answer: str, edit_format: EditFormat, base: Base, files: tuple[str, ...]) -> Changes:
    """Return what the answer means; one that was escaped for HTML on its way is read as it was before."""
    before = unescaped(answer)
    if before is None:
        return _read(answer, edit_format, base, files)
    try:
        found = _read(answer, edit_format, base, files)
    except Refused:
        try:
            return _read(before, edit_format, base, files)
        except Refused:
            return _read(answer, edit_format, base, files)
    if any(_by_right(change) for change in found.files):
        return found
    try:
        return _read(before, edit_format, base, files)
    except Refused:
        return found


def _by_right(change: FileChange) -> bool:
    """Return whether HTML escapes may stand in this file: it had some before."""
    return change.old is not None and entities(change.old.content.decode("utf-8", "replace"))


def _read(answer: str, edit_format: EditFormat, base: Base, files: tuple[str, ...]) -> Changes:
    if edit_format == "structured" or (edit_format == "auto" and structured.reads(answer)):
        return edits.apply(structured.parse(answer), base)
    text = structured.only_text(answer) if edit_format == "auto" else None
    answer = answer if text is None else text
    read = sections_of(plain(answer), edit_format, files)
    whole = edit_format == "auto" and read.edit_format == "whole_file"
    found = changes.apply(read.sections, base, answer, guarded=whole)
    changes.check_beside(read.beside, found, base, answer)
    return found


def _check_syntax(found: Changes) -> None:
    """Refuse a result that its language cannot read, where it could read the file before."""
    for change in found.files:
        if change.old is None or change.new is None:
            continue
        wrong = broken(change.path, change.old.content, change.new.content)
        if wrong is not None:
            message = f"{change.path!r} could be read before and cannot be after this change: {wrong}"
            raise refuse("patch.breaks-syntax", message, "Show the change with the lines around it.", path=change.path)
