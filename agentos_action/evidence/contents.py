"""Is what a bundle holds that whose digests stand on its tape: diff, prompts, answers, the summary's outcome."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import sha256_text
from agentos_action.evidence.chain import Line, event_of
from agentos_action.evidence.layout import ANSWERS, CHECKS, DIFF, PROMPTS, SUMMARY, TAPE
from agentos_action.evidence.reading import Problem, parse, read, rows

#: What stands where a secret was; see `Redactor`.
MARK = "[redacted:"


def check_contents(folder: Path, tape: list[Line], problems: list[Problem]) -> None:
    """Check the summary against the tape, and every content that the tape has a digest of."""
    _check_summary(folder, event_of(tape, "run_finished"), problems)
    for number, line in enumerate(tape, 1):
        name = str(line.get("event"))
        if name.startswith("tool_") and line.get("status") == "failed" and not line.get("error_category"):
            problems.append(Problem(TAPE, number, f"{name} failed without an error_category"))
    checks = event_of(tape, "checks_completed")
    if not checks:
        return
    digests = checks.get("digests")
    if not isinstance(digests, dict):
        problems.append(Problem(TAPE, tape.index(checks) + 1, "checks_completed carries no digests"))
        return
    # The summary says it too, but only the tape is what the commit names.
    redacted = redacted_in(checks)
    if checks.get("replayable") is not redacted.isdisjoint({"answers", "diff"}):
        problems.append(Problem(TAPE, tape.index(checks) + 1, "replayable and redacted contradict each other"))
    diff = read(folder, DIFF, problems)
    if (
        diff is not None
        and hashlib.sha256(diff).hexdigest() != digests.get("diff")
        and ("diff" not in redacted or MARK.encode() not in diff)
    ):
        problems.append(Problem(DIFF, 0, "is not the diff whose digest stands on the tape"))
    _check_calls(folder, digests, problems, redacted)
    _check_checks(folder, checks, problems)


def _check_checks(folder: Path, event: Line, problems: list[Problem]) -> None:
    """Check that the outputs of checks are those whose digests stand on the tape, row by row."""
    told = event.get("checks")
    if not told and not os.path.lexists(folder / CHECKS):
        return
    content = read(folder, CHECKS, problems)
    kept = parse((content or b"").removesuffix(b"\n"))
    rows_kept = kept.get("checks") if kept else None
    said = [_as_taped(row) for row in rows_kept] if isinstance(rows_kept, list) else None
    if content is not None and said != told:
        problems.append(Problem(CHECKS, 0, "is not what the tape says of the checks"))


def _as_taped(row: object) -> object:
    """Return a check's row as the tape has it: with the digest of its output."""
    if not isinstance(row, dict) or not isinstance(row.get("output"), str):
        return None
    return {
        **{key: value for key, value in row.items() if key != "output"},
        "output_sha256": sha256_text(row["output"]),
    }


def redacted_in(checks: Line) -> set[str]:
    """Return the kinds of content that the tape says are not recorded as they were."""
    told = checks.get("redacted")
    return {kind for kind in told if isinstance(kind, str)} if isinstance(told, list) else set()


def _check_summary(folder: Path, finished: Line, problems: list[Problem]) -> None:
    content = read(folder, SUMMARY, problems)
    if content is None:
        return
    summary = parse(content.removesuffix(b"\n"))
    if summary is None:
        problems.append(Problem(SUMMARY, 0, "is not a JSON object in canonical form"))
    elif any(summary.get(key) != finished.get(key) for key in ("run_id", "status", "exit_code")):
        problems.append(Problem(SUMMARY, 0, "its run_id, status or exit_code is not that of the tape"))


def _check_calls(folder: Path, digests: dict[str, Any], problems: list[Problem], redacted: set[str]) -> None:
    """Recompute the digests of all answers and of all prompts from the rows; stops at the first that is wrong."""
    contents = _contents(folder, problems, whole="prompts" not in redacted)
    whole = "answers" not in redacted
    if contents is None:
        return
    answers: list[str] = []
    prompts: list[str | None] = []
    before = len(problems)
    for number, row in enumerate(_rows(folder, ANSWERS, problems), 1):
        answer, digest = row.get("answer"), row.get("answer_sha256")
        if not isinstance(answer, str) or not isinstance(digest, str) or not _same(answer, digest, whole=whole):
            problems.append(Problem(ANSWERS, number, "the answer is not the one its digest names"))
            return
        asked = _messages(row)
        if asked is None or not contents.keys() >= {sha256 for _, sha256 in asked}:
            problems.append(Problem(ANSWERS, number, f"it names a message that is not in {PROMPTS}"))
            return
        answers.append(digest)
        prompts.append(_prompt_digest([(role, contents[sha256]) for role, sha256 in asked if role is not None]))
    if len(problems) > before:
        return
    if sha256_text("\n".join(answers)) != digests.get("answers"):
        problems.append(Problem(ANSWERS, 0, "the answers are not those whose digest stands on the tape"))
    known = [digest for digest in prompts if digest is not None]
    if len(known) == len(prompts) and sha256_text("\n".join(known)) != digests.get("prompts"):
        problems.append(Problem(PROMPTS, 0, "the prompts are not those whose digest stands on the tape"))


def _contents(folder: Path, problems: list[Problem], *, whole: bool) -> dict[str, str | None] | None:
    """Return every message, schema and grammar by digest, None for one that redaction changed."""
    found: dict[str, str | None] = {}
    before = len(problems)
    for number, row in enumerate(_rows(folder, PROMPTS, problems), 1):
        content, digest = row.get("content"), row.get("sha256")
        if not isinstance(content, str) or not isinstance(digest, str) or not _same(content, digest, whole=whole):
            problems.append(Problem(PROMPTS, number, "the content is not the one its digest names"))
            return None
        found[digest] = content if sha256_text(content) == digest else None
    return found if len(problems) == before else None


def _rows(folder: Path, name: str, problems: list[Problem]) -> Iterator[Line]:
    """Yield the rows of a file that is only there once a model was asked."""
    return rows(folder, name, problems) if os.path.lexists(folder / name) else iter(())


def _same(text: str, digest: str, *, whole: bool) -> bool:
    return sha256_text(text) == digest or (not whole and MARK in text)


def _messages(row: Line) -> list[tuple[str | None, str]] | None:
    """Return (role, digest) of what a row says was sent; the role is None for a grammar or a schema."""
    messages, params = row.get("messages"), row.get("params")
    if not isinstance(messages, list) or not isinstance(params, dict):
        return None
    found: list[tuple[str | None, str]] = []
    for message in messages:
        role, digest = (message.get("role"), message.get("sha256")) if isinstance(message, dict) else (None, None)
        if not isinstance(role, str) or not isinstance(digest, str):
            return None
        found.append((role, digest))
    shapes = [params[key] for key in ("grammar_sha256", "json_schema_sha256") if key in params]
    if not all(isinstance(digest, str) for digest in shapes):
        return None
    return [*found, *((None, digest) for digest in shapes)]


def _prompt_digest(messages: list[tuple[str, str | None]]) -> str | None:
    """Return the digest of one call's prompt, None where redaction changed a message of it."""
    texts = [f"{role}\0{content}" for role, content in messages if content is not None]
    return sha256_text("\0".join(texts)) if len(texts) == len(messages) else None
