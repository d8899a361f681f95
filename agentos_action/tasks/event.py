"""The event that set a workflow off (`GITHUB_EVENT_PATH`), as far as it says who acts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.tasks.payload import number, read_payload, table, text


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts: the login, whether it is a bot's, and what the event says of its standing (None: nothing)."""

    login: str
    bot: bool
    association: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What set the workflow off: its name and action, everybody who acts in it, the run it follows (`workflow_run`).

    `target` is the commit that a pull request goes to; `of_pull_request` says that the event is about one, so that
    what is checked out may be a stranger's; `unnamed` that it follows a run without saying who set that one off.
    """

    name: str
    action: str | None
    actors: tuple[Actor, ...]
    upstream_run: str | None = None
    target: str | None = None
    of_pull_request: bool = False
    default_branch: str | None = None
    unnamed: bool = False


def read_event(name: str, file: Path) -> Event:
    """Read an event; raises UsageError where it cannot be read."""
    return event_in(name, read_payload(file))


def event_in(name: str, payload: dict[str, Any]) -> Event:
    """Return what a payload says of the event; whatever it does not say is None."""
    run = table(payload, "workflow_run")
    # A comment on a pull request, a review of one, a run that one set off: its head may be what is checked out.
    about = "pull_request" in name or bool(table(payload, "issue").get("pull_request")) or name == "workflow_run"
    return Event(
        name,
        text(payload, "action"),
        tuple(_actors(payload, run)),
        str(upstream) if (upstream := number(run, "id")) is not None else None,
        text(table(payload, "pull_request", "base"), "sha"),
        about,
        text(table(payload, "repository"), "default_branch"),
        name == "workflow_run" and not text(table(run, "actor"), "login"),
    )


def _actors(payload: dict[str, Any], run: dict[str, Any]) -> list[Actor]:
    """Return the sender first, then whoever set the upstream run off."""
    told: dict[str, str] = {}
    for key in ("comment", "review", "issue", "pull_request"):
        item = table(payload, key)
        login, association = text(table(item, "user"), "login"), text(item, "author_association")
        if login is not None and association is not None:
            told.setdefault(login, association)
    actors = []
    for user in (table(payload, "sender"), table(run, "actor"), table(run, "triggering_actor")):
        login = (text(user, "login") or "").encode("utf-8", "replace").decode("utf-8")
        if login:
            bot = user.get("type") == "Bot" or login.endswith("[bot]")
            actors.append(Actor(login, bot, told.get(login)))
    return list(dict.fromkeys(actors))
