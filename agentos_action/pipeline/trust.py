"""Whether a run may do what an event asks: who asked is looked up at the forge, and whether the text still stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentos_action.errors import DeliveryError
from agentos_action.pipeline.walk import Walk
from agentos_action.records.policy import Permission, TrustRules
from agentos_action.records.verdict import Finding
from agentos_action.tasks.event import Event
from agentos_action.tasks.trust import in_doubt, may_ask

if TYPE_CHECKING:
    from agentos_action.forge.github import GitHub
    from agentos_action.tasks.asked import Approved

_AGAIN = "Look at it as it is now; set the label again, or ask in a new comment."
#: Where an issue was moved to another repository, the forge answers with its new address.
_GONE = frozenset({"forge_not_found", "forge_gone", "forge_moved"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether those who act may ask: why not, and what evidence tells of each of them."""

    refused: tuple[Finding, ...] = ()
    asked_by: tuple[Mapping[str, object], ...] = ()


def standing_of(walk: Walk, rules: Iterable[TrustRules], event: Event | None, *, given: bool = False) -> Standing:
    """Hold everybody who acts against [trust]; the forge is asked for the permissions wherever it can be.

    `rules` are the policy's own and those that the task narrows them to, and whoever asks satisfies both: a list of
    names in a task would else stand in place of the permission that the policy asks for. `given` says that the task
    comes from the command line and not from the event: what the event does not prove then counts against nobody where
    the forge cannot be asked. The walk keeps who acts. Raises DeliveryError where the forge does not answer.
    """
    if event is None:
        return Standing()
    each = tuple(dict.fromkeys(rules))
    known = _permissions(walk, each, event)
    unproven = given and known is None
    refused = dict.fromkeys(
        found for trust in each for found in may_ask(trust, event, permissions=known, unproven=unproven)
    )
    rows: tuple[Mapping[str, object], ...] = tuple(
        {
            "login": actor.login,
            "bot": actor.bot,
            "association": actor.association,
            "permission": (known or {}).get(actor.login),
            "told_by": "forge" if actor.login in (known or {}) else "event",
        }
        for actor in event.actors
    )
    walk.acting = rows
    return Standing(tuple(refused), rows)


def _permissions(walk: Walk, rules: tuple[TrustRules, ...], event: Event) -> dict[str, Permission | None] | None:
    """Return what the forge says of those whom the event proves nothing of; None where it cannot be asked."""
    if not can_ask(walk) or walk.request.target == "worktree":
        # A hook commits nothing by itself, and works without a network.
        return None
    logins = dict.fromkeys(login for trust in rules for login in in_doubt(trust, event))
    if not logins:
        return {}
    with asking(walk) as forge:
        return {login: forge.permission(login) for login in logins}


def can_ask(walk: Walk) -> bool:
    """Return whether there is a forge to ask, and a token for it."""
    return bool(walk.request.forge.token and walk.request.forge.repository)


@contextmanager
def asking(walk: Walk) -> Iterator[GitHub]:
    """Open the repository at its forge; raises DeliveryError where there is no token for it."""
    from agentos_action.forge.github import connected  # noqa: PLC0415 - httpx, and only where the forge is asked

    walk.observer.stage("Asking the forge")
    with connected(walk.request.forge, walk.parts.clock) as forge:
        yield forge


def edited(walk: Walk, approved: Approved) -> tuple[Finding, ...]:
    """Return why the text is no longer the one that was approved; a warning where that cannot be found out.

    Raises DeliveryError where the forge does not answer.
    """
    if not can_ask(walk):
        said = f"whether issue {approved.issue} was changed after it was approved could not be found out"
        hint = "Give a token (GITHUB_TOKEN, or the input github-token)."
        walk.warn(Finding(id="trust.uncompared", severity="warning", message=said, hint=hint))
        return ()
    with asking(walk) as forge:
        try:
            what = _changed(forge, approved)
        except DeliveryError as error:
            if error.raw_error_code not in _GONE:
                raise
            return (_edited(f"issue {approved.issue}, or the comment in it, is gone since it was approved"),)
    return (_edited(f"{what} was changed after it was approved"),) if what else ()


def _changed(forge: GitHub, approved: Approved) -> str | None:
    """Return what is another text now."""
    if approved.comment is not None:
        comment = (forge.review_comment if approved.review else forge.comment)(approved.comment)
        if _lines(comment.body) != _lines(approved.comment_body):
            return f"the comment {approved.comment}"
    issue = forge.issue(approved.issue)
    if (issue.title, _lines(issue.body)) != (approved.title, _lines(approved.body)):
        return f"the text of issue {approved.issue}"
    return None


def _lines(text: str | None) -> str:
    """Return a text with one kind of line end; one that nobody wrote is empty."""
    return (text or "").replace("\r\n", "\n")


def _edited(message: str) -> Finding:
    return Finding(id="trust.edited", message=message, hint=_AGAIN)
