"""What a bundle tells, gathered from its files as far as they can be read; whether it is true is told beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from agentos_action.evidence.calls import Whole
from agentos_action.evidence.chain import Line, event_of
from agentos_action.evidence.layout import ANSWERS, CHECKS, DIFF
from agentos_action.evidence.proposal import OF_AN_INDEX, why_not
from agentos_action.evidence.reading import Problem, document, read, rows
from agentos_action.evidence.verify import Checked, verify_bundle

Further: TypeAlias = Callable[[Path, Checked], Sequence[Problem]]


def tell(folder: Path, further: Further = lambda _folder, _checked: ()) -> dict[str, Any]:
    """Return what was asked by whom of which model under which policy, what came of it, if the bundle is whole.

    `further` tells what is wrong besides what a bundle says of itself: of its page.
    """
    checked = verify_bundle(folder)
    problems = (*checked.problems, *further(folder, checked))
    tape, unread = checked.tape, list[Problem]()
    started, finished = event_of(tape, "run_started"), event_of(tape, "run_finished")
    result, checks, made = (event_of(tape, n) for n in ("tool_result_verified", "checks_completed", "git_commit"))
    diff = read(folder, DIFF, unread) if os.path.lexists(folder / DIFF) else None
    answers = list(rows(folder, ANSWERS, unread)) if os.path.lexists(folder / ANSWERS) else []
    not_replayable = _not_replayable(started, checks)
    kept = document(folder, CHECKS, unread) if os.path.lexists(folder / CHECKS) else None
    return {
        "run_id": checked.run_id,
        "status": finished.get("status", "unfinished"),
        "exit_code": finished.get("exit_code"),
        "message": finished.get("message"),
        "error_category": finished.get("error_category"),
        "raw_error_code": finished.get("raw_error_code"),
        "started": started.get("ts"),
        "finished": finished.get("ts"),
        "version": started.get("version"),
        "half": started.get("half"),
        "parent": started.get("parent"),
        "exceptions": started.get("exceptions"),
        "task": event_of(tape, "task_loaded").get("task"),
        "asked_by": event_of(tape, "task_loaded").get("asked_by", finished.get("asked_by")),
        "policy": event_of(tape, "task_loaded").get("policy"),
        "model": _model(tape),
        "answers": [row.get("answer") for row in answers],
        "verdict": result.get("verdict"),
        "diff": diff.decode("utf-8", "replace") if diff is not None else None,
        "checks": {"status": checks.get("status"), "why": checks.get("why"), "run": (kept or {}).get("checks", [])},
        "commit": {key: made.get(key) for key in ("commit", "tree", "branch")} if made else None,
        "digests": checks.get("digests"),
        "replayable": checks.get("replayable", False) and not_replayable is None,
        "not_replayable": not_replayable,
        "valid": not problems,
        "events": len(tape),
        "problems": [{"file": one.file, "line": one.line, "message": one.message} for one in problems],
    }


def _not_replayable(started: Line, checks: Line) -> str | None:
    """Return why the answers cannot be read once more in any repository, None where they can."""
    if not checks:
        return "the run ended before an answer was judged"
    return OF_AN_INDEX if started.get("target") == "worktree" else why_not(Whole.of(checks))


def _model(tape: Sequence[Line]) -> dict[str, Any]:
    names = ("tool_result_verified", "tool_dispatch_completed", "tool_dispatch_started", "health_check")
    line = next(filter(None, (event_of(tape, name) for name in names)), {})
    keys = ("adapter_id", "provider", "instance", "model_id", "requested_model", "endpoint", "execution_mode", "usage")
    return {key: line.get(key) for key in keys}
