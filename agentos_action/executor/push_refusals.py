"""Why a push did not come about: what the remote says, told with the setting to change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agentos_action.errors import ConflictError, DeliveryError, ErrorCategory
from agentos_action.records.trailer import one_line

#: The code of a failure that may pass by itself.
FAILED: Final = "push_5xx"
_MAX_SAID = 300


@dataclass(frozen=True, slots=True)
class _Row:
    """Words of a refusal (lower case, a pattern), its code and category, what it means, what to do."""

    words: str
    code: str
    category: ErrorCategory
    said: str
    hint: str


_WRITE = "Give the job `permissions: contents: write`, or a github-token that may write contents."
_ROWS = (
    _Row(
        r"without .?workflows?.? (?:permission|scope)",
        "push_workflows",
        "config",
        "the token may not change workflow files",
        "The workflow's own token never may: use an App token with the permission workflows, or forbid `.github/**`.",
    ),
    _Row(
        r"exists; cannot create|directory file conflict|collides with existing",
        "push_name_taken",
        "config",
        "beside another branch that is there it can have no such name",
        "`a` and `a/b` cannot both be branches: give another --branch, or delete the other one.",
    ),
    _Row(
        r"protected|gh006|gh013|rule violations|cannot force-push|denying non-fast-?forward",
        "push_protected",
        "config",
        "the branch is protected",
        "Deliver to another branch (--branch, and a pull request), or let this App or user pass the rule.",
    ),
    _Row(
        r"hook declined|declined",
        "push_declined",
        "config",
        "a hook of the remote declined it",
        "Its words say why; deliver to another branch, or ask who keeps the remote.",
    ),
    _Row(
        r"\b403\b|permission|denied|forbidden|read.only",
        "push_forbidden",
        "auth",
        "the token may not push here",
        f"{_WRITE} On a pull request from a fork the workflow's token may only read.",
    ),
    _Row(
        r"\b404\b|not found|no such|could not find|failed to resolve path",
        "push_not_found",
        "config",
        "there is no such repository for us",
        "Check the remote's address; a token that may not read a private repository finds nothing there either.",
    ),
    _Row(
        r"\b30[1278]\b|redirect",
        "push_redirect",
        "config",
        "the remote sends us elsewhere, and a token follows nobody",
        "The repository was renamed or moved: put its present address into the remote (git remote set-url).",
    ),
    _Row(
        r"status code: (?:5\d\d|429)",
        FAILED,
        "network",
        "the remote failed",
        "Wait some minutes (githubstatus.com tells of GitHub's failures), then run the delivery again.",
    ),
    _Row(
        r"certificate|ssl|tls",
        "push_tls",
        "network",
        "no trusted connection came about",
        "Check the certificate of the remote, and SSL_CERT_FILE (on macOS the keychain).",
    ),
)
_SSH = (
    _Row(
        r"host ?key",
        "push_host_key",
        "config",
        "nobody here knows the host's key",
        "Make sure that it is the right one, then put it into ~/.ssh/known_hosts (ssh-keyscan prints it).",
    ),
    _Row(
        r"ssh key|with agent|identities",
        "push_no_key",
        "auth",
        "the SSH agent has no key that the remote takes",
        "Look with `ssh-add -l`, add one with `ssh-add`; or use the remote's https address and a token.",
    ),
)
_MOVED = re.compile(r"non-fast-?forward|fetch first|stale info|cannot lock ref|failed to update ref|is at .* but exp")
_NAMES = re.compile(r"(?<!\w)'[^']*'|refs/heads/\S*|[a-z]+://\S*|(?<=address for )\S+|(?<=connect to )\S+")
_NO_TOKEN = _Row(
    r"\b401\b|authentication|credentials",
    "push_no_token",
    "auth",
    "the remote asks for a password, and none of ours is for it",
    "Give GITHUB_TOKEN (the input github-token); it is sent to GITHUB_SERVER_URL alone, and to this machine.",
)
_BAD_TOKEN = _Row(
    _NO_TOKEN.words, "push_bad_token", "auth", "the remote refused the token", f"It may have expired. {_WRITE}"
)
#: All of them, for the page that lists them.
ROWS = (_NO_TOKEN, _BAD_TOKEN, *_SSH, *_ROWS)


def refused(branch: str, said: str) -> DeliveryError | ConflictError:
    """Return the error for a branch that the remote, having taken the commit, did not move."""
    return _error(f"the remote refused the branch {branch!r}", said, _ROWS, branch)


def unreachable(url: str, said: str, *, token: bool) -> DeliveryError | ConflictError:
    """Return the error for a conversation with a remote that broke off; `token` says that it was given one."""
    return _error(f"cannot push to {url}", said, (*_SSH, _BAD_TOKEN if token else _NO_TOKEN, *_ROWS))


def stale(branch: str) -> ConflictError:
    """Return the error for a remote branch that somebody moved while we looked."""
    name = f"the remote branch {branch!r}" if branch else "the remote branch"
    return ConflictError(f"{name} was moved meanwhile", "Nothing was pushed over it. Run again.")


def _error(what: str, said: str, rows: tuple[_Row, ...], branch: str = "") -> DeliveryError | ConflictError:
    words = one_line(said)[:_MAX_SAID]
    # What a branch, a file or an address is called says nothing of why it was refused.
    telling = re.sub(rf"(?<![\w/-]){re.escape(branch)}(?![\w/-])", "", words) if branch else words
    telling = _NAMES.sub("", telling).lower()
    row = next((row for row in rows if re.search(row.words, telling)), None)
    if _MOVED.search(telling) and (row is None or row.code not in {"push_name_taken", "push_protected"}):
        return stale(branch)
    if row is not None:
        return DeliveryError(f"{what}: {row.said} ({words})", row.hint, category=row.category, code=row.code)
    hint = "Check the remote's address and the network, then run again, or push the branch yourself."
    return DeliveryError(f"{what}: {words}", hint, category="network", code="push_failed")
