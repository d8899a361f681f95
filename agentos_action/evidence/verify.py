"""Is a bundle what it says: sums, chain, order of events, invariants, and the commit that it names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.layout import ANSWERS, DIFF, SUMMARY, SUMS, TAPE, digest_of
from agentos_action.evidence.tape import FIRST_PREV, ORDER, hash_of

_SUM = re.compile(r"([0-9a-f]{64})  ([^\0\n]+)")
_TRAILER = re.compile(r"^(AgentOS-[A-Za-z]+): (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: which file, which line (from 1, 0 for the whole file), what."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one bundle; `commit` is what its tape says was committed."""

    run_id: str | None
    events: int
    files: int
    commit: str | None
    problems: tuple[Problem, ...]


def verify_bundle(folder: Path) -> Checked:
    """Check one bundle on its own; reads hostile files and raises for none of them."""
    problems: list[Problem] = []
    files = _check_sums(folder, problems)
    tape = list(_read_tape(folder, problems))
    _check_chain(tape, problems)
    _check_order(tape, problems)
    _check_contents(folder, tape, problems)
    commit = next((line.get("commit") for line in tape if line.get("event") == "git_commit"), None)
    run_id = tape[0].get("run_id") if tape else None
    return Checked(_text(run_id), len(tape), files, _text(commit), tuple(problems))


def verify_commit(folder: Path, message: str) -> list[Problem]:
    """Compare a commit message's `AgentOS-*` trailers with the bundle."""
    trailers = dict(_TRAILER.findall(message))
    problems: list[Problem] = []
    tape = list(_read_tape(folder, problems))
    at = next((at for at, line in enumerate(tape) if line.get("event") == "git_commit"), None)
    if at is None or at == 0:
        return [Problem(TAPE, 0, "there is no git_commit event, but the commit names this run")]
    before = tape[at - 1]
    digests = before.get("digests")
    digests = digests if isinstance(digests, dict) else {}
    expected = {
        "AgentOS-Run": before.get("run_id"),
        "AgentOS-Evidence": f"sha256:{before.get('hash')}",
        "AgentOS-Diff": f"sha256:{digests.get('diff')}",
        "AgentOS-Policy": f"sha256:{digests.get('policy')}",
    }
    for key, value in expected.items():
        if trailers.get(key) != value:
            said = f"the commit says {key}: {trailers.get(key)}, the bundle says {value}"
            problems.append(Problem(TAPE, at, said))
    return problems


