"""New trees from a base tree and new contents: only the trees on the touched paths are built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import pygit2

from agentos_action.errors import BoundaryError
from agentos_action.records.base import MODE_TREE
from agentos_action.records.patch import MODE_FILE, FileChange

#: Side and path, mode, blob id in hex.
_Entry: TypeAlias = tuple[str, int, str]

_ENTRY = re.compile(rb"([0-7]+) ([^\0/]+)\0(.{20})", re.DOTALL)
_REPORT = "Nothing was committed. Please report this with the evidence folder."


def build(
    repo: pygit2.Repository, tree: pygit2.Tree, contents: Mapping[str, bytes | None], modes: Mapping[str, int]
) -> pygit2.Oid:
    """Write blobs and trees into the object database and return the new root tree's id; nothing refers to it yet."""
    blobs = {path: None if content is None else repo.create_blob(content) for path, content in contents.items()}
    return _folder(repo, tree, "", blobs, modes)


def _folder(
    repo: pygit2.Repository,
    tree: pygit2.Tree | None,
    prefix: str,
    blobs: Mapping[str, pygit2.Oid | None],
    modes: Mapping[str, int],
) -> pygit2.Oid:
    builder = repo.TreeBuilder(tree) if tree is not None else repo.TreeBuilder()
    here: dict[str, tuple[str, pygit2.Oid | None]] = {}
    below: dict[str, dict[str, pygit2.Oid | None]] = {}
    for path, blob in blobs.items():
        name, slash, _ = path[len(prefix) :].partition("/")
        if slash:
            below.setdefault(name, {})[path] = blob
        else:
            here[name] = path, blob
    # What goes goes first, so that a folder can become a file and a file a folder.
    for name in [name for name, (_, blob) in here.items() if blob is None]:
        builder.remove(name)
    for name, inner in below.items():
        entry = tree[name] if tree is not None and name in tree else None
        subtree = entry if isinstance(entry, pygit2.Tree) else None
        built = _folder(repo, subtree, f"{prefix}{name}/", inner, modes)
        if len(repo[built].peel(pygit2.Tree)) == 0:
            if subtree is not None:
                builder.remove(name)
        else:
            builder.insert(name, built, MODE_TREE)
    for name, (path, blob) in here.items():
        if blob is not None:
            builder.insert(name, blob, modes.get(path, MODE_FILE))
    return builder.write()


def cross_check(repo: pygit2.Repository, old: pygit2.Tree, new: pygit2.Oid, changes: tuple[FileChange, ...]) -> None:
    """Compare the difference of the two trees, as they lie in the object database, with the verdict.

    Names, kinds, modes and bytes must be equal. Only folders that differ are read: libgit2's own difference walks the
    whole tree. Raises BoundaryError where they are not; nothing has been committed then.
    """
    found = set(_differences(repo, old.id, new, ""))
    meant: set[_Entry] = set()
    for change in changes:
        for side, path, version in (("old", change.old_path, change.old), ("new", change.new_path, change.new)):
            if path is not None and version is not None:
                meant.add((f"{side}:{path}", version.mode, str(pygit2.hash(version.content))))
    if found != meant:
        odd = ", ".join(sorted({name for name, _, _ in found ^ meant})[:5])
        raise BoundaryError(f"the new tree differs from the verdict at {odd}", _REPORT)


def _differences(
    repo: pygit2.Repository, old: pygit2.Oid | None, new: pygit2.Oid | None, prefix: str
) -> Iterator[_Entry]:
    sides = {"old": _entries(repo, old), "new": _entries(repo, new)}
    if new is not None and not sides["new"] and prefix:
        yield f"new:{prefix}", MODE_TREE, str(new)  # git writes no empty folders
    differing = {name for name, _ in sides["old"].items() ^ sides["new"].items()}
    for name in differing:
        path = prefix + name.decode("utf-8", "surrogateescape")
        below: dict[str, pygit2.Oid | None] = {"old": None, "new": None}
        for side, entries in sides.items():
            mode, oid = entries.get(name, (0, b""))
            if mode == MODE_TREE:
                below[side] = pygit2.Oid(raw=oid)
            elif mode:
                yield f"{side}:{path}", mode, oid.hex()
        if any(below.values()):
            yield from _differences(repo, below["old"], below["new"], f"{path}/")


def _entries(repo: pygit2.Repository, tree: pygit2.Oid | None) -> dict[bytes, tuple[int, bytes]]:
    """Return name → mode and id of a tree's raw bytes; raises BoundaryError where they are not a tree's."""
    if tree is None:
        return {}
    raw = repo[tree].read_raw()
    rows = _ENTRY.findall(raw)
    entries = {name: (int(mode, 8), oid) for mode, name, oid in rows}
    if len(entries) != len(rows) or sum(map(len, map(b"".join, rows))) + 2 * len(rows) != len(raw):
        raise BoundaryError(f"the tree {tree} is not one that git would write", _REPORT)
    return entries
