"""Events that we ourselves caused: nothing is done about them, or a run would set off the next one without end."""

from __future__ import annotations

import re
from typing import Any

from agentos_action.tasks.payload import table, text

#: The bot as which a workflow's own token acts.
OWN_BOT = "github-actions[bot]"
#: What every comment and every pull request of ours begins with.
MARK = "<!-- agentos-action:"
#: Events that a workflow's own token causes on purpose, or that nobody causes.
_ON_PURPOSE = frozenset({"workflow_dispatch", "repository_dispatch", "schedule"})
_TRAILER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*: \S")
_RUN = "agentos-run:"


def own_event(name: str, payload: dict[str, Any]) -> str | None:
    """Return why an event is our own doing; None where somebody else caused it."""
    sender = text(table(payload, "sender"), "login") or ""
    before = text(table(payload, "workflow_run"), "event") if name == "workflow_run" else name
    if sender.casefold() == OWN_BOT and before not in _ON_PURPOSE:
        return f"{OWN_BOT} caused it, which is the workflow's own token"
    if name.startswith("pull_request") and not name.startswith("pull_request_review"):
        if _marked(table(payload, "pull_request")):
            return "the pull request is one of ours"
    # A person may well ask below a pull request of ours, so of these only what was just written counts.
    elif _marked(table(payload, "comment")) or _marked(table(payload, "review")):
        return "the comment is one of ours"
    if name == "push" and _of_a_run(text(table(payload, "head_commit"), "message") or ""):
        return "the last commit of the push is one of ours (its message has the trailer AgentOS-Run)"
    return None


def _marked(item: dict[str, Any]) -> bool:
    return (text(item, "body") or "").lstrip().startswith(MARK)


def _of_a_run(message: str) -> bool:
    """Whether one of the paragraphs of trailers that end a message names a run of ours (a forge may add its own)."""
    for paragraph in reversed(re.split(r"\n[ \t]*\n", message.replace("\r\n", "\n").strip())):
        lines = paragraph.strip().split("\n")
        if not all(_TRAILER.match(line) for line in lines):
            return False
        if any(line.casefold().startswith(_RUN) for line in lines):
            return True
    return False
