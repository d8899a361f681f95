"""One repository at GitHub: who may do what there, what stands in its issues, and what we deliver, each thing once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias, TypeVar

from agentos_action.clock import Clock, Deadline
from agentos_action.errors import DeliveryError
from agentos_action.forge.http import Api, Method, check_address, segment
from agentos_action.forge.patience import MayHaveArrived
from agentos_action.forge.replies import (
    Comment,
    Issue,
    PullRequest,
    Reacted,
    Standing,
    User,
    Whole,
    as_list,
    read_as,
)
from agentos_action.records.delivery import Forge
from agentos_action.records.policy import PERMISSIONS, Permission

Reaction: TypeAlias = Literal["eyes", "rocket", "confused"]
T = TypeVar("T")

#: The login of a workflow's own token; what it does sets no workflow off.
OWN_LOGIN: Final = "github-actions[bot]"
_OF_TASK: Final = "<!-- agentos-action: task"
_MARKER: Final = re.compile(r"<!-- agentos-action: (?:task|run) [0-9a-f]{32} -->")
COMMENT_MARKER: Final = "<!-- agentos-action: the comment on this issue, which later runs update -->"
PATIENCE_SECONDS: Final = 120.0
#: How the tokens of a workflow and of an App begin.
_INSTALLED: Final = "ghs_"
_PAGE: Final = 100
_PAGES: Final = 10
#: An issue takes 2,500 comments at most.
_COMMENT_PAGES: Final = 25
#: What the two later roles are called where only the first three names are known.
_OLD_NAMES: Final = {"maintain": "write", "triage": "read"}
_STANDING: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


def task_marker(task_id: str) -> str:
    """Return the hidden line by which the pull request of a task is found again."""
    return f"{_OF_TASK} {hashlib.sha256(task_id.encode()).hexdigest()[:32]} -->"


def run_marker(run_id: str) -> str:
    """Return the hidden line of a pull request whose task is not known, only the run that made its commit."""
    return f"<!-- agentos-action: run {hashlib.sha256(run_id.encode()).hexdigest()[:32]} -->"


class GitHub:
    """One repository; every method raises DeliveryError with the setting to change."""

    def __init__(self, api: Api, repository: str, *, bot: bool = False) -> None:
        owner, _, name = repository.partition("/")
        if not owner or not name or "/" in name:
            hint = "GITHUB_REPOSITORY (or --repository) must be OWNER/NAME."
            raise DeliveryError(f"{repository!r} names no repository", hint)
        self._api, self._owner, self._repository = api, owner, repository
        self._at = f"/repos/{segment(owner)}/{segment(name)}"
        #: Whether what we write is a bot's, so that no person's comment can be ours.
        self._bot = bot

    def permission(self, login: str) -> Permission | None:
        """Return what a person may do in the repository, None where that is nothing or nobody has this name.

        A role of the repository's own making counts as the one that it is built on.
        """
        try:
            found = self._api.get(f"{self._at}/collaborators/{segment(login)}/permission")
        except DeliveryError as error:
            if error.raw_error_code != "forge_not_found":
                raise
            return None
        standing = read_as(Standing, found)
        named: dict[str, Permission] = {name: name for name in PERMISSIONS}
        if _OLD_NAMES.get(standing.role_name, standing.role_name) == standing.permission:
            return named.get(standing.role_name)
        return named.get(standing.permission)

    def issue(self, number: int) -> Issue:
        """Return an issue, or a pull request as the issue that it is too, as it stands now."""
        return read_as(Issue, self._api.get(f"{self._at}/issues/{number}"))

    def comment(self, comment: int) -> Comment:
        """Return a comment under an issue or a pull request, as it stands now."""
        return read_as(Comment, self._api.get(f"{self._at}/issues/comments/{comment}"))

    def review_comment(self, comment: int) -> Comment:
        """Return a comment at a line of a pull request, as it stands now."""
        return read_as(Comment, self._api.get(f"{self._at}/pulls/comments/{comment}"))

    def pull(self, number: int) -> PullRequest:
        """Return a pull request by its number."""
        return read_as(PullRequest, self._api.get(f"{self._at}/pulls/{number}"))

    def default_branch(self) -> str:
        """Return the branch that pull requests go to where nobody names one."""
        return read_as(Whole, self._api.get(self._at)).default_branch

    def of_branch(self, branch: str) -> tuple[PullRequest, ...]:
        """Return every pull request from a branch of this repository, the newest first."""
        return tuple(
            pull for pull in self._pulls(state="all", head=f"{self._owner}:{branch}") if self._from(pull, branch)
        )

    def of_task(self, marker: str) -> PullRequest | None:
        """Return the open pull request with a task's marker, from whatever branch of this repository; None: none."""
        for pull in self._pulls(state="open"):
            if marked(pull.body, marker) and self._from(pull, pull.head.ref):
                return pull
        return None

    def _pulls(self, **query: str) -> Iterator[PullRequest]:
        return self._listed(PullRequest, "pulls", query)

    def _listed(self, model: type[T], where: str, query: Mapping[str, str], pages: int = _PAGES) -> Iterator[T]:
        """Yield what a list of the forge's holds, page by page as it is looked at."""
        for page in range(1, pages + 1):
            found = as_list(model, self._api.get(f"{self._at}/{where}", **query, per_page=_PAGE, page=page))
            yield from found
            if len(found) < _PAGE:
                return

    def _from(self, pull: PullRequest, branch: str) -> bool:
        repo = pull.head.repo
        return pull.head.ref == branch and repo is not None and repo.full_name.lower() == self._repository.lower()

    def closed_by(self, number: int) -> User | None:
        """Return who closed a pull request, None where the forge does not say."""
        return self.issue(number).closed_by

    def open_pull(self, branch: str, base: str, title: str, body: str, *, draft: bool) -> PullRequest:
        """Open a pull request; one that came about although no answer came is found and not made twice."""
        fields: dict[str, object] = {"title": title, "body": body, "head": branch, "base": base, "draft": draft}
        try:
            return read_as(PullRequest, self._api.send("POST", f"{self._at}/pulls", fields))
        except DeliveryError as error:
            if not isinstance(error, MayHaveArrived) and error.raw_error_code != "forge_exists":
                raise
            there = next((pull for pull in self.of_branch(branch) if pull.state == "open"), None)
            if there is not None:
                return there
            if not isinstance(error, MayHaveArrived):
                raise
            return read_as(PullRequest, self._api.send("POST", f"{self._at}/pulls", fields))

    def update_pull(self, number: int, title: str, body: str) -> PullRequest:
        """Give a pull request another title and body."""
        sent = self._api.send("PATCH", f"{self._at}/pulls/{number}", {"title": title, "body": body})
        return read_as(PullRequest, sent)

    def say(self, issue: int, body: str) -> str:
        """Write our one comment on an issue, or the one that is there anew; returns its address.

        Two runs at once may both find none: of their comments the older stays, and the later run takes its own back.
        """
        there = self._ours(issue)
        if there is not None:
            return self._said("PATCH", f"issues/comments/{there.id}", body).html_url
        new, first = self._commented(issue, body), self._ours(issue)
        if first is None or first.id >= new.id:
            same = new.body.strip() == body.strip()
            return new.html_url if same else self._said("PATCH", f"issues/comments/{new.id}", body).html_url
        # The older one first has the text: if the newer cannot be deleted, both say the same.
        told = self._said("PATCH", f"issues/comments/{first.id}", body)
        self._api.delete(f"{self._at}/issues/comments/{new.id}")
        return told.html_url

    def _commented(self, issue: int, body: str) -> Comment:
        """Return a new comment, or the one that came about although no answer came."""
        try:
            return self._said("POST", f"issues/{issue}/comments", body)
        except MayHaveArrived:
            return self._ours(issue) or self._said("POST", f"issues/{issue}/comments", body)

    def _said(self, method: Method, where: str, body: str) -> Comment:
        return read_as(Comment, self._api.send(method, f"{self._at}/{where}", {"body": body}))

    def _ours(self, issue: int) -> Comment | None:
        """Return our comment; somebody's who has copied our marker is none, and a member's only where we are one."""
        for comment in self._listed(Comment, f"issues/{issue}/comments", {}, _COMMENT_PAGES):
            bot = comment.user is not None and comment.user.type == "Bot"
            known = bot or (not self._bot and comment.author_association in _STANDING)
            if known and marked(comment.body, COMMENT_MARKER):
                return comment
        return None

    def react(self, to: str, reaction: Reaction) -> User | None:
        """Set a reaction under `to` (`under` says where), where one that is there stays one; returns who we are."""
        sent = self._api.send("POST", f"{self._at}/{to}/reactions", {"content": reaction}, repeatable=True)
        return read_as(Reacted, sent).user

    def take_back(self, to: str, reaction: Reaction, whose: User | None) -> None:
        """Take back the reaction that this user once set there; nobody else's is touched, and none may be there."""
        for one in self._listed(Reacted, f"{to}/reactions", {"content": reaction}):
            if one.user is not None and one.user == whose:
                self._api.delete(f"{self._at}/{to}/reactions/{one.id}")
                return

    def label(self, number: int, labels: tuple[str, ...]) -> None:
        """Add labels to a pull request; one that is there stays one."""
        self._api.send("POST", f"{self._at}/issues/{number}/labels", {"labels": list(labels)}, repeatable=True)


