"""What a rule must know of the base besides the changed files: facts, gathered before, so that a verdict is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentos_action.records.base import Base, blocked_by
from agentos_action.records.patch import FileChange


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`blocked`: path → (its first parent that is no folder, that parent's mode)."""

    base: str
    blocked: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def surroundings(base: Base, changes: tuple[FileChange, ...]) -> Surroundings:
    """Gather the facts for these changes; the cost grows with the changes, not with the base."""
    blocked = {}
    for path in {name for change in changes for name in (change.old_path, change.new_path) if name}:
        found = blocked_by(base, path)
        if found is not None:
            blocked[path] = found
    return Surroundings(base.id, blocked)
