"""The last stage: an accepted diff becomes a commit, a changed work tree, or, for a proposal, nothing."""

from __future__ import annotations

import shlex

from agentos_action.branches import checked_out, followed
from agentos_action.errors import UsageError
from agentos_action.executor.message import subject
from agentos_action.executor.worktree import write_only
from agentos_action.interrupts import deferred
from agentos_action.pipeline.prepare import Prepared
from agentos_action.pipeline.walk import Walk
from agentos_action.records.policy import CommitRules
from agentos_action.records.receipt import CommitOrder
from agentos_action.records.task import ToolTask
from agentos_action.settings.policy import LoadedPolicy
from agentos_action.verifier.globs import allows

BODY = "Proposed by a model, judged under the policy, applied by AgentOS Action."


def check_branch(walk: Walk, rules: CommitRules, task: ToolTask) -> None:
    """Raise UsageError where policy or task allow no commit on the branch that is meant."""
    raw = walk.repo.raw
    name = followed(raw, walk.branch) if walk.branch is not None else checked_out(raw)
    if name is None or walk.request.target == "worktree":
        return
    told = {"the policy": rules.branches, "the task": task.narrow.commit.branches if task.narrow else ()}
    for whose, patterns in told.items():
        if patterns and not allows(patterns, name):
            hint = f"Give --branch with a name that matches {' or '.join(patterns)}."
            raise UsageError(f"{whose} allows no commit on the branch {name!r} (commit.branches)", hint)


def check_target(walk: Walk, prepared: Prepared) -> None:
    """Raise what stands in the way of the commit before a model is asked: the branch, edits of files, half a name."""
    if not walk.commits:
        return
    planned = [file.path for file, _ in walk.plan.work] if walk.plan else []
    executor = walk.parts.open_executor(walk.repo.place)
    rules = prepared.policy.policy.commit
    people = CommitOrder("", "", (), author=rules.author, committer=rules.committer, identity=walk.request.identity)
    paths = (*prepared.task.files, *planned)
    executor.check_target(walk.branch, paths, prepared.base.id, sign=rules.sign, people=people)


def execute(walk: Walk, prepared: Prepared) -> None:
    """Hand the accepted diff to the executor, or to nobody where only a proposal is wanted; signals wait meanwhile."""
    if walk.status != "bug" or walk.verdict is None or walk.verdict.accepted is None:
        # Refused, or nothing to change: the run has its status already.
        return
    accepted = walk.verdict.accepted
    with walk.timed("execute"):
        if walk.request.target == "worktree" and not walk.request.dry_run:
            with deferred():
                walk.written = write_only(walk.repo.require_workdir(), accepted.changes)
            walk.status, walk.message = "applied", f"left in the work tree: {', '.join(walk.written)}"
        elif not walk.commits:
            walk.status, walk.message = "dry_run", _proposed(walk)
        else:
            commit(walk, commit_order(walk, prepared.policy, _subject(walk, prepared)))


def _proposed(walk: Walk) -> str:
    if walk.request.half == "propose":
        if not walk.folder.replayable:
            return "accepted, but `agentos commit` cannot take it: its evidence does not hold the answer as it was"
        where = f" --branch {shlex.quote(walk.branch)}" if walk.branch else ""
        return f"accepted; commit it: agentos commit {shlex.quote(str(walk.folder.path))}{where}"
    return "accepted, not committed"


def commit(walk: Walk, order: CommitOrder) -> None:
    """Commit the accepted diff and tape it."""
    if walk.verdict is None or walk.verdict.accepted is None:
        return
    executor = walk.parts.open_executor(walk.repo.place)
    with deferred():
        receipt = executor.commit(walk.verdict.accepted, order)
        walk.receipt = receipt
        walk.event(
            "git_commit",
            commit=receipt.commit,
            tree=receipt.tree,
            branch=receipt.branch,
            worktree_follows=receipt.worktree_follows,
        )
    for warning in receipt.warnings:
        walk.warn(warning)
    walk.status = "committed"
    walk.message = f"on {receipt.branch}"


def commit_order(walk: Walk, policy: LoadedPolicy, words: str) -> CommitOrder:
    """Return what is to be committed where and as whom; the message's words are cleaned as it is written."""
    rules, result = policy.policy.commit, walk.result
    model = walk.folder.redactor.text((result.model_id if result else None) or "unknown")
    trailers = (
        ("AgentOS-Run", walk.run_id),
        ("AgentOS-Model", f"{result.provider if result else 'unknown'}/{model}"),
        ("AgentOS-Policy", f"sha256:{policy.sha256}"),
        ("AgentOS-Diff", f"sha256:{walk.patch.sha256 if walk.patch else ''}"),
        ("AgentOS-Evidence", f"sha256:{walk.tape.last_hash}"),
    )
    return CommitOrder(
        words,
        BODY,
        trailers,
        walk.branch,
        author=rules.author,
        committer=rules.committer,
        sign=rules.sign,
        identity=walk.request.identity,
    )


def _subject(walk: Walk, prepared: Prepared) -> str:
    placed = len(walk.asked.placed) if walk.asked else 0
    if prepared.task.recipe is not None and placed:
        files = len(walk.patch.changes) if walk.patch else 0
        return f"Fill {placed} place{'s' * (placed != 1)} in {files} file{'s' * (files != 1)} ({prepared.task.recipe})"
    return subject(walk.folder.redactor.text(prepared.task.instruction), prepared.task.task_id)
