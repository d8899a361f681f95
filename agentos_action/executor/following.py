"""Index and work tree follow a commit, step by step as the journal says; what a user saved meanwhile is left alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pygit2

from agentos_action.executor import journal, worktree
from agentos_action.executor.journal import Journal, Side, Step
from agentos_action.executor.pending import FOLDER
from agentos_action.executor.placing import Left, Placing

_TICK = 1 << 32


class Following:
    """One commit's way into one work tree. Every step may be repeated: a process that died is taken over this way."""

    def __init__(self, repo: pygit2.Repository, plan: Journal) -> None:
        self._plan = plan
        self._git_dir = Path(repo.path)
        self._placing = Placing(repo, plan)
        self._lock = worktree.lock_of(repo)
        self._head_lock = worktree.head_lock_of(repo)
        self._index = self._git_dir / FOLDER / f"index-{plan.nonce}"

    def begin(self) -> None:
        """Write the journal; raises OSError."""
        journal.write(self._git_dir, self._plan)

    def take_index(self) -> None:
        """Lock the index against every git, if that is not done yet; raises ConflictError where another holds it."""
        self._take(self._lock, "the index")

    def take_head(self) -> None:
        """Lock HEAD, so that no git shows another branch meanwhile: `git switch -c` asks for no other lock."""
        self._take(self._head_lock, "HEAD")

    def holds_index(self) -> bool:
        """Return whether the index is locked by this journal's commit."""
        return self._ours(self._lock)

    def stage(self) -> None:
        """Put every new file on the disk beside its place, so that nothing is left that could fail.

        Raises UsageError naming a path that cannot be written.
        """
        self._placing.stage()

    def show(self) -> tuple[Left, ...]:
        """Put the new files in their places and the new entries into the index; returns what was left alone."""
        index = self._staged()
        left = []
        for number, step in enumerate(self._plan.steps):
            # Files are placed before the index is written, so an old file beside a new entry is none that we left.
            put_back = _entry(index, step.path) == step.new != step.old
            if (one := self._placing.place(number, step, put_back=put_back)) is not None:
                left.append(one)
        staged = [Left(path, "something else was staged there meanwhile") for path in self._write_index()]
        named = {one.path for one in left}
        return (*left, *(one for one in staged if one.path not in named))

    def lose(self) -> None:
        """Note that somebody else had the index since, so that nothing of theirs is taken for ours later."""
        self._renote(journal.LOST)

    def differing(self) -> tuple[Left, ...]:
        """Return what is not as the commit has it; only our temporary files fall out of the index, if staged."""
        index = self._staged()
        if any(name in index for name in self._temporaries()):
            self._write_index(entries=False)
        return tuple(
            Left(step.path, "the index was unlocked by somebody else meanwhile")
            for step in self._plan.steps
            if _entry(index, step.path) != step.new or not self._placing.shows(step)
        )

    def sweep(self) -> tuple[Left, ...]:
        """Remove what was got ready and is not in its place; returns what holds a user's bytes and was kept."""
        kept = self._placing.sweep()
        self._forget_index()
        return kept

    def end(self) -> tuple[Left, ...]:
        """Sweep, unlock HEAD and the index if the locks are ours, and last of all remove the journal."""
        kept = self.sweep()
        self._unlock()
        journal.file_of(self._git_dir).unlink(missing_ok=True)
        return kept

    def release(self) -> None:
        """Unlock HEAD and the index for the time being; what the journal tells is tried again."""
        try:
            if self._plan.index != journal.LOST:
                self._renote(journal.RELEASED)
        finally:
            self._unlock()

    def _unlock(self) -> None:
        for lock in (self._head_lock, self._lock):
            if self._ours(lock):
                lock.unlink(missing_ok=True)

    def _renote(self, index: str) -> None:
        """Note in the journal whose the index is."""
        if self._plan.index != index:
            self._plan = replace(self._plan, index=index)
            journal.write(self._git_dir, self._plan)

    def _take(self, lock: Path, what: str) -> None:
        try:
            journal.take_lock(lock, journal.file_of(self._git_dir))
        except FileExistsError as error:
            if not self._ours(lock):
                raise worktree.locked(lock, what) from error

    def _ours(self, lock: Path) -> bool:
        return any(journal.holds(lock, content) for content in self._plan.locks())

    def _temporaries(self) -> list[str]:
        """Return the names that `git add --all` may have staged between a death and now."""
        numbers = range(len(self._plan.steps))
        return [name for number in numbers for name in (self._plan.temporary(number), self._plan.part(number))]

    def _write_index(self, *, entries: bool = True) -> list[str]:
        """Replace the index by one with the new entries; returns the paths where another entry was staged meanwhile.

        Without `entries` only our temporary files fall out of it.
        """
        source = self._git_dir / "index"
        self._forget_index()
        if source.exists():
            shutil.copyfile(source, self._index)
        index = pygit2.Index(str(self._index))
        for name in self._temporaries():
            if name in index:
                index.remove(name)
        left = [step.path for step in self._plan.steps if not self._enter(index, step)] if entries else []
        index.write()
        if source.exists():
            self._index.chmod(source.stat().st_mode & 0o7777)
        self._index.replace(source)
        return left

    def _enter(self, index: pygit2.Index, step: Step) -> bool:
        """Give the index the new entry of a path; returns whether it has it."""
        found, stat = _entry(index, step.path), self._placing.stats.get(step.path)
        if found not in {step.old, step.new}:
            return False
        if step.new is None:
            if found is not None:
                index.remove(step.path)
        elif found != step.new or stat is not None:
            index.add(_Entry(step.path, step.new, stat))
        return True

    def _staged(self) -> pygit2.Index:
        source = self._git_dir / "index"
        if source.is_dir():
            # libgit2 would say it too, but leave half an object whose end is a second error.
            raise IsADirectoryError(f"{source} is a folder")
        return pygit2.Index(str(source))

    def _forget_index(self) -> None:
        """Remove the private copy of the index and the lock that libgit2 makes for writing it."""
        for file in (self._index, self._index.with_name(f"{self._index.name}.lock")):
            file.unlink(missing_ok=True)


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


def steps_of(before: Mapping[str, Side | None], after: Mapping[str, Side | None]) -> tuple[Step, ...]:
    """Return the steps from what stands at some paths to what shall stand there."""
    return tuple(Step(path, before[path], after.get(path)) for path in before)


def folders_of(top: Path, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Return the folders that have to be made for the new files."""
    parents = {parent for step in steps if step.new for parent in list(Path(step.path).parents)[:-1]}
    return tuple(sorted(parent.as_posix() for parent in parents if not os.path.lexists(top / parent)))
