"""After the commit: its branch is pushed, its pull request opened or updated, whoever asked is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from agentos_action.branches import checked_out, tracked
from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError, ConflictError, DeliveryError, UsageError
from agentos_action.pipeline.walk import Walk
from agentos_action.records.delivery import Delivered
from agentos_action.records.receipt import Receipt
from agentos_action.records.trailer import trailer_value
from agentos_action.records.verdict import Finding
from agentos_action.verifier.globs import allows

if TYPE_CHECKING:
    from agentos_action.executor.push import Pushed
    from agentos_action.forge.github import GitHub, PullRequest, Reaction
    from agentos_action.report.delivered import Told

PUSH_SECONDS = 300.0


def delivering(corridor: Callable[[Walk], None]) -> Callable[[Walk], None]:
    """Return a corridor that ends with the delivery, and answers in the issue that asked, however it ended."""

    def both(walk: Walk) -> None:
        if walk.request.delivery.way == "none":
            corridor(walk)
            return
        try:
            corridor(walk)
            deliver(walk)
        except AgentOSError as error:
            _answer(walk, error)
            raise
        _answer(walk, None)

    return both


def begin_delivery(walk: Walk) -> None:
    """Raise before a model is asked what would stand in the way: no remote, no token, a pull request that was closed.

    Whoever asked is shown that work has begun.
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
            _there(walk, forge, branch)
        with _partly(walk, "reaction"):
            _react(walk, forge, "eyes")


def deliver(walk: Walk) -> None:
    """Deliver the commit, if one was made; an error says that it was."""
    receipt, wish = walk.receipt, walk.request.delivery
    if receipt is None:
        return
    try:
        with walk.timed("deliver"):
            if wish.way == "pull-request":
                _propose(walk, receipt)
            else:
                pushed = _push(walk, receipt, receipt.branch)
                walk.message += f"; {'already at' if pushed.there else 'pushed to'} {wish.remote}"
    except AgentOSError as error:
        made = f"the commit {receipt.commit[:10]} was made on {receipt.branch!r}"
        error.message = f"{made} and not delivered: {error.message}"
        raise


def _push(walk: Walk, receipt: Receipt, branch: str, *, replace_only: bool = False) -> Pushed:
    from agentos_action.executor.push import PushOrder, push  # noqa: PLC0415 - only where something is pushed

    wish = walk.request.delivery
    walk.observer.stage(f"Pushing to {branch}")
    order = PushOrder(
        remote=wish.remote,
        branch=branch,
        commit=receipt.commit,
        token=walk.request.forge.token,
        server_url=walk.request.forge.server_url,
        replace_only=replace_only,
    )
    pushed = push(walk.repo.place, order, Deadline(PUSH_SECONDS, walk.parts.clock))
    before = pushed.before if pushed.replaced else None
    done = "there" if pushed.there else "pushed"
    walk.delivered = Delivered(way=wish.way, done=done, branch=branch, replaced=before)
    return pushed


def _propose(walk: Walk, receipt: Receipt) -> None:
    """Push the branch, then open its pull request, or update the one that the task has."""
    from agentos_action.forge.github import connected  # noqa: PLC0415 - httpx

    wish, marker = walk.request.delivery, _marker(walk)
    with connected(walk.request.forge, walk.parts.clock) as forge:
        there = _there(walk, forge, receipt.branch)
        branch = there.head.ref if there else receipt.branch
        target = _target(walk, forge, branch)
        _push(walk, receipt, branch, replace_only=branch != receipt.branch)
        walk.observer.stage("Updating the pull request" if there else "Opening a pull request")
        pull, done, drafted = _opened(walk, forge, (branch, target, marker), there)
        _keep(walk, pull, done, drafted=drafted)
        if wish.labels:
            with _partly(walk, "labels"):
                forge.label(pull.number, wish.labels)


def _marker(walk: Walk) -> str:
    from agentos_action.forge.github import task_marker  # noqa: PLC0415 - httpx

    return task_marker(walk.task.task_id if walk.task else walk.run_id)


