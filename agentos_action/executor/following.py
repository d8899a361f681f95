"""Index and work tree follow a commit, step by step as the journal says; what a user saved meanwhile is left alone."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pygit2

from agentos_action.executor import journal, worktree
from agentos_action.executor.journal import Journal, Side, Step
from agentos_action.records.patch import MODE_EXEC, MODE_LINK, FileVersion

_TICK = 1 << 32


class Following:
    """One commit's way into one work tree. Every step may be repeated: a process that died is taken over this way."""

    def __init__(self, repo: pygit2.Repository, plan: Journal) -> None:
        self._repo = repo
        self._plan = plan
        self._git_dir = Path(repo.path)
        self._top = Path(repo.workdir)
        self._lock = worktree.lock_of(repo)
        self._index = self._git_dir / journal.FOLDER / f"index-{plan.nonce}"
        self._stats: dict[str, os.stat_result] = {}

    def begin(self) -> None:
        """Write the journal; raises OSError."""
        journal.write(self._git_dir, self._plan)

    def take_index(self) -> None:
        """Lock the index against every git, if that is not done yet; raises ConflictError where another holds it."""
        try:
            journal.take_lock(self._lock, journal.file_of(self._git_dir))
        except FileExistsError as error:
            if not self._ours():
                raise worktree.locked(self._lock) from error

    def stage(self) -> None:
        """Put every new file on the disk beside its place, so that nothing is left that could fail for want of room."""
        for number, step in enumerate(self._plan.steps):
            if step.new is not None:
                self._stage(number, step.path, step.new)

    def show(self) -> tuple[str, ...]:
        """Put the new files in their places and the new entries into the index; returns the paths left alone.

        Those were saved or staged by somebody after they had been looked at.
        """
        left = [step.path for number, step in enumerate(self._plan.steps) if not self._place(number, step)]
        return tuple(dict.fromkeys([*left, *self._write_index()]))

    def sweep(self) -> None:
        """Remove what was got ready and is not in its place, and the folders made for it."""
        for number, step in enumerate(self._plan.steps):
            if step.new is not None and worktree.real_parents(self._top, step.path):
                (self._top / self._plan.temporary(number)).unlink(missing_ok=True)
        for folder in sorted(self._plan.folders, key=len, reverse=True):
            if worktree.real_parents(self._top, f"{folder}/x"):
                _remove_empty(self._top / folder)
        self._forget_index()

    def end(self) -> None:
        """Sweep, unlock the index if the lock is ours, and last of all remove the journal."""
        self.sweep()
        self.release()
        journal.file_of(self._git_dir).unlink(missing_ok=True)

    def release(self) -> None:
        """Unlock the index if the lock is ours."""
        if self._ours():
            self._lock.unlink(missing_ok=True)

    def _ours(self) -> bool:
        return journal.holds(self._lock, journal.encoded(self._plan))

    def _stage(self, number: int, path: str, new: Side) -> None:
        temporary = self._top / self._plan.temporary(number)
        if not worktree.real_parents(self._top, path):
            return
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        blob = self._blob(new)
        if new.mode == MODE_LINK:
            temporary.symlink_to(os.fsdecode(blob.data))
            return
        # The kernel applies the umask, as it does for git.
        mode = 0o777 if new.mode == MODE_EXEC else 0o666
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file, pygit2.BlobIO(blob, as_path=path) as filtered:
            shutil.copyfileobj(filtered, file)

    def _place(self, number: int, step: Step) -> bool:
        """Bring one path to its new state; returns whether it is there, False where somebody's edit was left alone."""
        target, temporary = self._top / step.path, self._top / self._plan.temporary(number)
        if not worktree.as_before(self._repo, step.path, self._version(step.old)):
            return worktree.as_before(self._repo, step.path, self._version(step.new))
        if step.new is None:
            target.unlink(missing_ok=True)
            for parent in list(Path(step.path).parents)[:-1]:
                _remove_empty(self._top / parent)
            return True
        if not os.path.lexists(temporary):
            self._stage(number, step.path, step.new)
        before = temporary.lstat()
        if step.old is None:
            try:
                # Unlike a rename, a link never takes the place of a file that came into being meanwhile.
                os.link(temporary, target, follow_symlinks=False)
                temporary.unlink()
            except FileExistsError:
                return False
            except OSError:  # a file system without hard links
                temporary.replace(target)
        else:
            temporary.replace(target)
        after = target.lstat()
        if (before.st_ino, before.st_mtime_ns, before.st_size) == (after.st_ino, after.st_mtime_ns, after.st_size):
            self._stats[step.path] = after
        return True

    def _write_index(self) -> list[str]:
        """Replace the index by one with the new entries; returns the paths where another entry was staged meanwhile."""
        source = self._git_dir / "index"
        self._forget_index()
        if source.exists():
            shutil.copyfile(source, self._index)
        index = pygit2.Index(str(self._index))
        left = []
        for step in self._plan.steps:
            found = _entry(index, step.path)
            if found == step.new and step.path not in self._stats:
                continue
            if found not in {step.old, step.new}:
                left.append(step.path)
            elif step.new is None:
                index.remove(step.path)
            else:
                index.add(_Entry(step.path, step.new, self._stats.get(step.path)))
        index.write()
        if source.exists():
            self._index.chmod(source.stat().st_mode & 0o7777)
        self._index.replace(source)
        return left

    def _forget_index(self) -> None:
        """Remove the private copy of the index and the lock that libgit2 makes for writing it."""
        for file in (self._index, self._index.with_name(f"{self._index.name}.lock")):
            file.unlink(missing_ok=True)

    def _version(self, side: Side | None) -> FileVersion | None:
        return None if side is None else FileVersion(self._blob(side).data, side.mode)

    def _blob(self, side: Side) -> pygit2.Blob:
        return self._repo[side.blob].peel(pygit2.Blob)


class _Entry(pygit2.IndexEntry):
    """An index entry with the file's times and size, which git compares first; without them it reads the file once."""

    def __init__(self, path: str, side: Side, stat: os.stat_result | None) -> None:
        super().__init__(path, pygit2.Oid(hex=side.blob), pygit2.enums.FileMode(side.mode))
        self._stat = stat

    def _to_c(self) -> tuple[object, object]:
        entry, path = super()._to_c()
        if self._stat is not None:
            for name in ("ctime", "mtime"):
                seconds, rest = divmod(getattr(self._stat, f"st_{name}_ns"), 1_000_000_000)
                getattr(entry, name).seconds = seconds
                getattr(entry, name).nanoseconds = rest
            entry.dev, entry.ino = self._stat.st_dev % _TICK, self._stat.st_ino % _TICK
            entry.uid, entry.gid = self._stat.st_uid, self._stat.st_gid
            entry.file_size = self._stat.st_size % _TICK
        return entry, path


def _entry(index: pygit2.Index, path: str) -> Side | str | None:
    """Return what is staged at a path; the word `conflict` where a merge left several."""
    try:
        entry = index[path]
    except KeyError:
        return "conflict" if path in index else None
    return Side(str(entry.id), int(entry.mode))


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        # Something else lives there, or it is gone already.
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
            raise


def steps_of(before: Mapping[str, Side | None], after: Mapping[str, Side | None]) -> tuple[Step, ...]:
    """Return the steps from what stands at some paths to what shall stand there."""
    return tuple(Step(path, before[path], after.get(path)) for path in before)


def folders_of(top: Path, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Return the folders that have to be made for the new files."""
    parents = {parent for step in steps if step.new for parent in list(Path(step.path).parents)[:-1]}
    return tuple(sorted(parent.as_posix() for parent in parents if not os.path.lexists(top / parent)))
