"""The event that set a workflow off (`GITHUB_EVENT_PATH`), as far as it says who acts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.errors import UsageError

#: GitHub cuts its payloads at 25 MB.
MAX_EVENT_BYTES = 32 * 1024 * 1024


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
    what is checked out may be a stranger's.
    """

    name: str
    action: str | None
    actors: tuple[Actor, ...]
    upstream_run: str | None = None
    target: str | None = None
    of_pull_request: bool = False
    default_branch: str | None = None


def read_event(name: str, file: Path) -> Event:
    """Read an event; raises UsageError where it cannot be read."""
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_EVENT_BYTES + 1)
        found = json.loads(content) if len(content) <= MAX_EVENT_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"the event {file} cannot be read: {error}", "GITHUB_EVENT_PATH names it.") from error
    if not isinstance(found, dict):
        raise UsageError(f"the event {file} is no JSON object", "GITHUB_EVENT_PATH names it.")
    action = found.get("action")
    run = _table(found, "workflow_run")
    target = _table(_table(found, "pull_request"), "base").get("sha")
    branch = _table(found, "repository").get("default_branch")
    # A comment on a pull request, a review of one, a run that one set off: its head may be what is checked out.
    about = "pull_request" in name or bool(_table(found, "issue").get("pull_request")) or name == "workflow_run"
    return Event(
        name,
        action if isinstance(action, str) else None,
        tuple(_actors(found, run)),
        str(run["id"]) if isinstance(run.get("id"), int) else None,
        target if isinstance(target, str) else None,
        about,
        branch if isinstance(branch, str) else None,
    )


def _actors(found: dict[str, Any], run: dict[str, Any]) -> list[Actor]:
    """Return the sender first, then whoever set the upstream run off."""
    told: dict[str, str] = {}
    for key in ("comment", "review", "issue", "pull_request"):
        item = _table(found, key)
        login, association = _table(item, "user").get("login"), item.get("author_association")
        if isinstance(login, str) and isinstance(association, str):
            told.setdefault(login, association)
    users = [found.get("sender"), run.get("actor"), run.get("triggering_actor")]
    actors = []
    for user in users:
        login = user.get("login") if isinstance(user, dict) else None
        if isinstance(user, dict) and isinstance(login, str):
            bot = user.get("type") == "Bot" or login.endswith("[bot]")
            actors.append(Actor(login, bot, told.get(login)))
    return list(dict.fromkeys(actors))


def _table(found: dict[str, Any], key: str) -> dict[str, Any]:
    inner = found.get(key)
    return inner if isinstance(inner, dict) else {}
