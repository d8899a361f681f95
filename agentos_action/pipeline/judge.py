"""The last stages: changes → canonical diff → verdict → commit (or the work tree, or nothing on a dry run)."""

from __future__ import annotations

import re
from dataclasses import asdict

from agentos_action.evidence.finalize import finalize_tool_result
from agentos_action.evidence.layout import DIFF
from agentos_action.executor.worktree import write_only
from agentos_action.interrupts import deferred
from agentos_action.patches.parse import to_patch
from agentos_action.pipeline.ask import Asked
from agentos_action.pipeline.prepare import Prepared
from agentos_action.pipeline.walk import Walk
from agentos_action.records.patch import guessed, highest, told
from agentos_action.records.receipt import CommitOrder
from agentos_action.records.surroundings import surroundings
from agentos_action.records.tool import OutputKind, Usage
from agentos_action.records.verdict import DiffValidationResult, Verdict
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify

CHECKS_SKIPPED = "this version runs no checks"


def judge(walk: Walk, prepared: Prepared) -> None:
    """Render, parse and judge what was asked for; sets patch, verdict, and a status where the run ends here."""
    asked = walk.asked or Asked()
    with walk.timed("patch"):
        walk.patch = to_patch(asked.changes)
        kind: OutputKind = "diff" if walk.patch.text else "analysis"
    with walk.timed("verify"):
        walk.verdict = _verdict(walk, prepared, asked, kind)
    result = walk.verdict.result
    with walk.timed("evidence"):
        text = walk.patch.text.encode("utf-8", "surrogateescape")
        clean = walk.folder.redact(walk.patch.text).encode("utf-8", "surrogateescape")
        walk.folder.write(DIFF, clean if clean != text else text)
    finish_tool(walk, prepared, kind)
    walk.event("tool_result_verified", **_facts(walk), **_placement(asked), verdict=result.model_dump(mode="json"))
    digests = {
        **walk.log.digests(),
        "diff": walk.patch.sha256,
        "policy": prepared.policy.sha256,
        "base": prepared.base.id,
    }
    replayable = not walk.folder.redacted
    walk.event("checks_completed", status="skipped", why=CHECKS_SKIPPED, replayable=replayable, digests=digests)
    if not result.is_valid:
        walk.status = "rejected"
        walk.message = f"the answer was refused: {result.errors[0].message}"
    elif not walk.patch.text:
        walk.status, walk.message = "no_change", "nothing needed changing"


def _verdict(walk: Walk, prepared: Prepared, asked: Asked, kind: OutputKind) -> Verdict:
    if asked.findings:
        return Verdict(DiffValidationResult(is_valid=False, errors=asked.findings), None)
    if walk.patch is None or not walk.patch.text:
        return Verdict(DiffValidationResult(is_valid=True), None)
    subject = Subject(
        walk.patch,
        prepared.policy.policy,
        surroundings(prepared.base, walk.patch.changes),
        task_allowed=prepared.task.allowed_paths,
        task_forbidden=prepared.task.forbidden_paths,
        exceptions=walk.request.allow_path,
        output_kind=kind,
        placements=asked.placements,
    )
    return verify(subject, prepared.policy.sha256)


def finish_tool(walk: Walk, prepared: Prepared, kind: OutputKind) -> None:
    """Fill the tool's result from what was measured; done once, also where the tool failed."""
    session = walk.session
    if session is None or walk.result is not None or not walk.dispatched:
        # A tool that was never asked has no result to tell.
        return
    adapter, patch = session.adapter, walk.patch
    walk.result = finalize_tool_result(
        adapter_id=adapter.adapter_id,
        provider=adapter.provider,
        instance=adapter.instance,
        execution_mode=adapter.execution_mode,
        model_id=session.model_id,
        requested_model=prepared.chosen.profile.model,
        output_kind=kind,
        diff=patch.text if patch else "",
        files_touched=tuple(change.path for change in patch.changes) if patch else (),
        line_count=sum(len(file.added) + len(file.removed) for file in patch.files) if patch else 0,
        tool_run_id=walk.run_id,
        timestamp=walk.parts.clock.now(),
        duration_ms=walk.timing.get("tool", 0),
        usage=Usage(
            prompt_tokens=session.usage.prompt,
            cached_tokens=session.usage.cached,
            completion_tokens=session.usage.completion,
        ),
        wrote_files=walk.wrote_files,
        committed=walk.committed,
        endpoint=adapter.endpoint,
        error=walk.tool_error,
    )


