"""The end of every run: the last event, the summary, the sums, the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from agentos_action import __version__
from agentos_action.errors import EXIT_DONE, EXIT_REJECTED, AgentOSError, EvidenceError
from agentos_action.evidence.finalize import failure_fields
from agentos_action.evidence.layout import SUMMARY
from agentos_action.pipeline.page import write_page
from agentos_action.records.patch import highest, told
from agentos_action.records.recipe import LeftAlone
from agentos_action.records.run import RunReport, RunStatus
from agentos_action.records.tool import Usage
from agentos_action.records.verdict import Finding

if TYPE_CHECKING:
    from agentos_action.pipeline.walk import Walk

_DONE: frozenset[RunStatus] = frozenset({"committed", "applied", "dry_run", "no_change"})


def close_run(walk: Walk, error: AgentOSError | None) -> RunReport:
    """Write what is still to be written and return the report; a failure to write is told in it, never hidden."""
    report = _report(walk, error)
    try:
        with walk.timed("evidence"):
            walk.event(
                "run_finished",
                status=report.status,
                exit_code=report.exit_code,
                message=report.message,
                delivery=report.delivery.model_dump(mode="json") if report.delivery else None,
                pull_request_url=report.pull_request_url,
                **({"asked_by": list(walk.acting)} if walk.acting else {}),
                **failure_fields(error),
            )
            walk.folder.write_json(SUMMARY, _summary(walk, report))
            write_page(walk.folder)
            walk.folder.close()
    except EvidenceError as failure:
        report = _unfinished(walk, report, failure)
    spent = round((walk.parts.clock.monotonic() - walk.started) * 1000)
    return report.model_copy(update={"timing_ms": {"total": spent, **_timing(walk)}})


def _timing(walk: Walk) -> dict[str, int]:
    names = ("settings", "context", "tool", "patch", "verify", "execute", "evidence")
    return {**{name: walk.timing.get(name, 0) for name in names}, **walk.timing}


def _report(walk: Walk, error: AgentOSError | None) -> RunReport:
    status: RunStatus = walk.status if error is None else _status_of(error)
    result, verdict, patch, receipt = walk.result, walk.verdict, walk.patch, walk.receipt
    asked, session = walk.asked, walk.session
    findings = (*verdict.result.errors, *walk.refused, *verdict.result.warnings) if verdict else walk.refused
    clean = walk.folder.redactor.text
    left = asked.left if asked else (walk.plan.left if walk.plan else ())
    usage = Usage()
    if session is not None:
        spent = session.usage
        usage = Usage(prompt_tokens=spent.prompt, cached_tokens=spent.cached, completion_tokens=spent.completion)
    return RunReport(
        status=status,
        exit_code=_exit_code(walk, error),
        **failure_fields(error),
        message=clean(error.message if error else walk.message),
        hint=clean(error.hint if error else ""),
        run_id=walk.run_id,
        task=clean(walk.task.words) if walk.task and walk.request.content else "",
        evidence=str(walk.folder.path),
        findings=tuple(_clean_finding(finding, clean) for finding in (*findings, *walk.warnings)),
        diff=clean(patch.text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")) if patch else "",
        files=tuple(map(clean, verdict.result.files)) if verdict else (),
        policy=walk.policy.source if walk.policy else None,
        commit=receipt.commit if receipt else None,
        branch=_cleaned(receipt.branch if receipt else walk.branch or walk.request.branch, clean),
        model_id=_cleaned(result.model_id if result else (session.model_id if session else None), clean),
        requested_model=_cleaned(walk.chosen.profile.model if walk.chosen else walk.request.flags.model, clean),
        usage=usage,
        timing_ms=_timing(walk),
        placed=tuple(map(clean, asked.placed)) if asked else (),
        left=tuple(_clean_left(one, clean) for one in left),
        placement=highest(asked.placements) if asked else None,
        placements=tuple(replace(one, path=clean(one.path)) for one in told(asked.placements)) if asked else (),
        checks=walk.checks,
        parent=walk.parent,
        delivery=walk.delivered,
        pull_request_url=walk.pull_request_url,
    )


def _clean_finding(finding: Finding, clean: Callable[[str], str]) -> Finding:
    path = _cleaned(finding.path, clean)
    return replace(finding, path=path, message=clean(finding.message), hint=clean(finding.hint))


def _clean_left(left: LeftAlone, clean: Callable[[str], str]) -> LeftAlone:
    return replace(left, place_id=clean(left.place_id), path=clean(left.path), reason=clean(left.reason))


def _cleaned(text: str | None, clean: Callable[[str], str]) -> str | None:
    return None if text is None else clean(text)


def _status_of(error: AgentOSError) -> RunStatus:
    status = error.status
    known: dict[str, RunStatus] = {
        "usage": "usage",
        "tool_failed": "tool_failed",
        "conflict": "conflict",
        "boundary_violated": "boundary_violated",
        "interrupted": "interrupted",
    }
    return known.get(status, "bug")


def _exit_code(walk: Walk, error: AgentOSError | None) -> int:
    if error is not None:
        return error.exit_code
    return EXIT_DONE if walk.status in _DONE else EXIT_REJECTED


def _summary(walk: Walk, report: RunReport) -> dict[str, object]:
    task, policy = walk.task, walk.policy
    return {
        **report.model_dump(mode="json", exclude={"diff", "evidence", "task"}),
        "version": __version__,
        "replayable": walk.folder.replayable,
        "task": task.model_dump(mode="json") if task else None,
        "policy": {"source": policy.source, "sha256": policy.sha256} if policy else None,
        "exceptions": list(walk.request.allow_path),
        "base": walk.base.id if walk.base else None,
        "tool_result": walk.result.model_dump(mode="json", exclude={"diff"}) if walk.result else None,
        "evidence_hash": walk.tape.last_hash,
    }


def _unfinished(walk: Walk, report: RunReport, failure: EvidenceError) -> RunReport:
    message = failure.message
    if walk.receipt is not None:
        message = f"the commit {walk.receipt.commit} was made, but its {message}"
    return report.model_copy(
        update={
            "status": "usage",
            "exit_code": failure.exit_code,
            **failure_fields(failure),
            "message": message,
            "hint": failure.hint,
        }
    )
