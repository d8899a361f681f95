"""The issue, or pull request, that an event is about, and the comment in it that asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.errors import UsageError
from agentos_action.tasks.payload import number, read_payload, table


@dataclass(frozen=True, slots=True)
class Thread:
    """Where an answer belongs: the number of an issue or pull request, the id of a comment in it.

    `review` says that the comment stands at a line of a pull request.
    """

    issue: int | None = None
    comment: int | None = None
    review: bool = False


def thread_of(name: str, file: Path | None) -> Thread:
    """Return where an event is answered; nowhere, where it does not say (that it cannot be read is told elsewhere)."""
    if file is None:
        return Thread()
    try:
        found = read_payload(file)
    except UsageError:
        return Thread()
    comment, review = number(table(found, "comment"), "id"), name == "pull_request_review_comment"
    return Thread(issue_in(found), comment, review) if review or name == "issue_comment" else Thread(issue_in(found))


def issue_in(payload: dict[str, Any]) -> int | None:
    """Return the issue or pull request that an event is about, None where it is about neither."""
    numbers = (number(table(payload, key), "number") for key in ("issue", "pull_request"))
    return next((known for known in numbers if known is not None), None)
