"""An answer and the base become new contents of named files, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from agentos_action.patches import canonical, changes
from agentos_action.patches.answer import plain, unescaped, unpaged
from agentos_action.patches.built import Changes, check_all
from agentos_action.patches.read import reads_as_patch, sections_of
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.syntax import broken
from agentos_action.patches.thoughts import check_thoughts
from agentos_action.patches.whole import check_beside
from agentos_action.records.base import Base
from agentos_action.records.patch import RUNGS, FileChange, Placed, highest
from agentos_action.records.task import EditFormat
from agentos_action.records.verdict import Finding

#: Half of a pair of code units: no text; U+DC80 to U+DCFF stand for bytes that are not UTF-8 and may pass.
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")

#: An answer's hunks may become fewer in the canonical diff, but hardly fewer than one in so many.
_JOINED = 4


@dataclass(frozen=True, slots=True)
class Resolved:
    """The changes an answer means and where its hunks went, or the findings why it means none.

    `sources` are files that others are copied from: the changes no longer name them, and a policy may forbid them.
    `besides` is what of a refused answer could be read all the same, for the rules to judge and for nobody to apply.
    """

    changes: tuple[FileChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    placements: tuple[Placed, ...] = ()
    sources: tuple[str, ...] = ()
    besides: Resolved | None = None

    @classmethod
    def of(cls, found: Changes) -> Resolved:
        """Return what was found, in the order of its names."""
        ordered = tuple(sorted(found.files, key=lambda change: change.path))
        return cls(ordered, placements=tuple(found.placements), sources=tuple(found.sources))


def resolve(  # noqa: PLR0913 - an answer, what it is about, and two limits
    answer: str,
    edit_format: EditFormat,
    base: Base,
    max_answer_bytes: int,
    *,
    files: tuple[str, ...] = (),
    max_hunks: int | None = None,
) -> Resolved:
    """Read an answer in a format against the base files; pure, never raises for what a model wrote.

    `files` are the paths that the model was shown; one alone need not be named by formats that can do without. An
    answer with many times `max_hunks` hunks or edits is refused before any of them is placed.
    """
    try:
        _check_text(answer, max_answer_bytes)
        found = _Resolver(edit_format, base, files, max_hunks).meant(answer)
    except Refused as refused:
        besides = Resolved.of(refused.besides) if refused.besides is not None else None
        return Resolved(findings=refused.findings, besides=besides)
    return Resolved.of(found)


def _check_text(answer: str, max_answer_bytes: int) -> None:
    size = len(answer) if len(answer) > max_answer_bytes else len(answer.encode("utf-8", "replace"))
    if size > max_answer_bytes:
        message = f"the answer has {size:,} bytes, more than the {max_answer_bytes:,} the policy allows"
        raise refuse("size.answer", message, "Split the task, or raise limits.max_answer_bytes.")
    if _HALF.search(answer):
        raise refuse("patch.encoding", "the answer holds half of a character", "Answer in plain UTF-8.")


@dataclass(frozen=True, slots=True)
class _Resolver:
    """What an answer is read against."""

    edit_format: EditFormat
    base: Base
    files: tuple[str, ...]
    max_hunks: int | None

    def meant(self, answer: str) -> Changes:
        """Return what an answer means; it is read as escaped for HTML on its way only where it fits better so."""
        literal = canonical.read(answer, self.base) if self.edit_format in {"auto", "unified_diff"} else None
        if literal is not None:
            return _readable(literal)
        answer = unpaged(answer)
        before = unescaped(answer)
        if before is None:
            return self._read(answer)
        try:
            found = self._read(answer)
        except Refused as refused:
            try:
                return self._read(before)
            except Refused:
                raise refused from None
        if highest(found.placements) in {None, RUNGS[0]}:
            return found
        try:
            other = self._read(before)
        except Refused:
            return found
        return other if _doubt(other) < _doubt(found) else found

    def _read(self, answer: str) -> Changes:
        if self.edit_format == "structured" or (self.edit_format == "auto" and "{" in answer):
            from agentos_action.patches.formats import structured  # noqa: PLC0415 - most answers hold no JSON

            if self.edit_format == "structured" or structured.reads(answer):
                return _readable(self._edits(answer))
            text = structured.only_text(answer)
            answer = answer if text is None else text
        given = plain(answer)
        read = sections_of(given, self.edit_format, self.files)
        # A section without hunks is some work too: a new file, a rename.
        self._check_count(sum(max(1, len(section.hunks)) for section in read.sections))
        guarded = self.edit_format == "auto" and read.edit_format == "whole_file"
        found = _built(lambda: changes.apply(read.sections, self.base, answer, guarded=guarded))
        checks: list[Callable[[], None]] = [lambda: check_beside(read.beside, found.files, self.base, answer)]
        if given.thoughts:
            checks.append(lambda: check_thoughts(given.thoughts, found.files))
        return _readable(found, *checks)

    def _edits(self, answer: str) -> Changes:
        from agentos_action.patches import edits  # noqa: PLC0415 - only for JSON
        from agentos_action.patches.formats import structured  # noqa: PLC0415 - the same

        parsed = structured.parse(answer)
        if reads_as_patch(structured.around(answer)):
            message = "the answer holds a patch beside the JSON object of edits"
            raise refuse("patch.mixed", message, "Answer with one of the two.")
        self._check_count(len(parsed.edits))
        return _built(lambda: edits.apply(parsed, self.base))

    def _check_count(self, hunks: int) -> None:
        if self.max_hunks is not None and hunks > _JOINED * self.max_hunks:
            message = f"the answer has {hunks:,} hunks or edits, far more than the {self.max_hunks:,} the policy allows"
            raise refuse("size.hunks", message, "Split the task, or raise limits.max_hunks.")


def _doubt(found: Changes) -> int:
    return sum(RUNGS.index(placed.rung) for placed in found.placements)


def _built(build: Callable[[], Changes]) -> Changes:
    """Return what is built; raises Refused where a part does not fit, also with what is wrong with those that do."""
    try:
        return build()
    except Refused as refused:
        if refused.besides is None:
            raise
        try:
            _readable(refused.besides)
        except Refused as also:
            raise Refused(*refused.findings, *also.findings, besides=refused.besides) from None
        raise


def _readable(found: Changes, *checks: Callable[[], None]) -> Changes:
    """Return changes that pass these checks, and whose files their languages can still read; else raises Refused."""
    check_all(found, [*checks, *(partial(_check_reads, change) for change in found.files)])
    return found


def _check_reads(change: FileChange) -> None:
    if change.old is None or change.new is None:
        return
    wrong = broken(change.path, change.old.content, change.new.content)
    if wrong is not None:
        message = f"{change.path!r} could be read before and cannot be after this change: {wrong.said}"
        hint = "Show the change with the lines around it."
        raise refuse("patch.breaks-syntax", message, hint, path=change.path, line=wrong.line)
