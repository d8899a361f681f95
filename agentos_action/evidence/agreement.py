"""Do tape, summary and health tell one story: outcome, exit code, commit, tool, task, findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentos_action.errors import (
    EXIT_BOUNDARY,
    EXIT_BUG,
    EXIT_CONFLICT,
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_REJECTED,
    EXIT_TOOL_FAILED,
    EXIT_USAGE,
)
from agentos_action.evidence.chain import Line, event_of
from agentos_action.evidence.contents import same_checks
from agentos_action.evidence.layout import HEALTH, SUMMARY, TAPE
from agentos_action.evidence.reading import Problem, document, read
from agentos_action.records.tool import ToolHealth, ToolResult

EXIT_CODES = {
    "committed": EXIT_DONE,
    "applied": EXIT_DONE,
    "dry_run": EXIT_DONE,
    "no_change": EXIT_DONE,
    "rejected": EXIT_REJECTED,
    "usage": EXIT_USAGE,
    "tool_failed": EXIT_TOOL_FAILED,
    "conflict": EXIT_CONFLICT,
    "boundary_violated": EXIT_BOUNDARY,
    "bug": EXIT_BUG,
    "interrupted": EXIT_INTERRUPTED,
}
#: With these a run has no commit to tell of.
_WITHOUT_COMMIT = frozenset({"applied", "dry_run", "no_change", "rejected", "tool_failed", "boundary_violated"})
_ABOUT_ONE_TOOL = ("tool_dispatch_started", "tool_dispatch_completed", "boundary_checked", "tool_result_verified")


def check_agreement(folder: Path, tape: list[Line], problems: list[Problem]) -> None:
    """Check the tape against itself, then the summary and the health against the tape."""
    _check_outcome(tape, problems)
    _check_tool(tape, problems)
    summary = document(folder, SUMMARY, problems)
    if summary is not None:
        _check_summary(summary, tape, problems)
    _check_health(folder, event_of(tape, "health_check"), problems)


def _check_outcome(tape: list[Line], problems: list[Problem]) -> None:
    finished, made = event_of(tape, "run_finished"), event_of(tape, "git_commit")
    status, verdict = finished.get("status"), event_of(tape, "tool_result_verified").get("verdict")
    at = len(tape)

    def wrong(message: str) -> None:
        problems.append(Problem(TAPE, at, message))

    if not finished:
        return
    if finished.get("exit_code") != EXIT_CODES.get(str(status)):
        wrong(f"status {status!r} does not end with exit code {finished.get('exit_code')!r}")
    if (status == "committed" and not made) or (status in _WITHOUT_COMMIT and made):
        wrong(f"status {status!r} and {'a' if made else 'no'} git_commit contradict each other")
    if status == "tool_failed" and finished.get("error_category") is None:
        wrong("tool_failed without an error_category")
    if status in {"committed", "rejected", "no_change", "conflict"} and finished.get("error_category") is not None:
        wrong(f"{status} is no failure of a tool, and yet has an error_category")
    if made and not (isinstance(verdict, dict) and verdict.get("is_valid") is True):
        wrong("there is a git_commit, but no verdict that accepts")
    if made and event_of(tape, "checks_completed").get("status") == "failed":
        wrong("there is a git_commit, but its checks failed")


def _check_tool(tape: list[Line], problems: list[Problem]) -> None:
    """Check that everything told of the tool is told of one tool."""
    told = [(number, line) for number, line in enumerate(tape, 1) if line.get("event") in _ABOUT_ONE_TOOL]
    for number, line in told[1:]:
        for key in ("adapter_id", "provider", "endpoint"):
            if line.get(key) != told[0][1].get(key):
                problems.append(Problem(TAPE, number, f"its {key} is not that of {told[0][1].get('event')}"))
                return


def _check_summary(summary: Line, tape: list[Line], problems: list[Problem]) -> None:
    for key, said, known in _pairs(summary, tape):
        if said != known:
            problems.append(Problem(SUMMARY, 0, f"its {key} is not that of the tape"))
            return
    checks = event_of(tape, "checks_completed")
    if checks and not same_checks(summary.get("checks"), checks.get("checks")):
        problems.append(Problem(SUMMARY, 0, "its checks are not those of the tape"))
        return
    verdict = event_of(tape, "tool_result_verified").get("verdict")
    listed = summary.get("findings")
    if not isinstance(verdict, dict):
        return
    rows = listed if isinstance(listed, list) else []
    judged = [row for key in ("errors", "warnings") for row in _list(verdict.get(key))]
    if any(row not in rows for row in judged):
        problems.append(Problem(SUMMARY, 0, "it does not list every finding of the verdict"))


def _pairs(summary: Line, tape: list[Line]) -> list[tuple[str, Any, Any]]:
    """Return (name, as the summary has it, as the tape has it) of everything that both tell."""
    started, finished, made = (event_of(tape, n) for n in ("run_started", "run_finished", "git_commit"))
    loaded, result, checks = (event_of(tape, n) for n in ("task_loaded", "tool_result_verified", "checks_completed"))
    same = ("run_id", "status", "exit_code", "message", "error_category", "raw_error_code")
    pairs = [(key, summary.get(key), finished.get(key)) for key in same]
    pairs += [(key, summary.get(key), finished.get(key)) for key in ("delivery", "pull_request_url")]
    pairs.append(("evidence_hash", summary.get("evidence_hash"), finished.get("hash")))
    pairs.append(("commit", summary.get("commit"), made.get("commit")))
    if started:
        pairs += [(key, summary.get(key), started.get(key)) for key in ("version", "exceptions")]
        pairs.append(("parent", summary.get("parent"), _of(started.get("parent"), "run_id")))
    if made:
        pairs.append(("branch", summary.get("branch"), made.get("branch")))
    if loaded:
        told = loaded.get("policy")
        pairs.append(("task", summary.get("task"), loaded.get("task")))
        pairs.append(("base", summary.get("base"), _of(loaded.get("task"), "base")))
        pairs.append(("policy", summary.get("policy"), {key: _of(told, key) for key in ("source", "sha256")}))
    if checks:
        pairs.append(("replayable", summary.get("replayable"), checks.get("replayable")))
    return [*pairs, *_tool_pairs(summary, result, started)] if result else pairs


def _tool_pairs(summary: Line, result: Line, started: Line) -> list[tuple[str, Any, Any]]:
    """Return the same of what was asked and answered; a second half asks nobody, and says so."""
    tool = summary.get("tool_result")
    fields = [key for key in ToolResult.model_fields if key != "diff"]
    # One by one, so that the field is named; then that there is no other.
    pairs = [(f"tool_result.{key}", _of(tool, key), result.get(key)) for key in fields]
    pairs.append(("tool_result", tool, {key: result.get(key) for key in fields}))
    pairs.append(("files", summary.get("files"), _of(result.get("verdict"), "files")))
    same = ["model_id", "placement"]
    if started.get("half") != "commit":
        same += ["requested_model", "usage"]
    return [*pairs, *((key, summary.get(key), result.get(key)) for key in same)]


def _check_health(folder: Path, event: Line, problems: list[Problem]) -> None:
    if not event:
        if read(folder, HEALTH, []) is not None:
            problems.append(Problem(HEALTH, 0, "there is a health, but the tape has no health_check"))
        return
    told = document(folder, HEALTH, problems)
    health = told.get("health") if told else None
    if told is not None and any(_of(health, key) != event.get(key) for key in ToolHealth.model_fields):
        problems.append(Problem(HEALTH, 0, "is not the health that the tape tells"))


def _of(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
