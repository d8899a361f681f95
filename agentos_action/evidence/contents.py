"""Is what a bundle holds that whose digests stand on its tape: diff, prompts, answers, checks, every kept byte."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from agentos_action.evidence.calls import Whole, check_calls
from agentos_action.evidence.canonical import sha256_text
from agentos_action.evidence.chain import Line, event_of
from agentos_action.evidence.layout import CHECKS, DIFF, KEPT, MARK, TAPE, WITHHELD
from agentos_action.evidence.reading import Problem, parse, read


def check_contents(folder: Path, tape: list[Line], problems: list[Problem]) -> None:
    """Check every content that the tape has a digest of."""
    checks = event_of(tape, "checks_completed")
    if not checks:
        return
    at = tape.index(checks) + 1
    digests = checks.get("digests")
    if not isinstance(digests, dict):
        problems.append(Problem(TAPE, at, "checks_completed carries no digests"))
        return
    # The summary says it too, but only the tape is what the commit names.
    whole = Whole.of(checks)
    if checks.get("replayable") is not whole.replayable:
        problems.append(Problem(TAPE, at, "replayable contradicts redacted, capped and content"))
    before = len(problems)
    if whole.content:
        diff = read(folder, DIFF, problems)
        if (
            diff is not None
            and hashlib.sha256(diff).hexdigest() != digests.get("diff")
            and ("diff" not in whole.redacted or MARK.encode() not in diff)
        ):
            problems.append(Problem(DIFF, 0, "is not the diff whose digest stands on the tape"))
    check_calls(folder, digests, problems, whole)
    _check_checks(folder, checks, problems)
    _check_kept(folder, checks, problems, {problem.file for problem in problems[before:]})


def _check_kept(folder: Path, checks: Line, problems: list[Problem], told: set[str]) -> None:
    """Check the files as they are kept against the tape; of a file that is wrong already nothing more is said."""
    kept = checks.get("kept")
    listed = kept if isinstance(kept, dict) else {}
    for name in KEPT:
        there = os.path.lexists(folder / name)
        if name in told or (not there and name not in listed):
            continue
        content = read(folder, name, problems)
        if content is not None and hashlib.sha256(content).hexdigest() != listed.get(name):
            problems.append(Problem(name, 0, "its bytes are not those whose digest stands on the tape"))


def _check_checks(folder: Path, event: Line, problems: list[Problem]) -> None:
    """Check that the outputs of checks are those whose digests stand on the tape, row by row."""
    told = event.get("checks")
    if not told and not os.path.lexists(folder / CHECKS):
        return
    content = read(folder, CHECKS, problems)
    kept = parse((content or b"").removesuffix(b"\n"))
    rows_kept = kept.get("checks") if kept else None
    if content is not None and not same_checks(rows_kept, told):
        problems.append(Problem(CHECKS, 0, "is not what the tape says of the checks"))


def _as_taped(row: object) -> dict[str, Any] | None:
    """Return a check's row as the tape has it: with the digest of its output."""
    if not isinstance(row, dict) or not isinstance(row.get("output"), str):
        return None
    return {
        **{key: value for key, value in row.items() if key != "output"},
        "output_sha256": None if row["output"] == WITHHELD else sha256_text(row["output"]),
    }


def same_checks(rows_kept: object, told: object) -> bool:
    """Return whether checks with their outputs are those of the tape; one that was withheld has only its digest."""
    if not isinstance(rows_kept, list) or not isinstance(told, list) or len(rows_kept) != len(told):
        return False
    return all(
        ours is not None
        and isinstance(theirs, dict)
        and {**ours, "output_sha256": ours["output_sha256"] or theirs.get("output_sha256")} == theirs
        for ours, theirs in zip(map(_as_taped, rows_kept), told, strict=True)
    )
