"""What a merge brings along: staged changes that are the other side's own, and so nobody's proposal here."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from agentos_action.branches import entries_changed, parting
from agentos_action.errors import UsageError
from agentos_action.records.patch import MODE_GITLINK

if TYPE_CHECKING:
    from agentos_action.branches import Entry
    from agentos_action.records.patch import FileChange, FileVersion
    from agentos_action.repo import RepoView

#: Where git keeps the commits that the next commit merges, in the folder of this work tree.
MERGE_HEAD = "MERGE_HEAD"
_IDS = re.compile(r"(?:(?:[0-9a-f]{40}|[0-9a-f]{64})\n)+")
_MAX_BYTES = 64 * 1024


def own_changes(repo: RepoView, before: str, changes: tuple[FileChange, ...]) -> tuple[FileChange, ...]:
    """Return those staged changes against the commit `before` that are not as a merged commit made them.

    A change is the other side's where that side changed the path since its history parted from ours, and the path is
    now, content and mode or absence, what it is there. Taking an old state back that the other side never touched is
    not. A commit that is picked or reverted is no merge: nobody may have judged it. The cost grows with what the other
    side changed, not with the repository. Raises UsageError where MERGE_HEAD is not what git writes.
    """
    for theirs in _merged(repo):
        if not changes:
            break
        made = _made(repo, before, theirs)
        changes = tuple(one for one in changes if one.path not in made or not _same(one.new, made[one.path]))
    return changes


def _merged(repo: RepoView) -> tuple[str, ...]:
    """Return the commits that are being merged, none where no merge is going on."""
    try:
        with (repo.git_dir / MERGE_HEAD).open("rb") as file:
            text = file.read(_MAX_BYTES).decode("ascii", "replace")
    except FileNotFoundError:
        return ()
    if not _IDS.fullmatch(text):
        hint = "Begin the merge anew: git merge --abort"
        raise UsageError(f"{repo.git_dir / MERGE_HEAD} does not name the commits that are merged", hint)
    return tuple(repo.commit_of(line) for line in text.split())


def _made(repo: RepoView, ours: str, theirs: str) -> dict[str, Entry | None]:
    """Return what the other side made of each path that it changed since both parted, None where it took it away.

    Without a common past nothing is told to have been changed.
    """
    base = parting(repo.raw, ours, theirs)
    return entries_changed(repo.raw, base, theirs) if base is not None else {}


def _same(staged: FileVersion | None, made: Entry | None) -> bool:
    if staged is None or made is None:
        return staged is None and made is None
    # Of a submodule the id is all there is; of a file, git's name for its content.
    kept = staged.content.decode("ascii", "replace") if made.mode == MODE_GITLINK else _id_of(staged.content)
    return (staged.mode, kept) == (made.mode, made.id)


def _id_of(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