def _there(walk: Walk, forge: GitHub, branch: str) -> PullRequest | None:
    """Return the open pull request to update; raises ConflictError where a person closed the last one."""
    from agentos_action.forge.github import marked  # noqa: PLC0415 - httpx

    marker, of_branch = _marker(walk), forge.of_branch(branch)
    for pull in of_branch:
        if pull.state == "open":
            return pull
    last = next((pull for pull in of_branch if marked(pull.body, marker)), None)
    if last is not None and last.merged_at is None:
        who = forge.closed_by(last.number)
        if who is None or who.type != "Bot":
            said = f"{who.login!r} closed" if who else "somebody closed"
            hint = "Nothing was pushed, and it stays closed. Reopen it yourself, or give another --branch."
            raise ConflictError(f"{said} the pull request {last.number} of this task", hint)
    other = forge.of_task(marker)
    if other is not None:
        _require_allowed(walk, other)
    return other


def _require_allowed(walk: Walk, pull: PullRequest) -> None:
    """Raise UsageError where the policy allows no commit on the branch of a pull request that was found by its task."""
    patterns = walk.policy.policy.commit.branches if walk.policy else ()
    narrowed = walk.task.narrow.commit.branches if walk.task and walk.task.narrow else ()
    for allowed in (patterns, narrowed):
        if allowed and not allows(allowed, pull.head.ref):
            said = f"the task has the pull request {pull.number} from {pull.head.ref!r}, where no commit is allowed"
            raise UsageError(said, "Close that pull request, or allow its branch (commit.branches).")


def _target(walk: Walk, forge: GitHub, branch: str) -> str:
    """Return the branch that the pull request goes to: --base where it names one, the checked-out one, the default."""
    wish, raw = walk.request.delivery, walk.repo.raw
    named = (walk.request.base or "").removeprefix(f"{wish.remote}/")
    for name in (named, checked_out(raw) or ""):
        if name and name != branch and tracked(raw, wish.remote, name):
            return name
    target = forge.default_branch()
    if target == branch:
        hint = "Give --branch with a branch of its own, or --delivery push."
        raise UsageError(f"a pull request cannot go from {branch!r} to itself", hint)
    return target


def _opened(
    walk: Walk, forge: GitHub, way: tuple[str, str, str], there: PullRequest | None
) -> tuple[PullRequest, str, bool]:
    """Open or update; returns the pull request, what was done, and whether it was wanted as a draft."""
    from agentos_action.forge.github import marked  # noqa: PLC0415 - httpx
    from agentos_action.report.delivered import proposal  # noqa: PLC0415 - the same

    branch, target, marker = way
    wish, clean = walk.request.delivery, walk.folder.redactor.text
    title = clean(_message_of(walk).partition("\n")[0])
    body = clean(proposal(_told(walk, None), marker))
    if there is not None and not marked(there.body, marker):
        # A person opened it from our branch, or it is another task's: its words are not ours to change.
        return there, "untouched", there.draft
    if there is not None:
        return forge.update_pull(there.number, title, body), "updated", there.draft
    draft = wish.draft or not walk.checks or any(check.status != "passed" for check in walk.checks)
    try:
        return forge.open_pull(branch, target, title, body, draft=draft), "opened", draft
    except DeliveryError as error:
        if error.raw_error_code != "forge_no_drafts" or wish.draft:
            raise
    # Nobody asked for a draft; where the forge has none, the missing checks are told in the body alone.
    return forge.open_pull(branch, target, title, body, draft=False), "opened", False


def _keep(walk: Walk, pull: PullRequest, done: str, *, drafted: bool) -> None:
    """Keep what was delivered for the report, and say it."""
    from agentos_action.forge.github import OWN_LOGIN  # noqa: PLC0415 - httpx

    starts = pull.user is None or pull.user.login != OWN_LOGIN
    fields = walk.delivered.model_dump() if walk.delivered else {}
    told = {"done": done, "pull_request": pull.number, "draft": drafted, "starts_ci": starts}
    walk.delivered = Delivered.model_validate({**fields, **told})
    walk.pull_request_url = walk.folder.redactor.text(pull.html_url)
    words = {"opened": "opened", "updated": "updated", "untouched": "has the commit; its text is not ours"}[done]
    walk.message += f"; pull request {pull.number} {words}: {walk.pull_request_url}"
    if not starts:
        walk.message += " (by the workflow's own token, so no workflow starts for it)"


