"""What a merge brings along: staged changes that are the other side's own, and so nobody's proposal here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from agentos_action.errors import UsageError
from agentos_action.records.patch import MODE_GITLINK

if TYPE_CHECKING:
    from agentos_action.records.patch import FileChange, FileVersion
    from agentos_action.repo import RepoView

#: Where git keeps the commits that the next commit merges, in the folder of this work tree.
MERGE_HEAD = "MERGE_HEAD"
_IDS = re.compile(r"(?:(?:[0-9a-f]{40}|[0-9a-f]{64})\n)+")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Made:
    """What stands at a path on the other side: its mode, and the id of its content."""

    mode: int
    id: str


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
        changes = tuple(one for one in changes if one.path not in made or not _same(repo, one.new, made[one.path]))
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


def _made(repo: RepoView, ours: str, theirs: str) -> dict[str, _Made | None]:
    """Return what the other side made of each path that it changed since both parted, None where it took it away.

    Without a common past nothing is told to have been changed.
    """
    base = cast("object | None", repo.raw.merge_base(ours, theirs))  # the stub knows of no None
    if base is None:
        return {}
    made: dict[str, _Made | None] = {}
    # No file is read for this, and without a search for renames each path stands for itself.
    for delta in repo.raw.diff(str(base), theirs).deltas:
        file = delta.new_file
        made[file.path] = _Made(int(file.mode), str(file.id)) if delta.status_char() != "D" else None
    return made


def _same(repo: RepoView, staged: FileVersion | None, made: _Made | None) -> bool:
    if staged is None or made is None:
        return staged is None and made is None
    if staged.mode != made.mode:
        return False
    if made.mode == MODE_GITLINK:
        return staged.content == made.id.encode()
    blob = repo.raw.get(made.id)
    # What is not here (a partial clone) is not what is staged, for that was read.
    return blob is not None and blob.read_raw() == staged.content
