"""Which commits are ours: made by a run, by the one that we commit as, and amended by nobody since."""

from __future__ import annotations

import pygit2

from agentos_action.errors import UsageError
from agentos_action.executor.identity import identities
from agentos_action.records.receipt import CommitOrder

TRAILER = "AgentOS-Run: "


def is_ours(commit: pygit2.Commit, whose: pygit2.Signature) -> bool:
    """Return whether a commit is one that we made as who we are now.

    A person who amends ours becomes its committer; where we commit as that very person, the two dates tell.
    """
    lines = commit.raw_message.decode("utf-8", "replace").rstrip().rpartition("\n\n")[2].splitlines()
    same = (commit.committer.name, commit.committer.email) == (whose.name, whose.email)
    same = same and commit.author.time == commit.committer.time
    return same and _parents(commit) == 1 and any(line.startswith(TRAILER) for line in lines)


def _parents(commit: pygit2.Commit) -> int:
    """Return how many parents a commit names; libgit2 shows none of the one that a shallow clone ends with."""
    return commit.read_raw().partition(b"\n\n")[0].count(b"\nparent ")


def is_cut_off(repo: pygit2.Repository, commit: str) -> bool:
    """Return whether a shallow clone ends with a commit, so that its parent is not here."""
    found = repo[commit].peel(pygit2.Commit)
    return repo.is_shallow and len(found.parent_ids) < _parents(found)


def require_ours(repo: pygit2.Repository, commit: str, order: CommitOrder) -> None:
    """Raise UsageError unless a commit is one that we, as the order has us commit, would have made."""
    whose = identities(repo.config, order, order.identity).committer
    found = repo[commit].peel(pygit2.Commit)
    if not is_ours(found, whose):
        said = f"the commit {commit[:10]} is not one of ours: one parent, an AgentOS-Run trailer, not amended, by"
        hint = "Only what `agentos run` or `agentos commit` made is delivered; push anything else with git."
        raise UsageError(f"{said} {whose.name} <{whose.email}>", hint)
