"""The one place that commits: accepted diff → objects → one compare-and-swap of one branch."""

from __future__ import annotations

import re
from pathlib import Path

import pygit2
from pygit2.enums import ReferenceType

from agentos_action.errors import BoundaryError, ConflictError, UsageError
from agentos_action.executor import apply, trees, worktree
from agentos_action.records.patch import FileVersion
from agentos_action.records.receipt import CommitOrder, Receipt
from agentos_action.records.verdict import Accepted, Finding
from agentos_action.repo import common_folder

BOT_NAME, BOT_EMAIL = "AgentOS Action", "agentos-action@localhost"
MAX_SUBJECT = 72


class Executor:
    """Writes one repository, opened where it stands; it takes an `Accepted` and nothing else."""

    def __init__(self, place: Path) -> None:
        self._repo = pygit2.Repository(str(place))

    def check_target(self, branch: str | None, paths: tuple[str, ...], base: str) -> None:
        """Raise ConflictError or UsageError where a commit onto that branch could not be made; writes nothing."""
        self._target(branch, base)
        if self._follows(branch):
            tree = self._repo[base].peel(pygit2.Tree)
            blobs = {path: tree[path] for path in paths if path in tree}
            known = {path: blob for path, blob in blobs.items() if isinstance(blob, pygit2.Blob)}
            before = {path: FileVersion(blob.data, int(blob.filemode)) for path, blob in known.items()}
            worktree.require_clean(self._repo, before)

    def commit(self, accepted: Accepted, order: CommitOrder) -> Receipt:
        """Commit an accepted diff; raises ConflictError if the branch moved or edits are in the way.

        A crash at any moment leaves the branch wholly before or wholly after.
        """
        name, reference = self._target(order.branch, accepted.base)
        before = _before(accepted)
        follows = self._follows(order.branch)
        if follows:
            worktree.require_clean(self._repo, before)
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
        warnings = worktree.follow(self._repo, tree, contents, before) if follows else ()
        return Receipt(str(commit), str(tree), name, follows, (*warnings, *self._unsigned()))

    def _target(self, branch: str | None, base: str) -> tuple[str, pygit2.Reference | None]:
        full = self._head() if branch is None else f"refs/heads/{branch}"
        if full is None:
            raise UsageError("HEAD is detached, so there is no branch to commit on", "Give --branch NAME.")
        if not pygit2.reference_is_valid_name(full) or (branch or "").startswith("-"):
            raise UsageError(f"{branch!r} cannot be a branch name", "See `git help check-ref-format`.")
        try:
            reference = self._repo.lookup_reference(full).resolve()
        except KeyError:
            return full.removeprefix("refs/heads/"), None
        name = reference.name.removeprefix("refs/heads/")
        self._require_ours(reference.name)
        tip = str(reference.peel(pygit2.Commit).id)
        if tip != base:
            raise moved(name, tip, base)
        return name, reference

    def _head(self) -> str | None:
        head = self._repo.lookup_reference("HEAD")
        return str(head.target) if head.type == ReferenceType.SYMBOLIC else None

    def _require_ours(self, full: str) -> None:
        """Raise ConflictError where another work tree has the branch checked out, as git itself refuses to move it."""
        own = Path(self._repo.path).resolve()
        common = common_folder(own)
        for folder in (common, *sorted((common / "worktrees").glob("*"))):
            if folder.resolve() == own or self._repo.is_bare:
                continue
            head = folder / "HEAD"
            if head.is_file() and head.read_text(errors="replace").strip() == f"ref: {full}":
                name = full.removeprefix("refs/heads/")
                message = f"the branch {name!r} is checked out in another work tree"
                raise ConflictError(message, "Choose another branch, or run there.")

    def _follows(self, branch: str | None) -> bool:
        """Whether the work tree shows the branch, so that it has to follow."""
        if self._repo.is_bare:
            return False
        if branch is None:
            return True
        try:
            shown = self._repo.lookup_reference("HEAD").resolve().name
            return shown == self._repo.lookup_reference(f"refs/heads/{branch}").resolve().name
        except KeyError:
            return False

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
                hint = "Choose another name: git keeps branches as files, so `a` and `a/b` exclude each other."
                raise UsageError(f"the branch {name!r} cannot be made: {error}", hint) from error
            if now != base or reference is None:
                raise moved(name, now, base) from error
            lock = self._repo.path + f"refs/heads/{name}.lock"
            hint = f"Another git may be running; if none is, remove {lock}."
            raise ConflictError(f"the branch {name!r} could not be moved: {error}", hint) from error
        if str(self._repo.lookup_reference(f"refs/heads/{name}").target) != str(commit):
            raise BoundaryError(f"the branch {name!r} moved on at the same moment", f"The commit is {commit}.")


def _before(accepted: Accepted) -> dict[str, FileVersion | None]:
    """Return what must stand in index and work tree at every path the diff touches."""
    found: dict[str, FileVersion | None] = {}
    for change in accepted.changes:
        if change.new_path is not None:
            found.setdefault(change.new_path, None)
        if change.old_path is not None:
            found[change.old_path] = change.old
    return found


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
