"""A run that was killed between the branch and the work tree is finished or undone before anything else happens."""

from __future__ import annotations

from collections.abc import Callable

from agentos_action.executor.pending import pending
from agentos_action.repo import RepoView


def settle(repo: RepoView, say: Callable[[str], None], *, writable: bool = True) -> None:
    """Finish or undo what a killed run left in this work tree, and say so; `writable` False only tells of it.

    Raises ConflictError where another process is writing the work tree at this moment.
    """
    if not pending(repo.git_dir):
        return
    if not writable:
        say("an earlier run was killed while it wrote the work tree; the next `agentos run` or `commit` settles it")
        return
    from agentos_action.executor.journal import recover  # noqa: PLC0415 - only after a kill

    done = recover(repo.place)
    if done is not None:
        say(done)
