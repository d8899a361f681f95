"""Which branch a commit goes to, whether it may move, and the one compare-and-swap that moves it."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import ReferenceType

from agentos_action.errors import ConflictError, UsageError
from agentos_action.repo import common_folder

_HEADS = "refs/heads/"

#: How libgit2 says that somebody holds a lock: seen before it makes the file, and while it does (EEXIST).
_TAKEN = ("failed to lock", os.strerror(errno.EEXIST))


@dataclass(frozen=True, slots=True)
class Target:
    """A branch by its own full name (symbolic ones followed), where it is, and whether the work tree shows it."""

    ref: str
    tip: str | None
    shown: bool

    @property
    def name(self) -> str:
        """The branch's short name."""
        return self.ref.removeprefix(_HEADS)


def target(repo: pygit2.Repository, branch: str | None, base: str) -> Target:
    """Return the branch to commit on (None: the checked-out one), which stands at `base` or is new.

    Raises ConflictError where it moved or another work tree shows it, UsageError where there can be no such branch.
    """
    head = _head(repo)
    asked = head if branch is None else f"{_HEADS}{branch}"
    if asked is None:
        raise UsageError("HEAD is detached, so there is no branch to commit on", "Give --branch NAME.")
    if not pygit2.reference_is_valid_name(asked) or (branch or "").startswith("-"):
        raise UsageError(f"{branch!r} cannot be a branch name", "See `git help check-ref-format`.")
    ref = _followed(repo, asked)
    if not ref.startswith(_HEADS):
        hint = "Give --branch NAME with a branch of its own."
        raise UsageError(f"{asked.removeprefix(_HEADS)!r} stands for {ref}, which is no branch", hint)
    tip = tip_of(repo, ref)
    shown = shows(repo, ref)
    if tip is None and (shown or branch is None):
        hint = "Make a first commit: git commit --allow-empty -m start; or give --branch NAME."
        raise UsageError("the checked-out branch has no commit yet", hint)
    _require_ours(repo, ref)
    if tip is not None and tip != base:
        raise moved(ref.removeprefix(_HEADS), tip, base)
    return Target(ref, tip, shown)


def shows(repo: pygit2.Repository, ref: str) -> bool:
    """Return whether the work tree of this repository shows a branch, as HEAD says now."""
    head = _head(repo)
    return not repo.is_bare and head is not None and _followed(repo, head) == ref


def require_free(repo: pygit2.Repository, to: Target) -> None:
    """Raise ConflictError where another git holds the branch's lock, UsageError where there is no room for its name."""
    if to.tip is None:
        _require_room(repo, to)
    if (lock := lock_of(repo, to.ref)).exists():
        raise _locked(to, lock)


def another_shown(to: Target) -> ConflictError:
    """Return the error for a work tree that showed the branch and does not now, or the other way round."""
    said = "the work tree shows another branch now" if to.shown else f"the work tree shows the branch {to.name!r} now"
    return ConflictError(said, "Nothing was committed. Run again, and do not switch branches meanwhile.")


def moved(name: str, tip: str, base: str) -> ConflictError:
    """Return the error for a branch that is not where the run began."""
    said = f"the branch {name!r} is at {tip[:10]}, and the run began at {base[:10]}"
    return ConflictError(said, "Run again on the new state, without --base if you gave one.")


def swap(repo: pygit2.Repository, to: Target, base: str, commit: pygit2.Oid, said: str) -> None:
    """Move the branch to the commit if it still stands where `to` says; the comparison is made under git's own lock.

    Raises ConflictError where somebody was faster or holds the lock, UsageError where the branch cannot be made.
    """
    try:
        with repo.transaction() as change:
            change.lock_ref(to.ref)
            now = tip_of(repo, to.ref)
            if now != to.tip:
                raise moved(to.name, now or "no commit", base)
            if now is None:
                _require_room(repo, to)
            if shows(repo, to.ref) != to.shown:
                raise another_shown(to)
            _require_ours(repo, to.ref)
            change.set_target(to.ref, commit, None, said)
    except (pygit2.GitError, ValueError, OSError) as error:
        if tip_of(repo, to.ref) != str(commit):
            raise _stuck(repo, to, base, error) from error


def lock_of(repo: pygit2.Repository, ref: str) -> Path:
    """Return the file by which every git locks a branch."""
    return common_folder(Path(repo.path)) / f"{ref}.lock"


