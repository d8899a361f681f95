"""The one place that commits: accepted diff → objects → one compare-and-swap of one branch."""

from __future__ import annotations

import re
from pathlib import Path

import pygit2

from agentos_action.errors import BoundaryError, ConflictError, UsageError
from agentos_action.executor import apply, trees, worktree
from agentos_action.records.receipt import CommitOrder, Receipt
from agentos_action.records.verdict import Accepted, Finding

BOT_NAME, BOT_EMAIL = "AgentOS Action", "agentos-action@localhost"
MAX_SUBJECT = 72


class Executor:
    """Writes one repository; it takes an `Accepted` and nothing else."""

    def __init__(self, git_dir: Path) -> None:
        self._repo = pygit2.Repository(str(git_dir), pygit2.enums.RepositoryOpenFlag.NO_SEARCH)

    def check_target(self, branch: str | None, paths: tuple[str, ...], base: str) -> None:
        """Raise ConflictError or UsageError where a commit onto that branch could not be made; writes nothing."""
        self._target(branch, base)
        if self._follows(branch):
            worktree.require_clean(self._repo, paths)

    def commit(self, accepted: Accepted, order: CommitOrder) -> Receipt:
        """Commit an accepted diff; raises ConflictError if the branch moved or edits are in the way.

        A crash at any moment leaves the branch wholly before or wholly after.
        """
        name, reference = self._target(order.branch, accepted.base)
        paths = tuple(name for change in accepted.changes for name in (change.old_path, change.new_path) if name)
        follows = self._follows(order.branch)
        if follows:
            worktree.require_unlocked(self._repo)
            worktree.require_clean(self._repo, paths)
        contents = apply.contents(accepted)
        modes = {change.new_path: change.new.mode for change in accepted.changes if change.new_path and change.new}
        base = self._repo[accepted.base].peel(pygit2.Commit)
        try:
            tree = trees.build(self._repo, base.tree, contents, modes)
            trees.cross_check(self._repo, base.tree, tree, accepted.changes)
            commit = self._repo.create_commit(None, *self._signatures(), message(order), tree, [base.id])
        except (pygit2.GitError, OSError) as error:
            hint = "Nothing was committed. Check free space and permissions of the repository."
            raise UsageError(f"the repository cannot be written: {error}", hint) from error
        self._swap(name, reference, accepted.base, commit, order.subject)
        warnings = worktree.follow(self._repo, tree, contents) if follows else ()
        return Receipt(str(commit), str(tree), name, follows, (*warnings, *self._unsigned()))

    def _target(self, branch: str | None, base: str) -> tuple[str, pygit2.Reference | None]:
        if branch is None:
            head = self._repo.lookup_reference("HEAD")
            if not str(head.target).startswith("refs/heads/"):
                raise UsageError("HEAD is detached, so there is no branch to commit on", "Give --branch NAME.")
            full = str(head.target)
        else:
            full = f"refs/heads/{branch}"
            if not pygit2.reference_is_valid_name(full) or branch.startswith("-"):
                raise UsageError(f"{branch!r} cannot be a branch name", "See `git help check-ref-format`.")
        name = full.removeprefix("refs/heads/")
        try:
            reference = self._repo.lookup_reference(full)
        except KeyError:
            return name, None
        tip = str(reference.peel(pygit2.Commit).id)
        if tip != base:
            raise moved(name, tip, base)
        return name, reference

    def _follows(self, branch: str | None) -> bool:
        """Whether the work tree shows the branch, so that it has to follow."""
        if self._repo.is_bare:
            return False
        head = str(self._repo.lookup_reference("HEAD").target)
        return branch is None or head == f"refs/heads/{branch}"

    def _signatures(self) -> tuple[pygit2.Signature, pygit2.Signature]:
        try:
            signature = self._repo.default_signature
        except (KeyError, pygit2.GitError):
            signature = pygit2.Signature(BOT_NAME, BOT_EMAIL)
        return signature, signature

    def _unsigned(self) -> tuple[Finding, ...]:
        try:
            wanted = self._repo.config.get_bool("commit.gpgsign")
        except KeyError:
            return ()
        if not wanted:
            return ()
        said = "commit.gpgsign is on, but this version does not sign commits"
        return (Finding(id="commit.unsigned", severity="warning", message=said, hint="Sign it: git commit --amend -S"),)

    def _swap(self, name: str, reference: pygit2.Reference | None, base: str, commit: pygit2.Oid, subject: str) -> None:
        said = f"agentos: {subject}"
        try:
            if reference is None:
                self._repo.create_reference_direct(f"refs/heads/{name}", commit, False, said)  # noqa: FBT003
            else:
                # libgit2 compares the value it loaded with the one on disk while it holds the lock.
                reference.set_target(commit, said)
        except (pygit2.GitError, ValueError, OSError) as error:
            try:
                now = str(self._repo.lookup_reference(f"refs/heads/{name}").peel(pygit2.Commit).id)
            except KeyError:
                now = ""
            if now != base or reference is None:
                raise moved(name, now, base) from error
            lock = self._repo.path + f"refs/heads/{name}.lock"
            hint = f"Another git may be running; if none is, remove {lock}."
            raise ConflictError(f"the branch {name!r} could not be moved: {error}", hint) from error
        if str(self._repo.lookup_reference(f"refs/heads/{name}").target) != str(commit):
            raise BoundaryError(f"the branch {name!r} moved on at the same moment", f"The commit is {commit}.")


def moved(name: str, tip: str, base: str) -> ConflictError:
    """Return the error for a branch that is not where the run began."""
    said = f"the branch {name!r} is at {tip[:10]}, and the run began at {base[:10]}"
    return ConflictError(said, "Run again on the new state, without --base if you gave one.")


def message(order: CommitOrder) -> str:
    """Return the commit message: one clean subject line, a body, the trailers as the last paragraph."""
    trailers = "\n".join(f"{key}: {one_line(value)}" for key, value in order.trailers)
    body = f"\n{order.body.strip()}\n" if order.body.strip() else ""
    return f"{one_line(order.subject)[:MAX_SUBJECT].rstrip()}\n{body}\n{trailers}\n"


def one_line(text: str) -> str:
    """Return text as one printable line, so that a task or a model can forge no trailer."""
    return " ".join(re.sub(r"[^\x20-\x7e\u00a1-\ud7ff\uf900-\ufffd]", " ", text).split())
