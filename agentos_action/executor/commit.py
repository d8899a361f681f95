"""The one place that commits: accepted diff → objects → one compare-and-swap of one branch."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2

from agentos_action.errors import UsageError
from agentos_action.executor import apply, identity, journal, refs, trees, worktree
from agentos_action.executor import sign as signing
from agentos_action.executor.identity import Identities
from agentos_action.executor.journal import Journal, Side
from agentos_action.executor.message import message, subject
from agentos_action.executor.refs import Target
from agentos_action.records.patch import FileVersion
from agentos_action.records.policy import Signing
from agentos_action.records.receipt import CommitOrder, Receipt
from agentos_action.records.verdict import Accepted, Finding
from agentos_action.repo import common_folder

if TYPE_CHECKING:
    from agentos_action.executor.following import Following

_UNWRITABLE = "Nothing was committed. Check free space and permissions of the repository."
_INCOMPLETE = "This is a shallow or partial clone; fetch what is missing (git fetch --unshallow, git fetch --refetch)."


class Executor:
    """Writes one repository, opened where it stands; it takes an `Accepted` and nothing else."""

    def __init__(self, place: Path) -> None:
        try:
            self._repo = pygit2.Repository(str(place))
        except (pygit2.GitError, ValueError) as error:
            hint = "SHA-256 and reftable repositories are not supported by libgit2 yet; else see `git status`."
            raise UsageError(f"{place}: cannot open the repository: {error}", hint) from error

    def check_target(
        self,
        branch: str | None,
        paths: tuple[str, ...],
        base: str,
        *,
        sign: Signing | None = None,
        people: CommitOrder | None = None,
    ) -> None:
        """Raise ConflictError or UsageError where a commit onto that branch could not be made; writes nothing.

        `paths` are those that the commit is to touch; `sign` is the policy's rule (`CommitOrder.sign`), by which a
        missing key or program is found too; `people` says as whom, by which half an identity is found.
        """
        persons = identity.identities(self._repo.config, people, people.identity) if people is not None else None
        to = refs.target(self._repo, branch, base)
        refs.require_free(self._repo, to)
        _require_writable(self._repo)
        if to.shown:
            worktree.require_unlocked(self._repo)
            worktree.require_clean(self._repo, self._versions(paths, base))
        if sign is not None:
            signing.check(self._repo, sign, persons.committer if persons is not None else None)

    def _versions(self, paths: tuple[str, ...], base: str) -> dict[str, FileVersion | None]:
        """Return what the base holds at some paths; a folder, or a submodule, among them says nothing of a file."""
        tree = self._repo[base].peel(pygit2.Tree)
        found: dict[str, FileVersion | None] = {}
        for path in paths:
            one = tree[path] if path in tree else None  # noqa: SIM401 - a Tree's `get` is no dict's
            if isinstance(one, pygit2.Blob):
                found[path] = FileVersion(one.data, int(one.filemode))
            elif one is None:
                found[path] = None
        return found

    def commit(self, accepted: Accepted, order: CommitOrder) -> Receipt:
        """Commit an accepted diff; raises ConflictError if the branch moved or edits are in the way.

        A crash at any moment leaves the branch wholly before or wholly after; on the checked-out branch it may leave
        a journal, by which `journal.recover` finishes or undoes what happens in the work tree.
        """
        people = identity.identities(self._repo.config, order, order.identity)
        to = refs.target(self._repo, order.branch, accepted.base)
        _require_writable(self._repo)
        recovered: tuple[Finding, ...] = ()
        if to.shown:
            from agentos_action.executor import recovery  # noqa: PLC0415 - only where a work tree follows

            # Before anything is signed, which may ask for a passphrase; the lock is not held so long.
            with journal.held(Path(self._repo.path)):
                recovered = _recovered(recovery.settle_pending(self._repo))
                worktree.require_unlocked(self._repo)
                worktree.require_clean(self._repo, _before(accepted))
        commit, tree = self._objects(accepted, order, people)
        self._repo.set_ident(people.committer.name, people.committer.email)  # who the reflog names
        said = f"agentos: {subject(order.subject)}"
        if not to.shown:
            refs.swap(self._repo, to, accepted.base, commit, said)
            return Receipt(str(commit), str(tree), to.name, worktree_follows=False)
        from agentos_action.executor import recovery  # noqa: PLC0415 - the same

        with journal.held(Path(self._repo.path)):
            recovered = (*recovered, *_recovered(recovery.settle_pending(self._repo)))
            warnings = self._commit_here(accepted, to, commit, said)
        return Receipt(str(commit), str(tree), to.name, worktree_follows=True, warnings=(*recovered, *warnings))

    def _objects(self, accepted: Accepted, order: CommitOrder, people: Identities) -> tuple[pygit2.Oid, pygit2.Oid]:
        """Write blobs, trees and the commit, and compare them with the verdict; nothing refers to them yet."""
        contents = apply.contents(accepted)
        modes = {change.new_path: change.new.mode for change in accepted.changes if change.new_path and change.new}
        try:
            base = self._repo[accepted.base].peel(pygit2.Commit)
            old = base.tree
        except (pygit2.GitError, KeyError) as error:
            raise UsageError(f"the base is not in this repository: {error}", _INCOMPLETE) from error
        try:
            tree = trees.build(self._repo, old, contents, modes)
            trees.cross_check(self._repo, old, tree, accepted.changes)
            commit = signing.create(self._repo, people, message(order), tree, [base.id], rule=order.sign)
        except KeyError as error:
            raise UsageError(f"an object of the base is not in this repository: {error}", _INCOMPLETE) from error
        except (pygit2.GitError, OSError) as error:
            raise UsageError(f"the repository cannot be written: {error}", _UNWRITABLE) from error
        return commit, tree

    def _commit_here(self, accepted: Accepted, to: Target, commit: pygit2.Oid, said: str) -> tuple[Finding, ...]:
        """Move the checked-out branch, index and work tree after it; all that can fail is tried before it moves."""
        from agentos_action.executor.following import Following, folders_of, steps_of  # noqa: PLC0415 - as above

        before = _before(accepted)
        after = {change.new_path: change.new for change in accepted.changes if change.new_path and change.new}
        steps = steps_of(_sides(before), _sides(after))
        folders = folders_of(Path(self._repo.workdir), steps)
        plan = Journal(secrets.token_hex(8), to.ref, accepted.base, str(commit), steps, folders)
        following = Following(self._repo, plan)
        try:
            with ExitStack() as undo:
                undo.callback(_undo, self._repo, plan, following)
                following.begin()
                following.take_index()
                following.take_head()
                # Whatever was asked before a passphrase was typed is asked again where it cannot change any more.
                if not refs.shows(self._repo, to.ref):
                    raise refs.another_shown(to)
                worktree.require_clean(self._repo, before)
                following.stage()
                refs.swap(self._repo, to, accepted.base, commit, said)
                undo.pop_all()
        except (pygit2.GitError, OSError) as error:
            raise UsageError(f"the repository cannot be written: {error}", _UNWRITABLE) from error
        return shown(following, tuple(before))


def _require_writable(repo: pygit2.Repository) -> None:
    """Raise UsageError where no object can be added, as far as permissions and a read-only file system tell."""
    objects = common_folder(Path(repo.path)) / "objects"
    if not os.access(objects, os.W_OK | os.X_OK):
        raise UsageError(f"the repository cannot be written: {objects} is read-only for us", _UNWRITABLE)


def _undo(repo: pygit2.Repository, plan: Journal, following: Following) -> None:
    """Take back what was got ready, unless the branch did move before something else went wrong."""
    if refs.tip_of(repo, plan.ref) == plan.new:
        following.show()
    following.end()


def shown(following: Following, paths: tuple[str, ...]) -> tuple[Finding, ...]:
    """Bring index and work tree up to the commit that was just made, which a failure here does not take back.

    The journal stays then, so that the next command tries again; the index is free meanwhile.
    """
    try:
        left = following.show()
        left = (*left, *following.end())
    except (pygit2.GitError, OSError, KeyError) as error:
        # What cannot be unlocked now either is unlocked by whoever reads the journal.
        with suppress(OSError):
            following.release()
        said = f"the commit was made, but the work tree could not follow: {error}"
        named = " ".join(shlex.quote(path) for path in paths)
        hint = f"Any agentos command tries again; or: git reset -q -- {named}; git checkout -- {named}"
        return (Finding(id="worktree.behind", severity="warning", message=said, hint=hint),)
    return tuple(
        Finding(
            id="worktree.left-alone",
            severity="warning",
            path=one.path,
            message=f"{one.path!r} was left as it is: {one.why}",
            hint="Compare it with `git diff HEAD`.",
        )
        for one in left
    )


def _recovered(said: str | None) -> tuple[Finding, ...]:
    if said is None:
        return ()
    hint = "Nothing is to be done."
    return (Finding(id="worktree.recovered", severity="warning", message=said, hint=hint),)


def _sides(versions: Mapping[str, FileVersion | None]) -> dict[str, Side | None]:
    return {path: Side(str(pygit2.hash(one.content)), one.mode) if one else None for path, one in versions.items()}


def _before(accepted: Accepted) -> dict[str, FileVersion | None]:
    """Return what must stand in index and work tree at every path the diff touches."""
    found: dict[str, FileVersion | None] = {}
    for change in accepted.changes:
        if change.new_path is not None:
            found.setdefault(change.new_path, None)
        if change.old_path is not None:
            found[change.old_path] = change.old
    return found
