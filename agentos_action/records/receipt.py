"""What the executor did, and what it is told to write beside the diff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agentos_action.records.policy import Signing
from agentos_action.records.verdict import Finding


@dataclass(frozen=True, slots=True)
class CommitOrder:
    """Where and as what an accepted diff is committed; `branch` None means the checked-out one.

    `author` and `committer` are `Name <address>`, None for git's own, which `identity` (variables such as
    GIT_AUTHOR_NAME) and git's configuration tell; `sign` as `CommitRules.sign`.
    """

    subject: str
    body: str
    trailers: tuple[tuple[str, str], ...]
    branch: str | None = None
    author: str | None = None
    committer: str | None = None
    sign: Signing = "git"
    identity: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The commit that was made, its tree, the branch that moved, what was worth a warning."""

    commit: str
    tree: str
    branch: str
    worktree_follows: bool
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What a commit says of itself: its message, its tree, its parents (ids in hex)."""

    message: str
    tree: str
    parents: tuple[str, ...]
