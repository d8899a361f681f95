"""What libgit2 asks while it talks to a remote: who we are, whether the branch still stands, whether there is time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import pygit2
from pygit2.enums import CredentialType
from pygit2.remotes import TransferProgress

from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError
from agentos_action.executor.push_refusals import stale, unreachable
from agentos_action.records.delivery import takes_token

if TYPE_CHECKING:
    from pygit2.remotes import PushUpdate

E = TypeVar("E", bound=AgentOSError)

#: The name that GitHub takes any of its tokens under.
_USER = "x-access-token"
_MAX_TALK = 1000
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class To:
    """The branch that is pushed to, and the token with the forge that it is for."""

    branch: str
    token: str | None = field(repr=False)
    server_url: str


class Callbacks(pygit2.RemoteCallbacks):
    """What libgit2 asks us meanwhile. What we raise here may reach our caller as another error: it is kept too."""

    def __init__(self, url: str, to: To, until: tuple[Deadline, threading.Event]) -> None:
        super().__init__()
        self._url, self._to = url, to
        self._deadline, self._ended = until
        self._asked = 0
        self.expected: str | None = None
        self.said = self.talk = ""
        self.stopped: AgentOSError | None = None

    def credentials(
        self, url: str, username_from_url: str | None, allowed_types: CredentialType
    ) -> pygit2.UserPass | pygit2.KeypairFromAgent | pygit2.Username:
        """Give the token to whom it is for, or the user's own SSH keys; after a refusal libgit2 asks without end."""
        self._asked += 1
        token = self._to.token
        if not allowed_types & CredentialType.USERPASS_PLAINTEXT and self._asked > 2:  # noqa: PLR2004 - name, key
            raise self._stop(unreachable(shown(self._url), "no SSH key of the agent is taken", token=False))
        if allowed_types & CredentialType.USERNAME and self._asked == 1:
            return pygit2.Username(username_from_url or "git")
        if allowed_types & CredentialType.SSH_KEY and self._asked <= 2:  # noqa: PLR2004 - its name comes first
            return pygit2.KeypairFromAgent(username_from_url or "git")
        if not _same(url, self._url):
            # libgit2 itself follows a redirect that stays on the host, to another port or path; the token does not.
            raise self._stop(unreachable(shown(self._url), f"redirect to {shown(url)}", token=False))
        mine = allowed_types & CredentialType.USERPASS_PLAINTEXT and self._asked == 1
        if mine and token and takes_token(url, self._to.server_url):
            return pygit2.UserPass(_USER, token)
        raise self._stop(unreachable(shown(self._url), "401", token=bool(token) and self._asked > 1))

    def certificate_check(self, certificate: None, valid: bool, host: bytes) -> bool:  # noqa: ARG002, FBT001 - libgit2's
        """Refuse a host whose certificate is not trusted, or whose SSH key `known_hosts` does not have."""
        if not valid:
            what = "certificate" if self._url.startswith("https:") else "host key"
            raise self._stop(unreachable(shown(self._url), f"{what} not trusted", token=False))
        return True

    def push_negotiation(self, updates: list[PushUpdate]) -> None:
        """Stop where the branch is not where it was when we looked whose it is, or where nobody waits any more."""
        self._in_time()
        for update in updates:
            now = str(update.src)
            if now != (self.expected or "0" * len(now)):
                raise self._stop(stale(self._to.branch))

    def push_update_reference(self, refname: str, message: str | None) -> None:  # noqa: ARG002 - libgit2's
        """Keep what the remote says of a branch that it did not move."""
        if message:
            self.said = message

    def sideband_progress(self, string: str) -> None:
        """Keep the end of what the remote says, which tells why it declines; stop where the time is over."""
        self.talk = (self.talk + string)[-_MAX_TALK:]
        self._in_time()

    def transfer_progress(self, stats: TransferProgress) -> None:  # noqa: ARG002 - libgit2's own arguments
        """Stop where the time is over."""
        self._in_time()

    def push_transfer_progress(self, *_: int) -> None:
        """Stop where the time is over."""
        self._in_time()

    def _in_time(self) -> None:
        if self._ended.is_set() or self._deadline.remaining() <= 0:
            raise self._stop(unreachable(shown(self._url), "timed out", token=False))

    def _stop(self, error: E) -> E:
        self.stopped = error
        return error


def _same(url: str, other: str) -> bool:
    """Return whether two addresses are one place: libgit2 may leave out a port that is the usual one, and the user."""
    if url == other:
        return True
    try:
        places = [
            (one.scheme, one.hostname, one.port or _PORTS.get(one.scheme), one.path)
            for one in map(urlsplit, (url, other))
        ]
    except ValueError:
        return False
    return places[0] == places[1]


def host_of(url: str) -> str:
    """Return the host of an address, empty where it names none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def shown(url: str) -> str:
    """Return an address without user and password."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
