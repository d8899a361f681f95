"""An answer and the base become new contents of named files, all or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentos_action.patches import edits, hunks
from agentos_action.patches.formats import structured, unified_diff
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, Placed
from agentos_action.records.task import EditFormat
from agentos_action.records.verdict import Finding

#: Half of a pair of code units: no text; U+DC80 to U+DCFF stand for bytes that are not UTF-8 and may pass.
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The changes an answer means, or the findings why it means none."""

    changes: tuple[FileChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    placements: tuple[Placed, ...] = ()


def resolve(
    answer: str, edit_format: EditFormat, base: Base, max_answer_bytes: int, *, files: tuple[str, ...] = ()
) -> Resolved:
    """Read an answer in a format against the base files; pure, never raises for what a model wrote."""
    try:
        size = len(answer.encode("utf-8", "replace"))
        if size > max_answer_bytes:
            message = f"the answer has {size:,} bytes, more than the {max_answer_bytes:,} the policy allows"
            raise refuse("size.answer", message, "Split the task, or raise limits.max_answer_bytes.")
        if _HALF.search(answer):
            raise refuse("patch.encoding", "the answer holds half of a character", "Answer in plain UTF-8.")
        if edit_format == "structured":
            changes = edits.apply(structured.parse(answer), base)
        else:
            changes = hunks.apply(unified_diff.parse(answer), base)
    except Refused as refused:
        return Resolved(findings=refused.findings)
    return Resolved(changes=tuple(sorted(changes, key=lambda change: change.path)))
