"""New names beside those that stay: spelled like one of them for some file system, or drawn like one for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agentos_action.verifier.names import folded, shortens
from agentos_action.verifier.skeletons import skeleton
from agentos_action.verifier.subject import Subject


@dataclass(slots=True)
class _Node:
    """One folder that the patch leaves: below each folded name the first spelling of it, and what is in it."""

    below: dict[str, tuple[str, _Node]] = field(default_factory=dict)


def twins(subject: Subject) -> Iterator[tuple[str, str, str]]:
    """Yield (new name, finding id, reason) for each new name that may be taken for another one.

    Every part of the name is compared, so that neither a file nor a folder on the way has a double.
    """
    changes = subject.patch.changes
    made = {change.new_path for change in changes if change.new_path and change.new_path != change.old_path}
    beside = _Beside(subject.surroundings.folders)
    told = set()
    for name in sorted(made):
        found = next(beside.like(name), None)
        if found is not None:
            told.add(name)
            yield name, *found
    root = _Node()
    # What stays comes first, so that the new name is the one that is told.
    for name in sorted(
        (change.new_path for change in changes if change.new_path), key=lambda each: (each in made, each)
    ):
        other = _placed(root, name)
        if other is not None and name in made - told:
            yield name, "paths.twin", f"this patch also has {other!r}, and some file systems take one for the other"


def _placed(root: _Node, name: str) -> str | None:
    """Put a name into the tree; return the other spelling of its first part that has one there already."""
    node, other = root, None
    for part in name.split("/"):
        spelled, node = node.below.setdefault(folded(part), (part, _Node()))
        if spelled != part and other is None:
            other = spelled
    return other


class _Beside:
    """The names that stay in the base's folders, by what they come to; each folder is read once."""

    def __init__(self, folders: Mapping[str, tuple[str, ...]]) -> None:
        self._folders = folders
        self._folded: dict[str, dict[str, str]] = {}
        self._drawn: dict[str, dict[str, str]] = {}

    def like(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield (finding id, reason) where a part of the name may be taken for a name that stays."""
        folder = ""
        for part in name.split("/"):
            names = self._folders.get(folder)
            if names is None:
                return
            if part not in names:
                yield from self._in(folder, names, part)
            folder = f"{folder}/{part}" if folder else part

    def _in(self, folder: str, names: tuple[str, ...], part: str) -> Iterator[tuple[str, str]]:
        if folder not in self._folded:
            self._folded[folder] = {folded(each): each for each in names}
        same = self._folded[folder].get(folded(part))
        if same is not None:
            yield "paths.twin", f"{part!r} and {same!r}, which is there, are one name to some file systems"
            return
        if "~" in part:
            longer = next((each for each in names if shortens(part, each)), None)
            if longer is not None:
                yield "paths.twin", f"{part!r} is what Windows may call {longer!r}, which is there"
        alike = self._drawn_like(folder, names, part)
        if alike is not None:
            yield "paths.lookalike", f"{part!r} looks like {alike!r}, which is there, and is another name"

    def _drawn_like(self, folder: str, names: tuple[str, ...], part: str) -> str | None:
        if part.isascii():
            # Two names of ASCII are never alike, so only the others need be looked at.
            return next((each for each in names if not each.isascii() and skeleton(each) == skeleton(part)), None)
        if folder not in self._drawn:
            self._drawn[folder] = {skeleton(each): each for each in names}
        return self._drawn[folder].get(skeleton(part))
