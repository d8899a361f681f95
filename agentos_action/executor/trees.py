"""New trees from a base tree and new contents: only the trees on the touched paths are built."""

from __future__ import annotations

from collections.abc import Mapping

import pygit2

from agentos_action.errors import BoundaryError
from agentos_action.records.base import MODE_TREE
from agentos_action.records.patch import MODE_FILE, FileChange


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
    below: dict[str, dict[str, pygit2.Oid | None]] = {}
    for path, blob in blobs.items():
        name, slash, _ = path[len(prefix) :].partition("/")
        if slash:
            below.setdefault(name, {})[path] = blob
        elif blob is None:
            builder.remove(name)
        else:
            builder.insert(name, blob, modes.get(path, MODE_FILE))
    for name, inner in below.items():
        entry = tree[name] if tree is not None and name in tree else None
        subtree = entry if isinstance(entry, pygit2.Tree) else None
        built = _folder(repo, subtree, f"{prefix}{name}/", inner, modes)
        if len(repo[built].peel(pygit2.Tree)) == 0:
            if subtree is not None:
                builder.remove(name)
        else:
            builder.insert(name, built, MODE_TREE)
    return builder.write()


def cross_check(repo: pygit2.Repository, old: pygit2.Tree, new: pygit2.Oid, changes: tuple[FileChange, ...]) -> None:
    """Compare libgit2's difference of the two trees with the verdict: names, modes and bytes must be equal.

    Raises BoundaryError where they are not; nothing has been committed then.
    """
    found: set[tuple[str, int, str]] = set()
    for delta in old.diff_to_tree(repo[new].peel(pygit2.Tree)).deltas:
        for side, file in (("old", delta.old_file), ("new", delta.new_file)):
            if int(file.mode):
                found.add((f"{side}:{file.path}", int(file.mode), str(file.id)))
    meant: set[tuple[str, int, str]] = set()
    for change in changes:
        for side, path, version in (("old", change.old_path, change.old), ("new", change.new_path, change.new)):
            if path is not None and version is not None:
                meant.add((f"{side}:{path}", version.mode, str(pygit2.hash(version.content))))
    if found != meant:
        odd = ", ".join(sorted({name for name, _, _ in found ^ meant})[:5])
        hint = "Nothing was committed. Please report this with the evidence folder."
        raise BoundaryError(f"the new tree differs from the verdict at {odd}", hint)