@contextmanager
def connected(forge: Forge, clock: Clock) -> Iterator[GitHub]:
    """Open a repository at its forge; raises DeliveryError where there is no token for it."""
    if not forge.token:
        hint = "Set GITHUB_TOKEN (the input github-token); --delivery push needs none where the remote asks for none."
        raise DeliveryError("a pull request needs a token", hint, category="auth", code="forge_no_token")
    check_address(forge.api_url, forge.server_url)
    api = Api(forge.api_url, forge.token, Deadline(PATIENCE_SECONDS, clock), clock)
    try:
        yield GitHub(api, forge.repository, bot=forge.token.startswith(_INSTALLED))
    finally:
        api.close()


def under(issue: int | None, comment: int | None, *, review: bool) -> str | None:
    """Return where a reaction belongs: under a comment, else under the issue or pull request; None: under nothing.

    `review` says that the comment stands at a line of a pull request.
    """
    if comment is not None:
        return f"{'pulls' if review else 'issues'}/comments/{comment}"
    return None if issue is None else f"issues/{issue}"


def of_another(body: str | None, marker: str) -> bool:
    """Return whether a text begins with the marker of another task."""
    return marked(body, _OF_TASK) and not marked(body, marker)


def marker_in(body: str | None) -> str | None:
    """Return the marker of a task or a run that a text begins with; None where it is not ours as we left it."""
    found = _MARKER.match((body or "").lstrip())
    return found[0] if found else None


def marked(body: str | None, marker: str) -> bool:
    """Return whether a text begins with a marker of ours: what is quoted further down is no marker."""
    return (body or "").lstrip().startswith(marker)