def _answer(walk: Walk, error: AgentOSError | None) -> None:
    """Tell in the issue that asked how it ended; what goes wrong meanwhile is a warning, the run's end stays."""
    wish = walk.request.delivery
    if wish.way != "pull-request" or not walk.commits or not walk.request.forge.token or not _may_answer(walk):
        return
    if (wish.issue is None or not wish.comment) and wish.asked_in is None:
        return
    from agentos_action.forge.github import COMMENT_MARKER, connected  # noqa: PLC0415 - httpx
    from agentos_action.report.delivered import answer  # noqa: PLC0415 - the same

    given, clean = walk.delivered, walk.folder.redactor.text
    with walk.timed("deliver"), _partly(walk, "comment"), connected(walk.request.forge, walk.parts.clock) as forge:
        if wish.issue is not None and wish.comment:
            number, starts = (given.pull_request, given.starts_ci) if given else (None, True)
            body = answer(_told(walk, error), COMMENT_MARKER, pull_request=number, starts_ci=starts)
            forge.say(wish.issue, clean(body))
        with _partly(walk, "reaction"):
            done = error is None and walk.status in {"committed", "no_change"}
            _react(walk, forge, "rocket" if done else "confused")


def _react(walk: Walk, forge: GitHub, reaction: Reaction) -> None:
    comment = walk.request.delivery.asked_in
    if comment is not None:
        forge.react(comment, reaction)


def _may_answer(walk: Walk) -> bool:
    """Return whether whoever asked might ask: a stranger is given no voice of ours."""
    errors = walk.verdict.result.errors if walk.verdict else ()
    strange = any(finding.id.startswith("trust.") for finding in (*walk.refused, *errors))
    return walk.policy is not None and not strange


@contextmanager
def _partly(walk: Walk, what: str) -> Iterator[None]:
    """Make a refusal within this block a warning: it is no reason to call the delivery a failure."""
    try:
        yield
    except DeliveryError as error:
        message = f"the {what} could not be delivered: {error.message}"
        walk.warn(Finding(id="delivery.partly", severity="warning", message=message, hint=error.hint))


def _message_of(walk: Walk) -> str:
    facts = walk.repo.commit_facts(walk.receipt.commit) if walk.receipt else None
    return facts.message if facts else ""


def _told(walk: Walk, error: AgentOSError | None) -> Told:
    """Gather what is told of the run, without secrets."""
    from agentos_action.report.delivered import Told as New  # noqa: PLC0415 - only where it is told

    clean = walk.folder.redactor.text
    task, result, verdict, wish = walk.task, walk.result, walk.verdict, walk.request.delivery
    found = (*verdict.result.errors, *walk.refused, *verdict.result.warnings) if verdict else walk.refused
    findings = tuple(
        replace(one, path=clean(one.path) if one.path else None, message=clean(one.message), hint=clean(one.hint))
        for one in (*found, *walk.warnings)
    )
    trailers = tuple(_message_of(walk).rstrip().rpartition("\n\n")[2].splitlines())
    digest = next((line.partition(": ")[2] for line in trailers if line.startswith("AgentOS-Evidence: ")), "")
    recipe = f"Recipe {task.recipe}. " if task and task.recipe else ""
    return New(
        status=error.status if error else walk.status,
        message=clean(error.message if error else walk.message),
        hint=clean(error.hint) if error else "",
        task=clean(recipe + (task.instruction if task else "")),
        files=tuple(map(clean, verdict.result.files)) if verdict else (),
        findings=findings,
        checks=walk.checks,
        model=clean(trailer_value(f"{result.provider}/{result.model_id or 'unknown'}")) if result else "",
        policy=f"{walk.policy.source} sha256:{walk.policy.sha256}" if walk.policy else "",
        run_id=walk.run_id,
        run_url=wish.run_url,
        issue=wish.issue,
        evidence=digest,
        trailers=tuple(map(clean, trailers)),
    )
