"""What a dead process left on the checked-out branch is finished or undone; the branch itself decides which."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pygit2

from agentos_action.errors import ConflictError, UsageError
from agentos_action.executor import journal, refs
from agentos_action.executor.following import Following
from agentos_action.executor.journal import Journal
from agentos_action.executor.pending import pending
from agentos_action.executor.placing import Left

#: Every git fills its lock within milliseconds of making it; one that stays empty so long has lost its owner.
EMPTY_LOCK_SECONDS = 2.0

_SHORT = 10


def recover(place: Path) -> str | None:
    """Finish or undo what a dead process left in the repository at `place`; see `journal.recover`."""
    try:
        repo = pygit2.Repository(str(place))
    except (pygit2.GitError, ValueError) as error:
        raise UsageError(f"{place}: cannot open the repository: {error}", "Check it with `git status`.") from error
    if repo.is_bare or not pending(Path(repo.path)):
        return None
    with journal.held(Path(repo.path)):
        return settle_pending(repo)


def settle_pending(repo: pygit2.Repository) -> str | None:
    """Finish or undo what the journal tells; the work tree's lock must be held. Returns a sentence for a person."""
    plan = journal.read(Path(repo.path))
    if plan is None:
        return None
    try:
        return settle(repo, plan)
    except (pygit2.GitError, OSError, KeyError, ValueError) as error:
        file = journal.file_of(Path(repo.path))
        hint = f"Compare `git status` with what you expect, then remove {file}"
        raise UsageError(f"a commit that was cut short cannot be finished or undone: {error}", hint) from error


def settle(repo: pygit2.Repository, plan: Journal) -> str:
    """Finish where the branch has the new commit, else undo; returns a sentence that says which."""
    steps, name = Following(repo, plan), plan.ref.removeprefix("refs/heads/")
    done = _finish(repo, plan, steps)
    if done is not None:
        return _told(f"commit {plan.new[:_SHORT]} on {name!r} had been cut short: {done[0]}", (*done[1], *steps.end()))
    stuck = _release(repo, plan)
    said = f"a commit on {name!r} had been cut short before the branch moved: what it left was removed"
    if _shown(repo) != (plan.ref, plan.old):
        said = f"a commit on {name!r} had been cut short, and the work tree shows another commit since: "
        said += "only what lay about was removed; compare with `git status`"
    said = _told(said, steps.end())
    return f"{said}; {stuck} is another git's: if none is running, remove it" if stuck else said


def _finish(repo: pygit2.Repository, plan: Journal, steps: Following) -> tuple[str, tuple[Left, ...]] | None:
    """Bring index and work tree up to the commit; returns what was done, None where the work tree does not show it."""
    if not _here(repo, plan):
        return None
    held = steps.holds_index()
    # Nobody but a user removes a lock of ours; whoever did may have had every reason for what stands there now.
    lost = plan.index == journal.LOST or (plan.index == journal.HELD and not held)
    try:
        if lost:
            steps.lose()
        steps.take_index()
        steps.take_head()
        if not _here(repo, plan):  # until HEAD was locked it could still change
            return None
        left = steps.differing() if lost else steps.show()
    except ConflictError:
        if not held:
            steps.release()
        raise
    except (pygit2.GitError, OSError, KeyError):
        with suppress(OSError):
            steps.release()
        raise
    return "only what lay about was removed" if lost and left else "index and work tree were brought up to it", left


def _told(said: str, left: tuple[Left, ...]) -> str:
    named = ", ".join(f"{one.path} ({one.why})" for one in left)
    return f"{said}; left alone, compare with `git diff HEAD`: {named}" if left else said


def _here(repo: pygit2.Repository, plan: Journal) -> bool:
    """Return whether the work tree shows the branch, and the branch has the commit."""
    shown, tip = _shown(repo)
    return shown == plan.ref and tip is not None and _reached(repo, plan, tip)


def _shown(repo: pygit2.Repository) -> tuple[str | None, str | None]:
    """Return the branch that the work tree shows and its commit."""
    if repo.head_is_detached or repo.head_is_unborn:
        return None, None
    return repo.head.name, str(repo.head.target)


def _reached(repo: pygit2.Repository, plan: Journal, tip: str) -> bool:
    """Return whether the branch holds the new commit and all that it put at the touched paths."""
    if tip == plan.new:
        return True
    if plan.new not in repo or not repo.descendant_of(tip, plan.new):
        return False
    tree = repo[tip].peel(pygit2.Tree)
    return all(
        (step.path in tree) == (step.new is not None) and (step.new is None or str(tree[step.path].id) == step.new.blob)
        for step in plan.steps
    )


def _release(repo: pygit2.Repository, plan: Journal) -> Path | None:
    """Remove the branch's lock if it was the dead process's; returns it where it is somebody else's."""
    lock = refs.lock_of(repo, plan.ref)
    while journal.holds(lock, b"") and (age := _age(lock)) < EMPTY_LOCK_SECONDS:
        time.sleep(min(0.05, EMPTY_LOCK_SECONDS - age))
    if journal.holds(lock, b"") or plan.new.startswith(_partial(lock)):
        lock.unlink(missing_ok=True)
    return lock if lock.exists() else None


def _age(lock: Path) -> float:
    try:
        # A clock that was set back must not make us wait for hours.
        return abs(time.time() - lock.stat().st_mtime)
    except FileNotFoundError:
        return EMPTY_LOCK_SECONDS


def _partial(lock: Path) -> str:
    """Return what a lock file holds, as far as it was written; something no id starts with where it cannot be read."""
    try:
        return lock.read_text(encoding="ascii").strip() or "-"
    except (OSError, ValueError):
        return "-"