def _check_sums(folder: Path, problems: list[Problem]) -> int:
    try:
        lines = (folder / SUMS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.append(Problem(SUMS, 0, f"cannot be read: {error}"))
        return 0
    listed: set[str] = set()
    for number, line in enumerate(lines, 1):
        match = _SUM.fullmatch(line)
        if match is None or match[2] in listed or not _inside(folder, match[2]):
            problems.append(Problem(SUMS, number, "not a line of sha256sum about a file of this bundle"))
            continue
        listed.add(match[2])
        try:
            same = digest_of(folder / match[2]) == match[1]
        except OSError as error:
            problems.append(Problem(match[2], 0, f"is listed in {SUMS} but cannot be read: {error.strerror}"))
            continue
        if not same:
            problems.append(Problem(match[2], 0, f"its bytes are not those that {SUMS} lists"))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - {SUMS}
    problems += [Problem(name, 0, f"is not listed in {SUMS}") for name in sorted(there - listed)]
    return len(listed)


def _inside(folder: Path, name: str) -> bool:
    path = folder / name
    return not path.is_symlink() and path.resolve().is_relative_to(folder.resolve())


def _read_tape(folder: Path, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    try:
        content = (folder / TAPE).read_bytes()
    except OSError as error:
        problems.append(Problem(TAPE, 0, f"cannot be read: {error.strerror}"))
        return
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        parsed = _object(line)
        if parsed is None or canonical(parsed) != line:
            problems.append(Problem(TAPE, number, "not one line of canonical JSON"))
            return
        yield parsed
    if not content.endswith(b"\n"):
        problems.append(Problem(TAPE, content.count(b"\n") + 1, "the last line is not complete"))


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _check_chain(tape: list[dict[str, Any]], problems: list[Problem]) -> None:
    prev = FIRST_PREV
    run_id = tape[0].get("run_id") if tape else None
    for number, line in enumerate(tape, 1):
        if line.get("seq") != number - 1 or line.get("prev") != prev or line.get("run_id") != run_id:
            problems.append(Problem(TAPE, number, "does not follow the line before: seq, prev or run_id is wrong"))
            return
        if line.get("hash") != hash_of(line):
            problems.append(Problem(TAPE, number, "its hash is not that of its content"))
            return
        prev = line["hash"]


def _check_order(tape: list[dict[str, Any]], problems: list[Problem]) -> None:
    last = -1
    for number, line in enumerate(tape, 1):
        event = line.get("event")
        place = ORDER.index(event) if event in ORDER else -1
        if place <= last:
            problems.append(Problem(TAPE, number, f"event {event!r} stands in the wrong place"))
            return
        last = place
    if not tape or tape[0].get("event") != ORDER[0]:
        problems.append(Problem(TAPE, 1, f"the tape does not begin with {ORDER[0]}"))
    if not tape or tape[-1].get("event") != ORDER[-1]:
        problems.append(Problem(TAPE, len(tape), f"the tape does not end with {ORDER[-1]}: the run was cut off"))


def _check_contents(folder: Path, tape: list[dict[str, Any]], problems: list[Problem]) -> None:
    events = {line["event"]: line for line in tape if isinstance(line.get("event"), str)}
    summary = _object_of(folder / SUMMARY)
    finished = events.get("run_finished", {})
    if summary is None:
        problems.append(Problem(SUMMARY, 0, "is not a JSON object"))
    elif summary.get("run_id") != finished.get("run_id") or summary.get("status") != finished.get("status"):
        problems.append(Problem(SUMMARY, 0, "its run_id or status is not that of the tape"))
    for name, line in events.items():
        if name.startswith("tool_") and line.get("status") == "failed" and not line.get("error_category"):
            problems.append(Problem(TAPE, int(line.get("seq", 0)) + 1, f"{name} failed without an error_category"))
    digests = events.get("checks_completed", {}).get("digests")
    if not isinstance(digests, dict):
        return
    if summary is not None and summary.get("replayable") and _sha256(folder / DIFF) != digests.get("diff"):
        problems.append(Problem(DIFF, 0, "is not the diff whose digest stands on the tape"))
    if summary is not None and summary.get("replayable"):
        _check_answers(folder, digests, problems)


def _check_answers(folder: Path, digests: dict[str, Any], problems: list[Problem]) -> None:
    found: list[str] = []
    try:
        lines = (folder / ANSWERS).read_bytes().split(b"\n")[:-1]
    except OSError:
        lines = []
    for number, line in enumerate(lines, 1):
        row = _object(line) or {}
        answer = row.get("answer")
        digest = hashlib.sha256(answer.encode("utf-8", "surrogatepass")).hexdigest() if isinstance(answer, str) else ""
        if digest != row.get("answer_sha256"):
            problems.append(Problem(ANSWERS, number, "the answer is not the one its digest names"))
        found.append(str(row.get("answer_sha256")))
    if hashlib.sha256("\n".join(found).encode()).hexdigest() != digests.get("answers"):
        problems.append(Problem(ANSWERS, 0, "the answers are not those whose digest stands on the tape"))


def _object_of(path: Path) -> dict[str, Any] | None:
    try:
        return _object(path.read_bytes())
    except OSError:
        return None


def _sha256(path: Path) -> str | None:
    try:
        return digest_of(path)
    except OSError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
