"""A forger who knows the house: after a change, every hash, digest and sum of a bundle is right again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import canonical, hash_of
from agentos_action.evidence.layout import ANSWERS, HEALTH, KEPT, SUMMARY, SUMS, TAPE, RunFolder, digest_of
from agentos_action.evidence.tape import FIRST_PREV
from agentos_action.pipeline.page import write_page
from agentos_action.records.tool import ToolHealth, ToolResult
from agentos_action.redact import Redactor


def lines_of(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSONL file."""
    return [json.loads(line) for line in file.read_bytes().splitlines()]


def write_lines(file: Path, lines: list[dict[str, Any]]) -> None:
    """Write rows in their canonical form."""
    file.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))


def write_sums(bundle: Path) -> None:
    """Write SHA256SUMS over what is there."""
    files = {path.relative_to(bundle).as_posix(): path for path in bundle.rglob("*") if path.is_file()}
    sums = (f"{digest_of(files[name])}  {name}\n" for name in sorted(files) if name != SUMS)
    (bundle / SUMS).write_text("".join(sums))


def reseal(bundle: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """Change the events and make everything that follows from them right again: rows, files, chain, summary, sums."""
    if (bundle / ANSWERS).is_file():
        rows = lines_of(bundle / ANSWERS)
        write_lines(bundle / ANSWERS, [{**row, "hash": hash_of(row)} for row in rows])
    tape = lines_of(bundle / TAPE)
    for line in tape:
        change(line)
    events = {line["event"]: line for line in tape}
    _reseal_health(bundle, events)
    checks = events.get("checks_completed", {})
    if isinstance(checks.get("kept"), dict):
        there = [name for name in KEPT if (bundle / name).is_file()]
        checks["kept"] = {name: digest_of(bundle / name) for name in there}
    prev = FIRST_PREV
    for line in tape:
        line["prev"] = prev
        line["hash"] = prev = hash_of(line)
    write_lines(bundle / TAPE, tape)
    _reseal_summary(bundle, events)
    write_page(RunFolder(bundle, Redactor()))
    write_sums(bundle)


def _reseal_health(bundle: Path, events: dict[str, Any]) -> None:
    event = events.get("health_check", {})
    if (bundle / HEALTH).is_file() and event:
        told = json.loads((bundle / HEALTH).read_bytes())
        told["health"] = {key: event[key] for key in ToolHealth.model_fields if key in event}
        (bundle / HEALTH).write_bytes(canonical(told) + b"\n")


def _reseal_summary(bundle: Path, events: dict[str, Any]) -> None:
    summary = json.loads((bundle / SUMMARY).read_bytes())
    finished, result = events.get("run_finished", {}), events.get("tool_result_verified", {})
    for key in ("run_id", "status", "exit_code", "message", "error_category", "raw_error_code"):
        summary[key] = finished.get(key)
    summary["evidence_hash"] = finished.get("hash")
    summary["commit"] = events.get("git_commit", {}).get("commit")
    summary["branch"] = events.get("git_commit", summary).get("branch")
    if "task_loaded" in events:
        summary["task"] = task = events["task_loaded"].get("task")
        summary["base"] = task.get("base") if isinstance(task, dict) else None
    if isinstance(events.get("task_loaded", {}).get("policy"), dict):
        summary["policy"] = {key: events["task_loaded"]["policy"].get(key) for key in ("source", "sha256")}
    summary["exceptions"] = events.get("run_started", summary).get("exceptions")
    if "checks_completed" in events:
        summary["replayable"] = events["checks_completed"].get("replayable")
    if result:
        summary["tool_result"] = {key: result.get(key) for key in ToolResult.model_fields if key != "diff"}
        summary["model_id"], summary["placement"] = result.get("model_id"), result.get("placement")
        if events["run_started"].get("half") != "commit":
            summary["requested_model"], summary["usage"] = result.get("requested_model"), result.get("usage")
        verdict = result.get("verdict")
        if isinstance(verdict, dict):
            summary["files"] = verdict.get("files")
            summary["findings"] = [*verdict.get("errors", []), *verdict.get("warnings", [])]
    (bundle / SUMMARY).write_bytes(canonical(summary) + b"\n")
