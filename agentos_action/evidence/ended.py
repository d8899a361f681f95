"""A bundle of a run that proposes nothing: how it ended, in its own words, which are a stranger's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.evidence.chain import event_of
from agentos_action.evidence.layout import SUMS
from agentos_action.evidence.reading import read
from agentos_action.evidence.verify import verify_bundle


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its status, which is not that of a proposal, and what it said; `head` and `sums` name it."""

    run_id: str
    status: str
    message: str
    workflow: dict[str, Any] | None
    head: str
    sums: str


def read_ended(folder: Path, *, proposed: str) -> Ended | None:
    """Return how the run of a bundle ended; None where the bundle is not whole, or the run ended as `proposed`."""
    checked = verify_bundle(folder)
    tape = list(checked.tape)
    finished = event_of(tape, "run_finished")
    status, message = finished.get("status"), finished.get("message")
    if checked.problems or status == proposed or not isinstance(status, str) or not isinstance(message, str):
        return None
    workflow = tape[0].get("workflow")
    return Ended(
        run_id=str(tape[0].get("run_id")),
        status=status,
        message=message,
        workflow=workflow if isinstance(workflow, dict) else None,
        head=str(tape[-1].get("hash")),
        sums=hashlib.sha256(read(folder, SUMS, []) or b"").hexdigest(),
    )
