"""The files of a commit go to their places in the work tree, one at a time; whatever a user saved there stays."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pygit2

from agentos_action.errors import UsageError
from agentos_action.executor import folders, worktree
from agentos_action.executor.exchange import exchange
from agentos_action.executor.folders import Found, look, opened
from agentos_action.executor.journal import Journal, Side, Step
from agentos_action.records.patch import MODE_EXEC, MODE_LINK, FileVersion

SAVED = "it was saved at the same moment"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: What one path cannot be written for, today and tomorrow; a full or a dying disk is not among them.
_ITS_OWN = frozenset(
    {
        *(errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EILSEQ, errno.EINVAL),
        *(errno.EROFS, errno.EACCES, errno.EPERM, errno.EBUSY, errno.ETXTBSY, errno.ENOENT),
    }
)


@dataclass(frozen=True, slots=True)
class Left:
    """A path that was left alone and why, as half a sentence."""

    path: str
    why: str = SAVED


class Placing:
    """The work tree's side of one commit's way; every step may be repeated."""

    def __init__(self, repo: pygit2.Repository, plan: Journal) -> None:
        self._repo = repo
        self._plan = plan
        self._top = Path(repo.workdir)
        #: Path → times and size of each file put in its place, for the index.
        self.stats: dict[str, os.stat_result] = {}

    def stage(self) -> None:
        """Put every new file on the disk beside its place and try each name; raises UsageError naming the path."""
        for number, step in enumerate(self._plan.steps):
            try:
                # A folder to be removed may be a link by now; that is told where it is compared.
                with opened(self._top, step.path, make=step.new is not None) as (folder, name):
                    look(folder, name)
                    if step.new is not None:
                        self._stage(folder, number, step.path, step.new)
            except OSError as error:
                hint = "Nothing was committed. Check the name's length, free space and permissions; or give --branch."
                raise UsageError(f"{step.path!r} cannot be written: {error.strerror}", hint) from error

    def place(self, number: int, step: Step, *, put_back: bool = False) -> Left | None:
        """Bring one path to its new state; returns what was left alone and why, None where it is there.

        `put_back`: the index holds the new state already, so that an old file is one that somebody put back.
        """
        try:
            with opened(self._top, step.path, make=step.new is not None) as (folder, name):
                done = self._place(folder, name, number, put_back=put_back)
            if done and step.new is None:
                self._prune(step.path)
        except FileNotFoundError:
            # With its folder gone, so is a file to be removed.
            return None if step.new is None else Left(step.path)
        except OSError as error:
            if error.errno not in _ITS_OWN:
                raise
            return Left(step.path, f"it cannot be written ({error.strerror})")
        return None if done else Left(step.path)

    def shows(self, step: Step) -> bool:
        """Return whether the new state stands at a path."""
        try:
            return worktree.as_before(self._repo, step.path, self._version(step.new))
        except UsageError:  # it cannot be looked at
            return False

    def sweep(self) -> tuple[Left, ...]:
        """Remove what was got ready and the folders made for it; returns what holds a user's bytes and was kept."""
        kept = [left for number in range(len(self._plan.steps)) if (left := self._sweep(number))]
        for folder in sorted(self._plan.folders, key=len, reverse=True):
            folders.prune(self._top, folder)
        return tuple(kept)

    def _sweep(self, number: int) -> Left | None:
        step, temporary = self._plan.steps[number], self._plan.temporary(number)
        try:
            with opened(self._top, temporary) as (folder, name):
                folders.remove(folder, self._plan.part(number).rpartition("/")[2])
                found = look(folder, name)
                if found is not None and self._known(found, temporary, step):
                    folders.remove(folder, name)
                    found = None
        except OSError as error:
            if error.errno not in _ITS_OWN:
                raise
            return None
        return Left(temporary, f"it holds what was saved at {step.path!r}") if found else None

    def _place(self, folder: int, name: str, number: int, *, put_back: bool) -> bool:
        step, temporary = self._plan.steps[number], self._plan.temporary(number)
        beside = temporary.rpartition("/")[2]
        parked = look(folder, beside)
        if parked is not None and not self._known(parked, temporary, step):
            self._give_back(folder, name, beside, step)
            return False
        found, old = look(folder, name), self._version(step.old)
        if not self._holds(found, step.path, step.path, old):
            return self._holds(found, step.path, step.path, self._version(step.new))
        if put_back:
            return False
        if step.new is None:
            return self._take_away(folder, name, beside, found)
        self._stage(folder, number, step.path, step.new)
        before = os.stat(beside, dir_fd=folder, follow_symlinks=False)
        if not (folders.put_new(folder, beside, name) if old is None else self._swap(folder, name, beside, found)):
            return False
        after = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if (before.st_ino, before.st_mtime_ns, before.st_size) == (after.st_ino, after.st_mtime_ns, after.st_size):
            self.stats[step.path] = after
        return True

    def _swap(self, folder: int, name: str, beside: str, found: Found | None) -> bool:
        """Let new and old file change places, and back again where what came out is not what was compared."""
        try:
            if not exchange(folder, beside, name):
                os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
                return True
        except FileNotFoundError:  # removed meanwhile
            return False
        if look(folder, beside) == found:
            folders.remove(folder, beside)
            return True
        exchange(folder, beside, name)
        return False

    def _take_away(self, folder: int, name: str, beside: str, found: Found | None) -> bool:
        """Remove a file by way of another name, under which it is compared once more."""
        if found is None:
            return True
        try:
            os.rename(name, beside, src_dir_fd=folder, dst_dir_fd=folder)
        except FileNotFoundError:
            return True
        if look(folder, beside) == found:
            folders.remove(folder, beside)
            return True
        folders.put_new(folder, beside, name)
        return False

    def _give_back(self, folder: int, name: str, beside: str, step: Step) -> None:
        """Put a user's file back in its place, out of which a process that died had just taken it."""
        found = look(folder, name)
        if found is None:
            folders.put_new(folder, beside, name)
        elif step.new is not None and self._holds(found, step.path, step.path, self._version(step.new)):
            exchange(folder, beside, name)

    def _stage(self, folder: int, number: int, path: str, new: Side) -> None:
        """Write the new file beside its place, in one piece, unless it is there."""
        temporary = self._plan.temporary(number)
        beside, part = (one.rpartition("/")[2] for one in (temporary, self._plan.part(number)))
        found = look(folder, beside)
        if found is not None and self._holds(found, temporary, path, self._version(new)):
            return
        folders.remove(folder, part)
        blob = self._blob(new)
        if new.mode == MODE_LINK:
            os.symlink(os.fsdecode(blob.data), part, dir_fd=folder)
        else:
            # The kernel applies the umask, as it does for git.
            handle = os.open(part, _NEW, 0o777 if new.mode == MODE_EXEC else 0o666, dir_fd=folder)
            with os.fdopen(handle, "wb") as file, pygit2.BlobIO(blob, as_path=path) as filtered:
                shutil.copyfileobj(filtered, file)
        os.rename(part, beside, src_dir_fd=folder, dst_dir_fd=folder)

    def _prune(self, path: str) -> None:
        for parent in list(Path(path).parents)[:-1]:
            folders.prune(self._top, parent.as_posix())

    def _known(self, found: Found, where: str, step: Step) -> bool:
        """Return whether a temporary file holds the old or the new state; anything else is its user's."""
        return any(
            side is not None and self._holds(found, where, step.path, self._version(side))
            for side in (step.new, step.old)
        )

    def _holds(self, found: Found | None, where: str, path: str, version: FileVersion | None) -> bool:
        return worktree.holds(self._repo, found, version, where=where, path=path)

    def _version(self, side: Side | None) -> FileVersion | None:
        return None if side is None else FileVersion(self._blob(side).data, side.mode)

    def _blob(self, side: Side) -> pygit2.Blob:
        return self._repo[side.blob].peel(pygit2.Blob)
