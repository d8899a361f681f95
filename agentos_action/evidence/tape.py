"""The run tape: one event a line, each with the hash of the line before."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

from agentos_action.clock import Clock
from agentos_action.evidence.canonical import with_hash
from agentos_action.evidence.layout import TAPE, RunFolder

EventName: TypeAlias = Literal[
    "run_started",
    "task_loaded",
    "health_check",
    "context_built",
    "tool_dispatch_started",
    "tool_dispatch_completed",
    "boundary_checked",
    "tool_result_verified",
    "checks_completed",
    "git_commit",
    "run_finished",
]

#: The order in which events stand on a tape; a run that ends early leaves some out, never swaps any.
ORDER: tuple[EventName, ...] = get_args(EventName)
FIRST_PREV = "0" * 64

#: After these the run may change something outside the evidence, so they must be on the disk first.
_SYNCED = frozenset({"checks_completed", "git_commit", "run_finished"})
#: What this one lists must be there too, or a commit could name evidence that a failing machine never wrote.
_BEFORE_COMMIT: EventName = "checks_completed"


class Tape:
    """Appends events to a run's tape."""

    def __init__(self, folder: RunFolder, run_id: str, clock: Clock) -> None:
        self._folder = folder
        self._run_id = run_id
        self._clock = clock
        self._seq = 0
        self.last_hash = FIRST_PREV

    def write(self, event: EventName, data: dict[str, Any]) -> str:
        """Append one event and return its hash; raises EvidenceError where it cannot be written."""
        line = {
            **data,
            "seq": self._seq,
            "ts": self._clock.now().isoformat(timespec="milliseconds"),
            "run_id": self._run_id,
            "event": event,
            "prev": self.last_hash,
        }
        line = self._folder.redact_values(line)
        raw, hashed = with_hash(line)
        if event == _BEFORE_COMMIT:
            self._folder.sync()
        self._folder.append(TAPE, raw + b"\n", sync=event in _SYNCED)
        self._seq += 1
        self.last_hash = hashed
        return hashed
