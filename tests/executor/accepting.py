"""An accepted verdict for tests, made as the pipeline makes it."""

from __future__ import annotations

from agentos_action.patches.parse import to_patch
from agentos_action.records.patch import FileChange, FileVersion
from agentos_action.records.policy import Policy
from agentos_action.records.receipt import CommitOrder
from agentos_action.records.surroundings import Surroundings
from agentos_action.records.verdict import Accepted
from agentos_action.verifier.subject import Subject
from agentos_action.verifier.verify import verify

ORDER = CommitOrder("Change it", "", (("AgentOS-Run", "test"),))


def change(path: str, old: bytes | None, new: bytes | None, mode: int = 0o100644) -> FileChange:
    """Return a change of one file."""
    before = None if old is None else FileVersion(old, mode)
    after = None if new is None else FileVersion(new, mode)
    return FileChange(None if before is None else path, None if after is None else path, before, after)


def accept(base: str, *changes: FileChange) -> Accepted:
    """Return the sealed verdict of these changes under the built-in policy."""
    subject = Subject(to_patch(changes), Policy(), Surroundings(base))
    verdict = verify(subject, "0" * 64)
    assert verdict.accepted is not None, verdict.result.errors
    return verdict.accepted