def _placement(asked: Asked) -> dict[str, object]:
    """Return what the tape tells of placing: the rung that guesses most, and every hunk that is not exact."""
    rows = [asdict(placed) for placed in told(guessed(asked.placements))]
    return {"placement": highest(asked.placements), "guessed": rows}


def _facts(walk: Walk) -> dict[str, object]:
    return walk.result.model_dump(mode="json", exclude={"diff"}) if walk.result else {}


def check_target(walk: Walk, prepared: Prepared) -> None:
    """Raise what would stand in the way of the commit before a model is asked: a branch, edits of the task's files."""
    if walk.request.dry_run or walk.request.target == "worktree":
        return
    planned = [file.path for file, _ in walk.plan.work] if walk.plan else []
    executor = walk.parts.open_executor(walk.repo.place)
    executor.check_target(walk.request.branch, (*prepared.task.files, *planned), prepared.base.id)


def execute(walk: Walk, prepared: Prepared) -> None:
    """Hand the accepted diff to the executor, or to nobody on a dry run; signals wait until it is done."""
    if walk.verdict is None or walk.verdict.accepted is None or walk.patch is None:
        return
    accepted, request = walk.verdict.accepted, walk.request
    executor = walk.parts.open_executor(walk.repo.place)
    with walk.timed("execute"):
        if request.dry_run:
            walk.status, walk.message = "dry_run", "accepted, not committed"
        elif request.target == "worktree":
            with deferred():
                walk.written = write_only(walk.repo.require_workdir(), accepted.changes)
            walk.status, walk.message = "applied", f"left in the work tree: {', '.join(walk.written)}"
        else:
            with deferred():
                walk.receipt = executor.commit(accepted, _order(walk, prepared))
                walk.event(
                    "git_commit",
                    commit=walk.receipt.commit,
                    tree=walk.receipt.tree,
                    branch=walk.receipt.branch,
                    worktree_follows=walk.receipt.worktree_follows,
                )
            for warning in walk.receipt.warnings:
                walk.warn(warning)
            walk.status = "committed"
            walk.message = f"on {walk.receipt.branch}"


def _order(walk: Walk, prepared: Prepared) -> CommitOrder:
    result = walk.result
    model = (result.model_id if result else None) or "unknown"
    trailers = (
        ("AgentOS-Run", walk.run_id),
        ("AgentOS-Model", f"{result.provider if result else 'unknown'}/{model}"),
        ("AgentOS-Policy", f"sha256:{prepared.policy.sha256}"),
        ("AgentOS-Diff", f"sha256:{walk.patch.sha256 if walk.patch else ''}"),
        ("AgentOS-Evidence", f"sha256:{walk.tape.last_hash}"),
    )
    body = "Proposed by a model, judged under the policy, applied by AgentOS Action."
    return CommitOrder(_subject(walk, prepared), body, trailers, walk.request.branch)


def _subject(walk: Walk, prepared: Prepared) -> str:
    placed = len(walk.asked.placed) if walk.asked else 0
    if prepared.task.recipe is not None and placed:
        files = len(walk.patch.changes) if walk.patch else 0
        return f"{prepared.task.recipe}: fill {placed} place{'s' * (placed != 1)} in {files} file{'s' * (files != 1)}"
    first = prepared.task.instruction.strip().split("\n", 1)[0].lstrip("# ")
    # Nothing that a forge or a CI acts on: mentions, issue numbers, [skip ci] and its cousins, directives with a colon.
    plain = re.sub(r"[@#\[\]*`<>:]", " ", first)
    return " ".join(plain.split())[:72] or prepared.task.task_id
