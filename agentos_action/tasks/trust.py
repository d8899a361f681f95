"""Who may ask: everybody who acts in the event, held against the policy's [trust]; the forge is not asked here."""

from __future__ import annotations

from collections.abc import Iterator

from agentos_action.records.policy import PERMISSIONS, Permission, TrustRules
from agentos_action.records.verdict import Finding
from agentos_action.tasks.event import Actor, Event

#: Events that the forge itself lets nobody without write permission cause.
_WRITERS = frozenset({"workflow_dispatch", "repository_dispatch", "push", "schedule", "create", "delete", "release"})
#: Actions on an issue or a pull request that need the permission triage.
_TRIAGE = frozenset({"labeled", "unlabeled", "assigned", "unassigned", "milestoned", "demilestoned"})
#: What an author's standing in the repository proves at least. A collaborator, and a member of the organisation, may
#: have been given less than write; the event does not say, so the standing counts as what it usually is.
_STANDING: dict[str, Permission] = {"OWNER": "admin", "MEMBER": "write", "COLLABORATOR": "write"}


def may_ask(trust: TrustRules, event: Event, *, unproven: bool = False) -> tuple[Finding, ...]:
    """Return why somebody in this event may not ask; none where all of them may.

    `unproven` lets those pass whose standing the event does not tell (a label, say): it is for what commits nothing
    by itself, or was started by a workflow that asked before.
    """
    if event.name == "schedule":
        # Nobody asks; the default branch's own workflow does.
        return ()
    if not event.actors:
        if unproven or (event.name in _WRITERS and trust.users is None):
            return ()
        return (_finding("nobody", f"the event {event.name!r} names nobody who acts", "Start it by another event."),)
    return tuple(finding for actor in event.actors for finding in _one(trust, event, actor, unproven=unproven))


def _one(trust: TrustRules, event: Event, actor: Actor, *, unproven: bool) -> Iterator[Finding]:
    who = repr(actor.login)
    if actor.bot:
        if actor.login.casefold() not in _folded(trust.bots):
            yield _finding("bot", f"{who} is a bot that the policy does not name", "Name it in [trust] bots.")
        return
    if trust.users is not None:
        if actor.login.casefold() not in _folded(trust.users):
            yield _finding("user", f"{who} is not one of those who may ask", "Name them in [trust] users.")
        return
    proven = _permission(event, actor)
    if unproven and actor.association is None and event.name not in _WRITERS:
        return
    if proven is None or PERMISSIONS.index(proven) < PERMISSIONS.index(trust.permission):
        said = f"proves no more than {proven!r}" if proven else "proves no permission"
        yield _finding(
            "permission",
            f"the event {said} of {who}, and the policy asks for {trust.permission!r}",
            "Name them in [trust] users, or ask for less with [trust] permission.",
        )


def _permission(event: Event, actor: Actor) -> Permission | None:
    if event.name in _WRITERS:
        return "write"
    if event.name == "workflow_run" and actor.association is None:
        return None
    standing = _STANDING.get(actor.association or "")
    if actor.association is None and event.action in _TRIAGE:
        # An author's own label is the template's: whoever opens an issue sets those.
        return "triage"
    return standing


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in names}


def _finding(code: str, message: str, hint: str) -> Finding:
    return Finding(id=f"trust.{code}", message=message, hint=hint)
