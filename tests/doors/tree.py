"""A copy of this working tree as a repository of its own, as a clone of a release would be."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.git import commit_all, git, init_repo

ROOT = Path(__file__).resolve().parents[2]


def copy_of_this_tree(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Copy every file that git knows or would add into a new repository with one commit, and return its folder.

    `without` are the beginnings of names that are left out.
    """
    init_repo(folder)
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if name.startswith(without):
            continue
        # A file that was deleted and not yet committed is still listed.
        if source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    commit_all(folder)
    return folder
