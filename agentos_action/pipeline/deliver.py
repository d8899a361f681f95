"""After the commit: its branch is pushed, its pull request opened or updated, whoever asked is answered."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING

from agentos_action.branches import checked_out
from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError, DeliveryError, Interrupted
from agentos_action.pipeline.made import Made, made_by
from agentos_action.pipeline.pull_request import (
    STARTS_NONE,
    find_pull,
    marker_of,
    named_target,
    open_or_update,
    target_of,
)
from agentos_action.pipeline.respond import react, respond
from agentos_action.pipeline.walk import Walk
from agentos_action.records.delivery import Delivered, takes_token

if TYPE_CHECKING:
    from agentos_action.executor.push import Pushed

PUSH_SECONDS = 300.0


def delivering(
    corridor: Callable[[Walk], None], made_in: Callable[[Walk], Made | None] = made_by
) -> Callable[[Walk], None]:
    """Return a corridor that ends with the delivery, and answers in the issue that asked, however it ended.

    `made_in` says which commit the corridor came to, None for none.
    """

    def both(walk: Walk) -> None:
        if walk.request.delivery.way == "none":
            corridor(walk)
            return
        try:
            corridor(walk)
            deliver(walk, made_in(walk))
        except Interrupted:
            # Whoever ends a run does not wait for an answer to somebody else.
            raise
        except AgentOSError as error:
            respond(walk, made_in(walk), error)
            raise
        respond(walk, made_in(walk), None)

    return both


def begin_delivery(walk: Walk, *, again: bool = False) -> None:
    """Raise before a model is asked what would stand in the way: no remote, no token, a pull request that was closed.

    Whoever asked is shown that work has begun. `again` says that an earlier run made the commit.
    """
    wish = walk.request.delivery
    if wish.way == "none" or not walk.commits:
        return
    from agentos_action.executor.push import address  # noqa: PLC0415 - only where something is pushed

    address(walk.repo.raw, wish.remote)
    if wish.way == "push":
        return
    from agentos_action.forge.github import connected  # noqa: PLC0415 - httpx, and only where there is a forge

    with connected(walk.request.forge, walk.parts.clock) as forge:
        branch = walk.branch or checked_out(walk.repo.raw)
        if branch is not None:
            there = find_pull(walk, forge, branch, marker_of(walk))
            target_of(walk, forge, there.head.ref if there else branch, again=again)
        react(walk, forge, "eyes")


def deliver(walk: Walk, made: Made | None) -> None:
    """Deliver the commit, if there is one; an error says that it was made."""
    wish = walk.request.delivery
    if made is None:
        return
    try:
        with walk.timed("deliver"):
            if wish.way == "pull-request":
                _propose(walk, made)
            else:
                pushed = _push(walk, made, made.branch)
                walk.message += f"; {'already at' if pushed.there else 'pushed to'} {wish.remote}"
                walk.message += "" if walk.delivered is None or walk.delivered.starts_ci else STARTS_NONE
    except AgentOSError as error:
        error.message = f"the commit {made.commit[:10]} was made on {made.branch!r} and not delivered: {error.message}"
        if isinstance(error, DeliveryError):
            error.hint = f"{error.hint} Then: {_once_more(walk, made)}".strip()
        raise
    except KeyboardInterrupt:
        said = f"ended by a signal; the commit {made.commit[:10]} was made on {made.branch!r}, its delivery was cut off"
        raise Interrupted(said, f"It may have arrived all the same. Make sure: {_once_more(walk, made)}") from None


def _once_more(walk: Walk, made: Made) -> str:
    """Return the command that delivers it as this run was asked to."""
    wish, repository = walk.request.delivery, walk.request.forge.repository
    words = ["agentos", "deliver", made.commit[:10], "--branch", made.branch]
    words += ["--remote", wish.remote] if wish.remote != "origin" else []
    # The folder of a workflow's step is gone by then.
    kept = walk.request.evidence if walk.request.workflow is None else None
    words += ["--evidence", str(kept)] if kept else []
    if wish.way == "push":
        return shlex.join([*words, "--delivery", "push"])
    base = named_target(walk, made.branch, again=made.again)
    words += ["--base", base] if base else []
    words += ["--repository", repository] if repository else []
    words += ["--draft"] if wish.draft else []
    words += [word for name in wish.labels for word in ("--label", name)]
    words += ["--issue", str(wish.issue)] if wish.issue is not None else []
    words += [] if wish.comment else ["--no-comment"]
    return shlex.join(words)


def _push(walk: Walk, made: Made, branch: str, *, replace_only: bool = False) -> Pushed:
    from agentos_action.executor.push import PushOrder, address, push  # noqa: PLC0415 - only where something is pushed

    wish = walk.request.delivery
    walk.observer.stage(f"Pushing to {branch}")
    order = PushOrder(
        remote=wish.remote,
        branch=branch,
        commit=made.commit,
        token=walk.request.forge.token,
        server_url=walk.request.forge.server_url,
        replace_only=replace_only,
    )
    pushed = push(walk.repo.place, order, Deadline(PUSH_SECONDS, walk.parts.clock))
    before = pushed.before if pushed.replaced else None
    done = "there" if pushed.there else "pushed"
    forge = walk.request.forge
    own = forge.own_token is True and takes_token(address(walk.repo.raw, wish.remote), forge.server_url)
    walk.delivered = Delivered(way=wish.way, done=done, branch=branch, replaced=before, starts_ci=not own)
    return pushed


def _propose(walk: Walk, made: Made) -> None:
    """Push the branch, then open its pull request, or update the one that the task has."""
    from agentos_action.forge.github import connected  # noqa: PLC0415 - httpx

    marker = marker_of(walk, made)
    with connected(walk.request.forge, walk.parts.clock) as forge:
        there = find_pull(walk, forge, made.branch, marker)
        branch = there.head.ref if there else made.branch
        target = target_of(walk, forge, branch, again=made.again)
        _push(walk, made, branch, replace_only=branch != made.branch)
        walk.observer.stage("Updating the pull request" if there else "Opening a pull request")
        open_or_update(walk, forge, made, there, (branch, target, marker))
