"""Our own `resolve`, as the pipeline calls it, on a base made of a mapping."""

from __future__ import annotations

import time
import traceback

from agentos_action.records.patch import FileChange
from benchmarks.patches.trial import Result, Trial
from tests.bases import Files

MAX_ANSWER = 50_000_000


def run(trial: Trial) -> Result:
    """Resolve a trial's answer; an exception counts as wrong and is told."""
    base = Files(trial.case.base)
    started = time.perf_counter()
    try:
        # Here, so that a `resolve` that cannot be imported is a failure to count as well.
        from agentos_action.patches.resolve import resolve  # noqa: PLC0415

        started = time.perf_counter()
        resolved = resolve(trial.answer, "auto", base, MAX_ANSWER, files=tuple(trial.case.base))
    except Exception:  # noqa: BLE001 - whatever is raised is a failure to count
        return Result("wrong", {}, traceback.format_exc(), time.perf_counter() - started)
    seconds = time.perf_counter() - started
    reason = "\n".join(f"{each.id} {each.path}:{each.line} {each.message}" for each in resolved.findings)
    placed = "\n".join(str(each) for each in resolved.placements)
    if resolved.findings:
        return Result("refused", {}, reason, seconds)
    files = _applied(trial.case.base, resolved.changes)
    return Result("right" if files == trial.expected else "wrong", files, placed, seconds)


def _applied(base: dict[str, str], changes: tuple[FileChange, ...]) -> dict[str, str]:
    files = dict(base)
    for change in changes:
        files.pop(change.old_path or "", None)
    for change in changes:
        if change.new is not None and change.new_path is not None:
            files[change.new_path] = change.new.content.decode("utf-8", "surrogateescape")
    return files
