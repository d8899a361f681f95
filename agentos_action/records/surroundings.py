"""What a rule must know of the base besides the changed files: facts, gathered before, so that a verdict is pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agentos_action.records.base import MODE_TREE, Base, blocked_by
from agentos_action.records.patch import FileChange


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`blocked`: path → (its first parent that is no folder, that parent's mode).

    `folders`: each folder of the base above a name that is new (`""` is the root), and each other one above a changed
    name that holds a `HEAD` as repositories do → the names directly in it that the changes leave there.
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
    looked: set[str] = {""}
    for path, made in _paths(changes):
        folder = ""
        for part in path.split("/"):
            if folder not in found and (made or (folder not in looked and _has_head(base, folder))):
                names = base.siblings(folder)
                found[folder] = tuple(name for name in names if _below(folder, name) not in gone)
            looked.add(folder)
            folder = _below(folder, part)
            if folder not in looked and base.mode(folder) != MODE_TREE:
                # Nothing of the base stands below: a name of many parts costs no more than what is there.
                break
    return found


def _paths(changes: tuple[FileChange, ...]) -> Iterator[tuple[str, bool]]:
    """Yield every path that changes, and whether it is a new name."""
    for change in changes:
        if change.new_path is not None:
            yield change.new_path, change.new_path != change.old_path
        if change.old_path is not None and change.old_path != change.new_path:
            yield change.old_path, False


def _has_head(base: Base, folder: str) -> bool:
    """Return whether a folder holds a `HEAD`; the rules find out what else is in it."""
    return any(base.mode(_below(folder, name)) is not None for name in ("HEAD", "head"))


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
