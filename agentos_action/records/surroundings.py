"""What a rule must know of the base besides the changed files: facts, gathered before, so that a verdict is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentos_action.records.base import MODE_TREE, Base, blocked_by
from agentos_action.records.patch import FileChange


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`blocked`: path → (its first parent that is no folder, that parent's mode).

    `folders`: each folder of the base above a name that is new (`""` is the root) → the names directly in it that
    the changes leave there.
    """

    base: str
    blocked: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def surroundings(base: Base, changes: tuple[FileChange, ...]) -> Surroundings:
    """Gather the facts for these changes; the cost grows with the changes, not with the base."""
    blocked = {}
    for path in {name for change in changes for name in (change.old_path, change.new_path) if name}:
        found = blocked_by(base, path)
        if found is not None:
            blocked[path] = found
    return Surroundings(base.id, blocked, _folders(base, changes))


def _folders(base: Base, changes: tuple[FileChange, ...]) -> dict[str, tuple[str, ...]]:
    kept = {change.new_path for change in changes}
    gone = {change.old_path for change in changes if change.old_path and change.old_path not in kept}
    gone = {path for path in gone if base.mode(path) is not None}
    gone |= _emptied(base, gone)
    found: dict[str, tuple[str, ...]] = {}
    for change in changes:
        if change.new_path is None or change.new_path == change.old_path:
            continue
        folder = ""
        for part in change.new_path.split("/"):
            if folder not in found:
                names = base.siblings(folder)
                found[folder] = tuple(name for name in names if _below(folder, name) not in gone)
            folder = _below(folder, part)
            if base.mode(folder) != MODE_TREE:
                # Nothing of the base stands below: a name of many parts costs no more than what is there.
                break
    return found


def _emptied(base: Base, gone: set[str]) -> set[str]:
    """Return the folders of which nothing is left when these files go."""
    above = {path[:at] for path in gone for at, char in enumerate(path) if char == "/"}
    empty: set[str] = set()
    for folder in sorted(above, key=len, reverse=True):
        if all(_below(folder, name) in gone | empty for name in base.siblings(folder)):
            empty.add(folder)
    return empty


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
