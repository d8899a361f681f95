"""A repository beside the user's: it reads all of its objects, and what is written stays here and goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from agentos_action.executor import apply, temporary, trees
from agentos_action.records.verdict import Accepted
from agentos_action.repo import common_folder


@contextmanager
def scratch(repo: pygit2.Repository) -> Iterator[pygit2.Repository]:
    """Make a temporary bare repository that has the objects of `repo` as its alternate; removed with the block.

    Not a byte is written into `repo`, so it may be one that must not, or cannot, be written (libgit2 renews the time
    stamp of an object that is there already, as git does).
    """
    objects = common_folder(Path(repo.path)) / "objects"
    with temporary.folder("scratch") as top:
        beside = pygit2.init_repository(str(top), bare=True)
        try:
            # Not the file `info/alternates`: a folder's name may hold what that file reads as a comment or a line end.
            # libgit2 follows the alternates of the alternate itself.
            beside.odb.add_disk_alternate(str(objects))
            yield beside
        finally:
            beside.free()


def candidate(accepted: Accepted, repo: pygit2.Repository) -> str:
    """Write the tree that the accepted diff makes of its base and return its id; it is compared with the verdict.

    Raises BoundaryError where they disagree.
    """
    contents = apply.contents(accepted)
    modes = {change.new_path: change.new.mode for change in accepted.changes if change.new_path and change.new}
    base = repo[accepted.base].peel(pygit2.Tree)
    tree = trees.build(repo, base, contents, modes)
    trees.cross_check(repo, base, tree, accepted.changes)
    return str(tree)
