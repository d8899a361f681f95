"""Changes → canonical diff → verdict: what was answered, judged by all rules, and the tool's result."""

from __future__ import annotations

from dataclasses import asdict

from agentos_action.evidence.finalize import finalize_tool_result
from agentos_action.evidence.layout import DIFF
from agentos_action.patches.parse import to_patch
from agentos_action.patches.resolve import Resolved
from agentos_action.pipeline.ask import Asked
from agentos_action.pipeline.prepare import Grounds
from agentos_action.pipeline.walk import Walk
from agentos_action.records.patch import Patch, guessed, highest, told
from agentos_action.records.surroundings import surroundings
from agentos_action.records.tool import OutputKind, Usage
from agentos_action.records.verdict import DiffValidationResult, Verdict
from agentos_action.secrets.scan import scan
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify


def judge(walk: Walk, prepared: Grounds) -> None:
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
        clean = walk.folder.redact(walk.patch.text, "diff").encode("utf-8", "surrogateescape")
        walk.folder.write(DIFF, clean if clean != text else text)
    finish_tool(walk, kind)
    walk.event("tool_result_verified", **_facts(walk), **_placement(asked), verdict=asdict(result))
    if not result.is_valid:
        walk.status = "rejected"
        walk.message = f"the answer was refused: {result.errors[0].message}"
    elif not walk.patch.text:
        walk.status, walk.message = "no_change", "nothing needed changing"


def _verdict(walk: Walk, prepared: Grounds, asked: Asked, kind: OutputKind) -> Verdict:
    if asked.findings:
        if asked.besides is None:
            return Verdict(DiffValidationResult(is_valid=False, errors=asked.findings), None)
        patch = to_patch(asked.besides.changes)
        subject = _subject(walk, prepared, patch, asked.besides, "diff" if patch.text else "analysis")
        found = verify(subject, prepared.policy.sha256, found_before=asked.findings).result
        # Whatever the rules say of a part of it, the answer as a whole could not be read.
        return Verdict(DiffValidationResult(is_valid=False, errors=found.errors, warnings=found.warnings), None)
    if walk.patch is None or not walk.patch.text:
        return Verdict(DiffValidationResult(is_valid=True), None)
    return verify(_subject(walk, prepared, walk.patch, asked, kind), prepared.policy.sha256)


def _subject(walk: Walk, prepared: Grounds, patch: Patch, read: Asked | Resolved, kind: OutputKind) -> Subject:
    return Subject(
        patch,
        prepared.policy.policy,
        surroundings(prepared.base, patch.changes),
        task_allowed=prepared.task.allowed_paths,
        task_forbidden=prepared.task.forbidden_paths,
        task_within=prepared.task.within,
        exceptions=walk.request.allow_path,
        output_kind=kind,
        placements=read.placements,
        sources=read.sources,
        leaks=scan(patch.files, prepared.base, deep=True, known=walk.folder.redactor),
    )


def finish_tool(walk: Walk, kind: OutputKind) -> None:
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
        requested_model=walk.chosen.profile.model if walk.chosen else None,
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
        mock=walk.parts.mock,
    )


def _placement(asked: Asked) -> dict[str, object]:
    """Return what the tape tells of placing: the rung that guesses most, and every hunk that is not exact."""
    rows = [asdict(placed) for placed in told(guessed(asked.placements))]
    return {"placement": highest(asked.placements), "guessed": rows}


def _facts(walk: Walk) -> dict[str, object]:
    return walk.result.model_dump(mode="json", exclude={"diff"}) if walk.result else {}
