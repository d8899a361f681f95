"""New names beside those that stay: spelled like one of them for some file system, or drawn like one for a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agentos_action.verifier.names import folded
from agentos_action.verifier.shorts import as_short, shorts_of
from agentos_action.verifier.skeletons import skeleton
from agentos_action.verifier.subject import Subject


def twins(subject: Subject, clean: Collection[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (new name, finding id, reason) for each new name of the clean ones that may be taken for another one.

    Every part of the name is compared, so that neither a file nor a folder on the way has a double.
    """
    changes = [change for change in subject.patch.changes if change.new_path in clean]
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
        found = _placed(root, name)
        if found is not None and name in made - told:
            yield name, *found


class _Found:
    """Names of one folder by one thing they come to; what is added to the list is found as well."""

    def __init__(self, names: list[str], comes_to: Callable[[str], Iterable[Hashable]]) -> None:
        self._names = names
        self._comes_to = comes_to
        self._found: dict[Hashable, str] = {}
        self._done = 0

    def get(self, keys: Callable[[str], Iterable[Hashable]], part: str) -> str | None:
        """Return the first name that comes to one of the part's keys."""
        for name in self._names[self._done :]:
            for key in self._comes_to(name):
                self._found.setdefault(key, name)
        self._done = len(self._names)
        if not self._found:
            # Most folders hold no name of the kind, so that the part's own keys need not be made.
            return None
        return next((self._found[key] for key in keys(part) if key in self._found), None)


class _Names:
    """The names of one folder; each way to compare is prepared only when it is first asked for."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = list(names)
        self._folded = _Found(self.names, _as_folded)
        self._drawn = _Found(self.names, _as_drawn)
        self._drawn_strange = _Found(self.names, lambda name: () if name.isascii() else _as_drawn(name))
        self._longer = _Found(self.names, shorts_of)
        self._short = _Found(self.names, lambda name: as_short(name) if "~" in name else ())

    def like(self, part: str, where: str) -> Iterator[tuple[str, str]]:
        """Yield (finding id, reason) where another name than these may be taken for one of them."""
        same = self._folded.get(_as_folded, part)
        if same is not None:
            yield "paths.twin", f"{part!r} and {same!r}, which is {where}, are one name to some file systems"
            return
        longer = self._longer.get(as_short, part) if "~" in part else None
        if longer is not None:
            yield "paths.twin", f"{part!r} is what Windows may call {longer!r}, which is {where}"
        short = self._short.get(shorts_of, part)
        if short is not None:
            yield "paths.twin", f"{short!r}, which is {where}, is what Windows may call {part!r}"
        # Two names of ASCII are never alike, so beside one of them only the others need be looked at.
        alike = (self._drawn_strange if part.isascii() else self._drawn).get(_as_drawn, part)
        if alike is not None:
            yield "paths.lookalike", f"{part!r} looks like {alike!r}, which is {where}, and is another name"


def _as_folded(name: str) -> tuple[str]:
    return (folded(name),)


def _as_drawn(name: str) -> tuple[str]:
    return (skeleton(name),)


@dataclass(slots=True)
class _Node:
    """One folder that the patch leaves: what is in it, and its names by what they come to once there are two."""

    below: dict[str, _Node] = field(default_factory=dict)
    names: _Names | None = None


def _placed(root: _Node, name: str) -> tuple[str, str] | None:
    """Put a name into the tree; return (finding id, reason) for the first part that has a double there already."""
    node, found = root, None
    for part in name.split("/"):
        if part not in node.below:
            if node.below and found is None:
                node.names = node.names or _Names(node.below)
                found = next(node.names.like(part, "in this patch"), None)
            if node.names is not None:
                node.names.names.append(part)
            node.below[part] = _Node()
        node = node.below[part]
    return found


class _Beside:
    """The names that stay in the base's folders, by what they come to; each folder is read once."""

    def __init__(self, folders: Mapping[str, tuple[str, ...]]) -> None:
        self._there = {folder: frozenset(names) for folder, names in folders.items()}
        self._names = {folder: _Names(names) for folder, names in folders.items()}

    def like(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield (finding id, reason) where a part of the name may be taken for a name that stays."""
        folder = ""
        for part in name.split("/"):
            there = self._there.get(folder)
            if there is None:
                return
            if part not in there:
                yield from self._names[folder].like(part, "there")
            folder = f"{folder}/{part}" if folder else part
