"""Whoever asked is answered: one comment on the issue, a reaction that says how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from agentos_action.errors import AgentOSError, DeliveryError
from agentos_action.pipeline.made import Made, judged, model_of, policy_of, trailer
from agentos_action.pipeline.walk import Walk
from agentos_action.records.run import SKIPPED
from agentos_action.records.verdict import Finding

if TYPE_CHECKING:
    from agentos_action.forge.github import GitHub, Reaction
    from agentos_action.report.delivered import Told

#: The finding of a reaction that was refused.
REACTION = "delivery.reaction"


def respond(walk: Walk, made: Made | None, error: AgentOSError | None) -> None:
    """Tell in the issue that asked how it ended; what goes wrong meanwhile is a warning, the run's end stays."""
    wish = walk.request.delivery
    if wish.way != "pull-request" or not walk.commits or not walk.request.forge.token or not _may_answer(walk):
        return
    if wish.issue is None and wish.asked_in is None:
        return
    from agentos_action.forge.github import COMMENT_MARKER, connected  # noqa: PLC0415 - httpx
    from agentos_action.report.delivered import answer  # noqa: PLC0415 - the same

    given, clean = walk.delivered, walk.folder.redactor.text
    unanswered = partly(walk, "the answer could not be delivered")
    with walk.timed("deliver"), unanswered, connected(walk.request.forge, walk.parts.clock) as forge:
        if wish.issue is not None and wish.comment:
            with partly(walk, "the comment could not be delivered"):
                number, starts = (given.pull_request, given.starts_ci) if given else (None, True)
                body = answer(told(walk, made, error), COMMENT_MARKER, pull_request=number, starts_ci=starts)
                forge.say(wish.issue, clean(body))
        if error is None and walk.status in {"committed", "no_change"}:
            react(walk, forge, "rocket", instead_of="confused")
        else:
            react(walk, forge, "confused")


def react(walk: Walk, forge: GitHub, reaction: Reaction, *, instead_of: Reaction | None = None) -> None:
    """Set a reaction under the comment that asked, or under the issue where no comment did.

    `instead_of` is one that an earlier run of ours may have left there, which is taken back.
    """
    from agentos_action.forge.github import under  # noqa: PLC0415 - httpx

    wish = walk.request.delivery
    to = under(wish.issue, wish.asked_in, review=wish.in_review)
    if to is None:
        return
    with partly(walk, "the reaction could not be set", REACTION):
        whose = forge.react(to, reaction)
        if instead_of is not None:
            with partly(walk, "an earlier reaction could not be taken back", REACTION):
                forge.take_back(to, instead_of, whose)


def _may_answer(walk: Walk) -> bool:
    """Return whether whoever asked might ask: a stranger is given no voice of ours.

    Where only the text was changed since, who approved it is told.
    """
    errors = walk.verdict.result.errors if walk.verdict else ()
    ids = {finding.id for finding in (*walk.refused, *errors)} - {"trust.edited"}
    strange = any(one.startswith("trust.") for one in ids)
    skipped = walk.status == "no_change" and walk.message.startswith(SKIPPED)
    return walk.policy is not None and not strange and not skipped


@contextmanager
def partly(walk: Walk, what: str, finding_id: str = "delivery.partly") -> Iterator[None]:
    """Make a refusal within this block a warning: it is no reason to call the delivery a failure."""
    try:
        yield
    except DeliveryError as error:
        finding = Finding(id=finding_id, severity="warning", message=f"{what}: {error.message}", hint=error.hint)
        # The reaction at the begin and the one at the end may be refused alike.
        if finding not in walk.warnings:
            walk.warn(finding)


def told(walk: Walk, made: Made | None, error: AgentOSError | None) -> Told:
    """Gather what is told of the run, without secrets.

    A refused reaction is not: who reads it at the forge is not concerned.
    """
    from agentos_action.report.delivered import Told as New  # noqa: PLC0415 - only where it is told

    clean = walk.folder.redactor.text
    task, wish = walk.task, walk.request.delivery
    findings = tuple(
        replace(one, path=clean(one.path) if one.path else None, message=clean(one.message), hint=clean(one.hint))
        for one in (*(made.findings if made else judged(walk)), *walk.warnings)
        if one.id != REACTION
    )
    files = made.files if made else walk.verdict.result.files if walk.verdict else ()
    status = "delivered" if made and made.again else walk.status
    return New(
        status=error.status if error else status,
        message=clean(error.message if error else walk.message),
        hint=clean(error.hint) if error else "",
        task=clean(task.words) if task else "",
        files=tuple(map(clean, files)),
        findings=findings,
        checks=made.checks if made else walk.checks,
        model=clean(made.model if made else model_of(walk)),
        policy=made.policy if made else policy_of(walk),
        run_id=made.run_id if made else walk.run_id,
        run_url=wish.run_url,
        issue=wish.issue,
        evidence=trailer(made.trailers, "AgentOS-Evidence") if made else "",
        trailers=tuple(map(clean, made.trailers)) if made else (),
    )
