"""Branches by name, read only: where they stand, which one is checked out, what stands on what, what differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import pygit2
from pygit2.enums import ReferenceType

from agentos_action.errors import UsageError
from agentos_action.records.receipt import CommitFacts

HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a tree has at a path: git's mode, and the id of the content."""

    mode: int
    id: str


def tip_of(raw: pygit2.Repository, name: str) -> str | None:
    """Return the commit a local branch points at, None where there is no such branch; raises UsageError for no name."""
    try:
        return _commit(raw.lookup_reference(f"{HEADS}{name}"))
    except KeyError:
        return None
    except (pygit2.GitError, ValueError) as error:
        raise UsageError(f"{name!r} cannot be a branch name", "See `git help check-ref-format`.") from error


def checked_out(raw: pygit2.Repository) -> str | None:
    """Return the branch that HEAD names, also before its first commit; None where HEAD is detached."""
    head = raw.lookup_reference("HEAD")
    if head.type != ReferenceType.SYMBOLIC:
        return None
    return str(head.target).removeprefix(HEADS)


def followed(raw: pygit2.Repository, name: str) -> str:
    """Return the name of the branch that moves when this one does: another one where it is a symbolic reference."""
    try:
        return str(raw.lookup_reference(f"{HEADS}{name}").resolve().name).removeprefix(HEADS)
    except (KeyError, ValueError, pygit2.GitError):
        return name


def default_tip(raw: pygit2.Repository, name: str) -> str | None:
    """Return the commit of the forge's default branch as it was fetched, None where it is not in this clone."""
    for reference in (f"refs/remotes/origin/{name}", f"{HEADS}{name}"):
        try:
            return _commit(raw.lookup_reference(reference))
        except (KeyError, ValueError, pygit2.GitError):
            continue
    return None


def tracked(raw: pygit2.Repository, remote: str, name: str) -> bool:
    """Return whether a remote had a branch of this name when it was last fetched."""
    try:
        # Its HEAD only says which of its branches is the default one.
        return name != "HEAD" and f"refs/remotes/{remote}/{name}" in raw.references
    except (ValueError, pygit2.GitError):
        return False


def stands_on(raw: pygit2.Repository, tip: str, base: str) -> bool:
    """Return whether `base` is `tip` or one of its ancestors, as far as the history is here."""
    try:
        return tip == base or bool(raw.descendant_of(tip, base))
    except (pygit2.GitError, KeyError, ValueError):
        return False


def parting(raw: pygit2.Repository, one: str, other: str) -> str | None:
    """Return the commit where two histories parted, None where they have nothing in common."""
    base = cast("object | None", raw.merge_base(one, other))  # the stub knows of no None
    return str(base) if base is not None else None


def entries_changed(raw: pygit2.Repository, old: str, new: str) -> dict[str, Entry | None]:
    """Return what stands in `new` at each path where it differs from `old`, None where nothing does; reads no file."""
    found: dict[str, Entry | None] = {}
    # Without a search for renames each path stands for itself.
    for delta in raw.diff(old, new).deltas:
        file = delta.new_file
        found[file.path] = Entry(int(file.mode), str(file.id)) if delta.status_char() != "D" else None
    return found


def at_tip(raw: pygit2.Repository, commit: str) -> tuple[str, ...]:
    """Return the local branches that stand at a commit."""
    return tuple(name for name in raw.branches.local if tip_of(raw, name) == commit)


def history(raw: pygit2.Repository, tip: str, without: str | None) -> Iterator[tuple[str, CommitFacts]]:
    """Yield (id, facts) of every commit that `tip` stands on and `without` does not, the newest first."""
    walker = raw.walk(tip)
    if without is not None:
        walker.hide(without)
    for commit in walker:
        # Bytes, because a message may be in any encoding.
        message = commit.raw_message.decode("utf-8", "replace")
        yield str(commit.id), CommitFacts(message, str(commit.tree_id), tuple(map(str, commit.parent_ids)))


def _commit(reference: pygit2.Reference) -> str:
    return str(reference.peel(pygit2.Commit).id)
