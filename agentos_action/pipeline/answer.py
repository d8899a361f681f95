"""One answer against a base: read, judged and told; no model is asked and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from agentos_action.patches.parse import to_patch
from agentos_action.patches.read import reads_as_patch
from agentos_action.patches.resolve import Resolved, resolve
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, Patch, Placed, highest, told
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import surroundings
from agentos_action.records.task import EditFormat
from agentos_action.records.tool import OutputKind
from agentos_action.records.verdict import DiffValidationResult, Finding
from agentos_action.secrets.scan import scan
from agentos_action.verifier.rules.binding import wrong_kind
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify

AnswerVerdict: TypeAlias = Literal["accept", "reject", "no_change"]

_KINDS: dict[str, OutputKind] = {kind: kind for kind in get_args(OutputKind)}
_NOTHING = frozenset({"patch.no-diff", "patch.no-edits"})


@dataclass(frozen=True, slots=True)
class AnswerCase:
    """What is to be judged: an answer, the files it is about, under which policy; `files` are those it was shown."""

    text: str
    base: Base
    policy: Policy
    edit_format: EditFormat = "auto"
    kind: str = "diff"
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of an answer; `after` holds the changed files of an accepted one, None for a file that goes."""

    verdict: AnswerVerdict
    findings: tuple[Finding, ...] = ()
    placements: tuple[Placed, ...] = ()
    diff: str = ""
    after: Mapping[str, bytes | None] = field(default_factory=dict)
    result: DiffValidationResult | None = None

    def row(self) -> dict[str, Any]:
        """Return it as JSON takes it; bytes that are not UTF-8 are surrogates, as in every text here."""
        return {
            "verdict": self.verdict,
            "findings": [asdict(finding) for finding in self.findings],
            "placement": highest(self.placements),
            "placements": [asdict(placed) for placed in told(self.placements)],
            "diff": self.diff,
            "files_after": {
                path: None if content is None else content.decode("utf-8", "surrogateescape")
                for path, content in self.after.items()
            },
        }


def judge_answer(case: AnswerCase) -> Judgement:
    """Read an answer as edits of the base and judge what it means to do."""
    if case.kind != "diff":
        return _without_diff(case)
    resolved = _resolved(case, case.edit_format)
    if resolved.findings:
        return Judgement("reject", _all_findings(case, resolved))
    return _judged(case, resolved, "diff")


def _all_findings(case: AnswerCase, refused: Resolved) -> tuple[Finding, ...]:
    """Return why an answer could not be read, and what the rules find in as much of it as could."""
    if refused.besides is None:
        return refused.findings
    patch = to_patch(refused.besides.changes)
    subject = _subject(case, patch, refused.besides, "diff" if patch.text else "analysis")
    result = verify(subject, "", found_before=refused.findings).result
    return (*result.errors, *result.warnings)


def _resolved(case: AnswerCase, edit_format: EditFormat) -> Resolved:
    limits = case.policy.limits
    return resolve(
        case.text, edit_format, case.base, limits.max_answer_bytes, files=case.files, max_hunks=limits.max_hunks
    )


def _without_diff(case: AnswerCase) -> Judgement:
    """Judge an answer that says it is no diff: it must not be one in any format."""
    kind = _KINDS.get(case.kind)
    if kind is None:
        return Judgement("reject", (wrong_kind(case.kind, f"is none of {', '.join(_KINDS)}"),))
    other = _other_kind(case.text)
    if other not in {None, kind}:
        return Judgement("reject", (wrong_kind(kind, f"says that it is of kind {str(other)[:80]!r}"),))
    resolved = _resolved(case, "auto")
    found = {finding.id for finding in resolved.findings}
    if found and found <= _NOTHING and not reads_as_patch(case.text):
        return Judgement("no_change")
    if "size.answer" in found:
        return Judgement("reject", resolved.findings)
    judged = Judgement("no_change") if found else _judged(case, resolved, kind)
    if judged.verdict == "no_change":
        # It reads as a patch, whether or not it fits or changes anything.
        return Judgement("reject", (wrong_kind(kind, "carries a diff"),))
    return judged


def _other_kind(text: str) -> object:
    """Return the kind that a JSON answer says it is, None where it says none."""
    if "output_kind" not in text:
        return None
    from agentos_action.patches.formats.structured import said_kind  # noqa: PLC0415 - hardly any answer says so
    from agentos_action.patches.refusal import Refused  # noqa: PLC0415 - the same

    try:
        return said_kind(text)
    except Refused:
        return "two at once"


def _judged(case: AnswerCase, resolved: Resolved, kind: OutputKind) -> Judgement:
    patch = to_patch(resolved.changes)
    if not patch.text:
        return Judgement("no_change")
    result = verify(_subject(case, patch, resolved, kind), "").result
    findings = (*result.errors, *result.warnings)
    after = _after(patch.changes) if result.is_valid else {}
    verdict: AnswerVerdict = "accept" if result.is_valid else "reject"
    return Judgement(verdict, findings, resolved.placements, patch.text, after, result)


def _subject(case: AnswerCase, patch: Patch, read: Resolved, kind: OutputKind) -> Subject:
    return Subject(
        patch,
        case.policy,
        surroundings(case.base, patch.changes),
        output_kind=kind,
        placements=read.placements,
        leaks=scan(patch.files, case.base, deep=True),
        sources=read.sources,
    )


def _after(changes: tuple[FileChange, ...]) -> dict[str, bytes | None]:
    gone = {change.old_path: None for change in changes if change.old_path is not None}
    made = {change.new_path: change.new.content for change in changes if change.new_path is not None and change.new}
    return {**gone, **made}