def _stuck(repo: pygit2.Repository, to: Target, base: str, error: Exception) -> ConflictError | UsageError:
    # The lock is looked at before the branch: whoever let go of it between the two has moved the branch by then.
    lock = lock_of(repo, to.ref)
    held = lock.exists() or any(said in str(error) for said in _TAKEN)
    now = tip_of(repo, to.ref)
    if now is not None and now != to.tip:
        return moved(to.name, now, base)
    if held:
        return _locked(to, lock)
    if to.tip is None:
        return _no_room(to.name, str(error))
    hint = "Check free space and permissions of the repository."
    return UsageError(f"the branch {to.name!r} could not be moved: {error}", hint)


def _locked(to: Target, lock: Path) -> ConflictError:
    hint = f"Another git may be moving it; if none is running, remove {lock}"
    return ConflictError(f"the branch {to.name!r} is locked: {lock} is there", hint)


def _no_room(name: str, why: str) -> UsageError:
    hint = "Choose another name: git keeps branches as files, so `a` and `a/b` exclude each other."
    return UsageError(f"the branch {name!r} cannot be made: {why}", hint)


def _require_room(repo: pygit2.Repository, to: Target) -> None:
    """Raise UsageError where another branch, packed or a file, stands in the new one's way."""
    parts = to.name.split("/")
    for stop in range(1, len(parts)):
        above = "/".join(parts[:stop])
        if tip_of(repo, f"{_HEADS}{above}") is not None:
            raise _no_room(to.name, f"there is a branch {above!r}")
    common = common_folder(Path(repo.path))
    for file in (common / to.ref).rglob("*"):
        if file.is_file() and file.suffix != ".lock":
            raise _no_room(to.name, f"there is a branch {file.relative_to(common / 'refs/heads').as_posix()!r}")
    try:
        packed = (common / "packed-refs").read_bytes()
    except FileNotFoundError:
        return
    below = packed.find(b" " + to.ref.encode("utf-8", "surrogateescape") + b"/")
    if below >= 0:
        full = packed[below + 1 :].split(b"\n", 1)[0].decode("utf-8", "surrogateescape")
        raise _no_room(to.name, f"there is a branch {full.removeprefix(_HEADS)!r}")


def _head(repo: pygit2.Repository) -> str | None:
    head = repo.lookup_reference("HEAD")
    return str(head.target) if head.type == ReferenceType.SYMBOLIC else None


def _followed(repo: pygit2.Repository, ref: str) -> str:
    """Return the name that a symbolic reference ends at, the name itself where it is none."""
    for _ in range(5):  # as far as git follows
        try:
            found = repo.lookup_reference(ref)
        except KeyError:
            return ref
        except (pygit2.GitError, ValueError) as error:
            raise UsageError(f"{ref} cannot be read: {error}", "See `git fsck`.") from error
        if found.type != ReferenceType.SYMBOLIC:
            return ref
        ref = str(found.target)
    raise UsageError(f"{ref} is a symbolic reference that does not end", "See `git symbolic-ref`.")


def tip_of(repo: pygit2.Repository, ref: str) -> str | None:
    """Return the commit a branch is at, as the disk says now; None where there is no such branch."""
    try:
        return str(repo.lookup_reference(ref).target)
    except KeyError:
        return None
    except (pygit2.GitError, ValueError) as error:
        raise UsageError(f"{ref} cannot be read: {error}", "See `git fsck`.") from error


def _require_ours(repo: pygit2.Repository, ref: str) -> None:
    """Raise ConflictError where another work tree shows or rebases the branch, as git itself refuses to move it."""
    own = Path(repo.path).resolve()
    common = common_folder(own)
    linked = common / "worktrees"
    folders = [linked / name for name in sorted(path.name for path in linked.iterdir())] if linked.is_dir() else []
    if common != own and not _bare(repo):
        folders.append(common)
    name = ref.removeprefix(_HEADS)
    for folder in folders:
        if folder.resolve() != own and _says(folder / "HEAD", f"ref: {ref}"):
            said = f"the branch {name!r} is checked out in another work tree"
            raise ConflictError(said, "Choose another branch, or run there.")
    for folder in (*folders, own):
        if any(_says(folder / kind / "head-name", ref) for kind in ("rebase-merge", "rebase-apply")):
            said = f"the branch {name!r} is being rebased"
            raise ConflictError(said, "Finish it (git rebase --continue or --abort), or choose another branch.")


def _bare(repo: pygit2.Repository) -> bool:
    """Return whether the repository that work trees share is bare: its own HEAD then shows no branch."""
    try:
        return bool(repo.config.get_bool("core.bare"))
    except KeyError:
        return False


def _says(file: Path, line: str) -> bool:
    try:
        return file.read_text(errors="replace").strip() == line
    except (FileNotFoundError, NotADirectoryError):
        return False
