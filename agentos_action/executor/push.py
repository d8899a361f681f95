"""A commit's way to a remote branch: never over a commit that is not ours, the token never outside this process.

The push is made from a scratch repository that has the user's objects: none of the repository's own settings (an
address that is rewritten, a hook, a redirect that is followed) has a say, and nothing is written into it.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

import pygit2

from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError, ConflictError, DeliveryError
from agentos_action.executor import temporary
from agentos_action.executor.ours import is_ours
from agentos_action.executor.push_callbacks import Callbacks, To, host_of, shown
from agentos_action.executor.push_folder import keeps_history, require_no_hooks
from agentos_action.executor.push_refusals import FAILED, refused, stale, unreachable
from agentos_action.records.delivery import is_loopback
from agentos_action.repo import common_folder

T = TypeVar("T")

_HEADS = "refs/heads/"
_OURS = "refs/heads/agentos-delivery"
_THEIRS = "refs/agentos/theirs"
_OTHERS = "refs/agentos/others/"
#: git's own number for all of the history.
_ALL = 2_147_483_647
_TIMEOUT_MS = 30_000
_PARTING_SECONDS = 0.5
#: Before a remote that failed is asked again.
_PAUSES = (0.1, 0.4, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOrder:
    """What goes where: a commit, to the branch of a remote (its name, or an address).

    `token` is for the forge at `server_url` alone. `replace_only` refuses a branch whose tip is not a commit of ours.
    """

    remote: str
    branch: str
    commit: str
    token: str | None = field(default=None, repr=False)
    server_url: str = "https://github.com"
    replace_only: bool = False


@dataclass(frozen=True, slots=True)
class Pushed:
    """Where the remote branch stood before (None: nowhere), and whether our commit took the place of that tip."""

    before: str | None
    replaced: bool = False
    there: bool = False


def push(place: Path, order: PushOrder, deadline: Deadline) -> Pushed:
    """Push the commit; raises ConflictError where the branch holds what is not ours, else DeliveryError.

    libgit2 hears no signal while it waits for a remote, so it works on a thread of its own: Ctrl-C ends the waiting.
    """
    found: queue.SimpleQueue[Pushed | AgentOSError | None] = queue.SimpleQueue()
    ended = threading.Event()
    with temporary.folder("push") as top:

        def work() -> None:
            came: Pushed | AgentOSError | None = None
            try:
                came = _push(place, top, order, deadline, ended)
            except AgentOSError as error:
                came = error
            finally:
                found.put(came)

        thread = threading.Thread(target=work, name="agentos-push", daemon=True)
        thread.start()
        try:
            came = found.get(timeout=max(0.001, deadline.remaining()))
        except queue.Empty:
            raise unreachable(shown(order.remote), "timed out", token=False) from None
        finally:
            # Where it still talks it stops at the next word of the remote; a silent one holds nobody up.
            ended.set()
            thread.join(_PARTING_SECONDS)
    if came is None:
        raise AssertionError(order)  # a bug, whose log the thread has written
    if isinstance(came, AgentOSError):
        raise came
    return came


def _push(place: Path, top: Path, order: PushOrder, deadline: Deadline, ended: threading.Event) -> Pushed:
    repo = pygit2.Repository(str(place))
    url = address(repo, order.remote)
    pygit2.settings.server_connect_timeout = pygit2.settings.server_timeout = _TIMEOUT_MS
    with _beside(repo, top) as scratch:
        scratch.references.create(_OURS, order.commit)
        way = _Way(scratch, url, order, (deadline, ended))
        for pause in _PAUSES:
            try:
                return _looked_and_sent(scratch, way, order)
            except DeliveryError as error:
                # It may have arrived all the same, and is looked for first.
                if error.raw_error_code != FAILED or ended.wait(pause):
                    raise
        return _looked_and_sent(scratch, way, order)


def _looked_and_sent(scratch: pygit2.Repository, way: _Way, order: PushOrder) -> Pushed:
    tips = way.tips()
    tip = tips.get(_HEADS + order.branch)
    if tip == order.commit:
        # It came there in an attempt that got no answer, or stood there before.
        return way.sent or Pushed(tip, there=True)
    replaced = tip is not None and (order.replace_only or not _stands_on(scratch, order.commit, tip))
    if replaced and tip is not None:
        way.require_ours(tip, tips)
    way.sent = Pushed(tip, replaced)
    way.send(tip, force=replaced)
    return way.sent


def address(repo: pygit2.Repository, remote: str) -> str:
    """Return the address of a remote by its name; an address or a folder is its own.

    Raises DeliveryError where there is none, or where it is a folder with hooks of its own.
    """
    try:
        found = repo.remotes[remote]
        url = found.push_url or found.url or ""
    except (KeyError, ValueError) as error:
        if "/" not in remote:
            hint = "Name one of `git remote`, or an address, with --remote."
            raise DeliveryError(f"there is no remote {remote!r} to push to", hint) from error
        url = remote
    if "://" not in url and ":" not in url.partition("/")[0]:
        # As git has it: a path in a remote counts from the top of the work tree.
        url = str(Path(repo.workdir or repo.path, url).resolve())
    require_no_hooks(url)
    return url


@contextmanager
def _beside(repo: pygit2.Repository, top: Path) -> Iterator[pygit2.Repository]:
    """Make a bare repository in `top` that reads the objects of `repo` and ends its history where that one does."""
    common = common_folder(Path(repo.path))
    made = pygit2.init_repository(str(top), bare=True)
    made.config["http.followRedirects"] = "false"
    made.free()
    shallow = common / "shallow"
    if shallow.is_file():
        (top / "shallow").write_bytes(shallow.read_bytes())
    beside = pygit2.Repository(str(top))
    try:
        beside.odb.add_disk_alternate(str(common / "objects"))
        yield beside
    finally:
        beside.free()


class _Way:
    """The conversation with one remote."""

    def __init__(
        self, scratch: pygit2.Repository, url: str, order: PushOrder, until: tuple[Deadline, threading.Event]
    ) -> None:
        self._scratch, self._order, self._until = scratch, order, until
        #: What was sent last, whether it arrived or not.
        self.sent: Pushed | None = None
        self._to = To(order.branch, order.token, order.server_url)
        # As libgit2 reads it: the user's own settings may give a shorter name to an address.
        self._url = scratch.remotes.create_anonymous(url).url or url
        # The proxy of the environment, as for every other request; this machine is reached without one.
        self._proxy: Literal[True] | None = None if is_loopback(host_of(self._url)) else True

    def tips(self) -> dict[str, str]:
        """Return every reference of the remote with the commit it stands at."""
        heads = self._ask(lambda remote, callbacks: remote.list_heads(callbacks=callbacks, proxy=self._proxy))
        return {str(head.name): str(head.oid) for head in heads if head.name}

    def require_ours(self, tip: str, tips: dict[str, str]) -> None:
        """Raise ConflictError unless every commit that would be lost is one of ours."""
        whose = self._scratch[self._order.commit].committer
        name = self._order.branch
        # A shallow clone may end with that very commit, and what is below would not be seen.
        self._fetch([f"+{_HEADS}{name}:{_THEIRS}"], depth=_ALL if self._scratch.is_shallow else 0)
        theirs = self._scratch.references.get(_THEIRS)
        # None where somebody deleted the branch meanwhile.
        if theirs is None or str(theirs.target) != tip:
            raise stale(name)
        kept = self._kept(tips)
        for at, commit in enumerate(self._lost(tip, kept)):
            if not is_ours(commit, whose):
                raise _not_ours(name, commit, first=at == 0)

    def _lost(self, tip: str, kept: list[str]) -> Iterator[pygit2.Commit]:
        """Yield the tip, then everything below it that no other branch and no commit of this clone holds."""
        walker = self._scratch.walk(tip)
        for commit in (self._order.commit, *kept):
            walker.hide(commit)
        yield self._scratch[tip].peel(pygit2.Commit)
        yield from (commit for commit in walker if str(commit.id) != tip)

    def _kept(self, tips: dict[str, str]) -> list[str]:
        """Return the tips of other branches; of a shallow clone they are fetched, whole, else they are here or not."""
        own = _HEADS + self._order.branch
        others = {name: tip for name, tip in tips.items() if name.startswith(_HEADS) and name != own}
        if self._scratch.is_shallow:
            there = [name for name, tip in others.items() if tip in self._scratch]
            wanted = there or [name for name, tip in others.items() if tip == tips.get("HEAD")]
            self._fetch([f"+{name}:{_OTHERS}{at}" for at, name in enumerate(wanted)], depth=_ALL)
        return [tip for tip in others.values() if tip in self._scratch]

    def _fetch(self, refspecs: list[str], depth: int = 0) -> None:
        if refspecs:
            self._ask(
                lambda remote, callbacks: remote.fetch(refspecs, callbacks=callbacks, proxy=self._proxy, depth=depth)
            )

    def send(self, tip: str | None, *, force: bool) -> None:
        """Push, if the branch still stands at `tip`; the remote compares once more as it moves the branch."""
        if force and keeps_history(self._url):
            raise refused(self._order.branch, "denying non-fast-forward")

        def pushed(remote: pygit2.Remote, callbacks: Callbacks) -> None:
            callbacks.expected = tip
            spec = f"{'+' * force}{_OURS}:{_HEADS}{self._order.branch}"
            remote.push([spec], callbacks=callbacks, proxy=self._proxy)
            if callbacks.said:
                raise refused(self._order.branch, f"{callbacks.said} {callbacks.talk}")

        self._ask(pushed)

    def _ask(self, what: Callable[[pygit2.Remote, Callbacks], T]) -> T:
        """Ask the remote something, over a connection of its own; a refusal comes out as the error that tells it."""
        callbacks = Callbacks(self._url, self._to, self._until)
        try:
            return what(self._scratch.remotes.create_anonymous(self._url), callbacks)
        except (pygit2.GitError, KeyError, ValueError, OSError) as error:
            if callbacks.stopped is not None:
                raise callbacks.stopped from error
            raise unreachable(shown(self._url), str(error), token=self._order.token is not None) from error


def _stands_on(repo: pygit2.Repository, commit: str, tip: str) -> bool:
    try:
        return tip in repo and repo.descendant_of(commit, tip)
    except (pygit2.GitError, KeyError, ValueError):
        return False


def _not_ours(branch: str, commit: pygit2.Commit, *, first: bool) -> ConflictError:
    where = "ends in" if first else "holds"
    said = f"the remote branch {branch!r} {where} the commit {str(commit.id)[:10]}, which is not one of ours"
    hint = "Nothing was pushed over it. Merge or delete that branch, or give another --branch."
    return ConflictError(said, hint)
