"""Rule `placement`: no hunk was placed by more guessing than the policy allows."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.patch import RUNGS
from agentos_action.records.verdict import Finding
from agentos_action.verifier.subject import Subject


def placement(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every hunk that stands on a higher rung than the policy's `max_placement`."""
    cap = subject.policy.max_placement
    for placed in subject.placements:
        if RUNGS.index(placed.rung) > RUNGS.index(cap):
            path = placed.path.encode("utf-8", "replace").decode()
            message = f"hunk {placed.hunk} of {path!r} fits only by {placed.rung!r}, and the policy ends at {cap!r}"
            hint = "Copy the file's lines exactly, or raise max_placement."
            yield Finding(id="placement.guessed", path=path, line=placed.line, message=message, hint=hint)
