"""What the forge refuses, told with the setting to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentos_action.errors import DeliveryError, ErrorCategory
from agentos_action.records.trailer import one_line

_MAX_SAID = 300


@dataclass(frozen=True, slots=True)
class _Row:
    """Statuses and words (lower case, a pattern) of a refusal, its code, what it means, what to do."""

    statuses: frozenset[int]
    words: str
    code: str
    category: ErrorCategory
    said: str
    hint: str


def _row(statuses: str, words: str, code: str, category: ErrorCategory, said: str, hint: str) -> _Row:  # noqa: PLR0913, PLR0917 - a row of the table
    return _Row(frozenset(map(int, statuses.split())), words, code, category, said, hint)


_SCOPES = "`permissions: contents: write`, `pull-requests: write` and `issues: write`"

#: The first row that fits tells it; those that quote a branch, whose name may be any word, come first.
ROWS = (
    _row(
        "422",
        r"pull request already exists",
        "forge_exists",
        "config",
        "there is a pull request already",
        "Run again: it is found and updated.",
    ),
    _row(
        "422",
        r"no commits between",
        "forge_no_commits",
        "config",
        "the branch has nothing that its target lacks",
        "The change is there already; delete the branch.",
    ),
    _row(
        "403 422",
        r"not permitted to create or approve pull requests",
        "forge_actions_may_not_open",
        "config",
        "GitHub Actions may not open pull requests here",
        "Tick Settings > Actions > General > Workflow permissions > Allow GitHub Actions to create and approve pull"
        " requests (an organisation may have to allow it first), or give github-token an App's token.",
    ),
    _row(
        "403",
        r"resource not accessible by integration",
        "forge_permission",
        "auth",
        "the workflow's token has no permission for this",
        f"Give the job {_SCOPES}; on a pull request from a fork it may never write.",
    ),
    _row(
        "403",
        r"resource not accessible by personal access token|must have admin|write access",
        "forge_permission",
        "auth",
        "the token has no permission for this",
        "Give the token the repository permissions Contents, Pull requests and Issues: read and write.",
    ),
    _row(
        "403",
        r"\bsaml\b|\bsso\b",
        "forge_sso",
        "auth",
        "the organisation asks for single sign-on",
        "Authorise the token for the organisation's single sign-on.",
    ),
    _row(
        "403 451",
        r"ip allow list|allow list",
        "forge_allow_list",
        "config",
        "the organisation's list of allowed addresses lacks this runner",
        "Add the runner's address to the list, or use a runner that is on it.",
    ),
    _row(
        "403 410 422",
        r"\b(?:archived|read-only)\b",
        "forge_archived",
        "config",
        "the repository is archived",
        "An archived repository takes nothing; unarchive it in Settings.",
    ),
    _row(
        "403 410",
        r"\b(?:locked|disabled)\b",
        "forge_locked",
        "config",
        "issues are disabled here, or this one is locked",
        "Unlock it, enable Settings > General > Issues, or give `comment: false`.",
    ),
    _row(
        "422",
        r"draft pull requests are not supported",
        "forge_no_drafts",
        "config",
        "this repository takes no drafts",
        "Drafts in a private repository need a paid plan: leave --draft out.",
    ),
    _row(
        "422",
        r"spam|submitted too quickly|content creation",
        "forge_too_fast",
        "network",
        "the forge took it for spam or for too much at once",
        "Wait some minutes, then run the delivery again.",
    ),
    _row("429", r"", "forge_rate_limit", "network", "a rate limit is used up", "Wait, then run the delivery again."),
    _row(
        "401",
        r"",
        "forge_bad_token",
        "auth",
        "the forge refused the token",
        "It is wrong, expired or revoked: check github-token.",
    ),
    _row(
        "403",
        r"",
        "forge_permission",
        "auth",
        "the token has no permission for this",
        f"Give the job {_SCOPES}, or give a github-token that has them.",
    ),
    _row(
        "404",
        r"",
        "forge_not_found",
        "config",
        "there is no such thing for us",
        "Check GITHUB_REPOSITORY; what a token may not see is not found either.",
    ),
    _row(
        "301 302 307 308",
        r"",
        "forge_moved",
        "config",
        "the repository was renamed or moved",
        "Use its present name; a token follows no redirect.",
    ),
    _row("410", r"", "forge_gone", "config", "it was deleted", "Deliver to another issue, or without one."),
    _row(
        "422",
        r"",
        "forge_invalid",
        "config",
        "the forge finds the request invalid",
        "Its words say what; check target branch and labels.",
    ),
    _row(
        "500 502 503 504",
        r"",
        "forge_5xx",
        "network",
        "the forge failed",
        "Look at githubstatus.com, then run the delivery again.",
    ),
)


def refusal(status: int, words: str, what: str) -> DeliveryError:
    """Return the error for a refused request; `words` is what the forge said, `what` which request it was."""
    told = one_line(words)[:_MAX_SAID]
    quoted = f": {told}" if told else ""
    for row in ROWS:
        if status in row.statuses and re.search(row.words, told.lower()):
            message = f"{row.said} ({what} gave {status}{quoted})"
            return DeliveryError(message, row.hint, category=row.category, code=row.code)
    hint = "Its words say what; if they do not, look at githubstatus.com."
    category: ErrorCategory = "network" if status >= 500 else "config"  # noqa: PLR2004 - a server's own failures
    return DeliveryError(f"the forge refused {what} ({status}{quoted})", hint, category=category, code="forge_refused")
