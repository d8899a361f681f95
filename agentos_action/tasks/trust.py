"""Who may ask: everybody who acts in the event, held against the policy's [trust]; the forge is not asked here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agentos_action.records.policy import PERMISSIONS, Permission, TrustRules
from agentos_action.records.verdict import Finding
from agentos_action.tasks.event import Actor, Event

#: Events that the forge itself lets nobody without write permission cause.
_WRITERS = frozenset({"workflow_dispatch", "repository_dispatch", "push", "schedule", "create", "delete", "release"})
#: Actions on an issue or a pull request that need the permission triage.
_TRIAGE = frozenset({"labeled", "unlabeled", "assigned", "unassigned", "milestoned", "demilestoned"})
_OTHER = "Start it by another event."
#: What an author's standing in the repository proves at least. A collaborator, and a member of the organisation, may
#: have been given less than write; the event does not say, so the standing counts as what it usually is.
_STANDING: dict[str, Permission] = {"OWNER": "admin", "MEMBER": "write", "COLLABORATOR": "write"}


def may_ask(
    trust: TrustRules,
    event: Event,
    *,
    permissions: Mapping[str, Permission | None] | None = None,
    unproven: bool = False,
) -> tuple[Finding, ...]:
    """Return why somebody in this event may not ask; none where all of them may.

    `permissions` is what the forge said of the logins that are `in_doubt` (None: none at all); where it has one, its
    word counts and not what the event says. `unproven` lets those pass whose standing neither tells (a label, say): it
    is for what commits nothing by itself, or was started by a workflow that asked before.
    """
    if event.name == "schedule":
        # Nobody asks; the default branch's own workflow does.
        return ()
    if not event.actors:
        if unproven or (event.name in _WRITERS and trust.users is None):
            return ()
        return (_finding("nobody", f"the event {event.name!r} names nobody who acts", _OTHER),)
    if event.unnamed and not unproven:
        # The sender alone may be one who ran again what a stranger set off.
        return (_finding("nobody", f"the event {event.name!r} names nobody who acts in the run before", _OTHER),)
    known = {login.casefold(): permission for login, permission in (permissions or {}).items()}
    return tuple(finding for actor in event.actors for finding in _one(trust, event, actor, known, unproven=unproven))


def in_doubt(trust: TrustRules, event: Event) -> tuple[str, ...]:
    """Return the logins of the people whose permission the forge has to be asked for, each once.

    That of a list of `users` says enough, and so does an event that only writers can cause, where no more is wanted.
    """
    enough = event.name in _WRITERS and PERMISSIONS.index(trust.permission) <= PERMISSIONS.index("write")
    if trust.users is not None or enough or event.name == "schedule":
        return ()
    people: dict[str, str] = {}
    for actor in event.actors:
        if not actor.bot:
            people.setdefault(actor.login.casefold(), actor.login)
    return tuple(people.values())


def _one(
    trust: TrustRules, event: Event, actor: Actor, known: dict[str, Permission | None], *, unproven: bool
) -> Iterator[Finding]:
    who, login = repr(actor.login), actor.login.casefold()
    if actor.bot:
        if login not in _folded(trust.bots):
            yield _finding("bot", f"{who} is a bot that the policy does not name", "Name it in [trust] bots.")
        return
    if trust.users is not None:
        if login not in _folded(trust.users):
            yield _finding("user", f"{who} is not one of those who may ask", "Name them in [trust] users.")
        return
    asked = login in known
    has = known[login] if asked else _permission(event, actor)
    if unproven and not asked and actor.association is None and event.name not in _WRITERS:
        return
    if has not in PERMISSIONS or PERMISSIONS.index(has) < PERMISSIONS.index(trust.permission):
        yield _finding(
            "permission",
            f"{_said(has, who, asked=asked)}, and the policy asks for {trust.permission!r}",
            "Name them in [trust] users, or ask for less with [trust] permission.",
        )


def _said(has: Permission | None, who: str, *, asked: bool) -> str:
    if asked:
        return f"{who} has the permission {has!r} here" if has else f"{who} has no permission here"
    return f"the event proves no more than {has!r} of {who}" if has else f"the event proves no permission of {who}"


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
