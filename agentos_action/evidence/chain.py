"""Is a tape one chain: every line follows the one before, every event stands in its place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from agentos_action.evidence.canonical import hash_of
from agentos_action.evidence.layout import TAPE
from agentos_action.evidence.reading import Problem
from agentos_action.evidence.tape import FIRST_PREV, ORDER

Line = dict[str, Any]


def check_chain(tape: list[Line], raw: list[bytes], problems: list[Problem]) -> None:
    """Check numbers, hashes and the run's id; stops at the first line that is wrong. `raw` are the lines as bytes."""
    prev = FIRST_PREV
    run_id = tape[0].get("run_id") if tape else None
    for number, line in enumerate(tape, 1):
        seq = line.get("seq")
        if type(seq) is not int or seq != number - 1 or line.get("prev") != prev or line.get("run_id") != run_id:
            problems.append(Problem(TAPE, number, "does not follow the line before: seq, prev or run_id is wrong"))
            return
        if line.get("hash") != _hash(line, raw[number - 1]):
            problems.append(Problem(TAPE, number, "its hash is not that of its content"))
            return
        prev = line["hash"]


def _hash(line: Line, raw: bytes) -> str:
    """Return the hash of a line's canonical form without `hash`: cut out of its bytes where it stands there once."""
    said = line.get("hash")
    own = f'"hash":"{said}",'.encode("utf-8", "replace")
    if raw.count(own) != 1:
        return hash_of(line)
    return hashlib.sha256(raw.replace(own, b"")).hexdigest()


def check_order(tape: list[Line], problems: list[Problem]) -> None:
    """Check that events stand in order, from the first to the last."""
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


def event_of(tape: Sequence[Line], name: str) -> Line:
    """Return the line of an event, an empty one where the tape has none."""
    return next((line for line in tape if line.get("event") == name), {})
