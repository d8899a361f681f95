"""One pull request a task: found by its branch or by its marker, opened or updated, never against a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from agentos_action.branches import checked_out, tracked
from agentos_action.errors import ConflictError, DeliveryError, UsageError
from agentos_action.pipeline.made import Made
from agentos_action.pipeline.respond import partly, told
from agentos_action.pipeline.walk import Walk
from agentos_action.records.delivery import Delivered
from agentos_action.records.verdict import Finding
from agentos_action.verifier.globs import allows

if TYPE_CHECKING:
    from agentos_action.forge.github import GitHub
    from agentos_action.forge.replies import PullRequest

Done = Literal["opened", "updated", "untouched"]
STARTS_NONE = " (by the workflow's own token, so no workflow starts for it by itself)"


def marker_of(walk: Walk, made: Made | None = None) -> str:
    """Return the marker of the run's task; where the task is not known, of the run that made the commit."""
    from agentos_action.forge.github import run_marker, task_marker  # noqa: PLC0415 - httpx

    run_id = made.run_id if made else walk.run_id
    return task_marker(walk.task.task_id) if walk.task else run_marker(run_id)


def find_pull(walk: Walk, forge: GitHub, branch: str, marker: str) -> PullRequest | None:
    """Return the open pull request to update; raises ConflictError where a person closed the last one.

    A person may have opened a further one from the branch, to another target: the one that is ours is updated. Of
    closed ones only one that tells of another task is none of this one's; its first line may have been changed since.
    """
    from agentos_action.forge.github import marked, marker_in, of_another  # noqa: PLC0415 - httpx

    of_branch = forge.of_branch(branch)
    opened = [pull for pull in of_branch if pull.state == "open"]
    if opened:
        return min(opened, key=lambda pull: (not marked(pull.body, marker), marker_in(pull.body) is None))
    last = next((pull for pull in of_branch if walk.task is None or not of_another(pull.body, marker)), None)
    if last is not None and last.merged_at is None:
        who = forge.closed_by(last.number)
        if who is None or who.type != "Bot":
            said = f"{who.login!r} closed" if who else "somebody closed"
            hint = "Nothing was pushed, and it stays closed. Reopen it yourself, or give another --branch."
            raise ConflictError(f"{said} the pull request {last.number} of this task", hint)
    other = forge.of_task(marker)
    if other is not None:
        _require_allowed(walk, other)
    return other


def _require_allowed(walk: Walk, pull: PullRequest) -> None:
    """Raise UsageError where the policy allows no commit on the branch of a pull request that was found by its task."""
    patterns = walk.policy.policy.commit.branches if walk.policy else ()
    narrowed = walk.task.narrow.commit.branches if walk.task and walk.task.narrow else ()
    for allowed in (patterns, narrowed):
        if allowed and not allows(allowed, pull.head.ref):
            said = f"the task has the pull request {pull.number} from {pull.head.ref!r}, where no commit is allowed"
            raise UsageError(said, "Close that pull request, or allow its branch (commit.branches).")


def named_target(walk: Walk, branch: str, *, again: bool) -> str | None:
    """Return the branch that --base names, else the one that the event chose; None where neither is a branch there.

    A run may start from what is no branch of the remote. What only says where a commit goes to (`again`) is taken at
    its word, as is what the forge has named just now: this clone may not know of it.
    """
    remote = walk.request.delivery.remote
    for base, known in ((walk.request.base, again), (walk.asked_base, True)):
        name = (base or "").removeprefix(f"{remote}/")
        if name and name != branch and (known or tracked(walk.repo.raw, remote, name)):
            return name
    return None


def target_of(walk: Walk, forge: GitHub, branch: str, *, again: bool) -> str:
    """Return the branch that a pull request goes to: a named one, the checked-out one, the default one.

    Raises UsageError where that is the branch itself, also where --base of a delivery (`again`) names it.
    """
    if again and (walk.request.base or "").removeprefix(f"{walk.request.delivery.remote}/") == branch:
        hint = "Give --base with the branch that the pull request goes to, or leave it out."
        raise UsageError(f"--base names {branch!r}, the very branch that is delivered", hint)
    named, out = named_target(walk, branch, again=again), checked_out(walk.repo.raw)
    if named is not None:
        return named
    if out is not None and out != branch and tracked(walk.repo.raw, walk.request.delivery.remote, out):
        return out
    target = forge.default_branch()
    if target == branch:
        hint = "Give --branch with a branch of its own, or --delivery push."
        raise UsageError(f"a pull request cannot go from {branch!r} to itself", hint)
    return target


def open_or_update(walk: Walk, forge: GitHub, made: Made, there: PullRequest | None, way: tuple[str, str, str]) -> None:
    """Open a pull request, or give the one that is there the run's words, and keep what was done.

    `way` is the branch that it comes from, the one that it goes to, and the marker.
    """
    named = named_target(walk, way[0], again=made.again)
    if there is not None and named not in {None, there.base.ref}:
        message = f"the pull request {there.number} goes to {there.base.ref!r} and not to {named!r}"
        hint = "Change its base at the forge, or close it; it was left as somebody may have chosen it."
        walk.warn(Finding(id="delivery.partly", severity="warning", message=message, hint=hint))
    pull, done, drafted = _opened(walk, forge, made, there, way)
    _keep(walk, pull, done, drafted=drafted)
    if walk.request.delivery.labels:
        with partly(walk, "the labels could not be delivered"):
            forge.label(pull.number, walk.request.delivery.labels)


def _opened(
    walk: Walk, forge: GitHub, made: Made, there: PullRequest | None, way: tuple[str, str, str]
) -> tuple[PullRequest, Done, bool]:
    """Open or update; returns the pull request, what was done, and whether it was wanted as a draft."""
    from agentos_action.forge.github import marker_in  # noqa: PLC0415 - httpx
    from agentos_action.report.delivered import proposal  # noqa: PLC0415 - the same

    branch, target, marker = way
    wish, clean = walk.request.delivery, walk.folder.redactor.text
    own = marker_in(there.body) if there is not None else None
    if there is not None and own is None:
        # A person opened it from our branch, or wrote above our words: they are not ours to change.
        return there, "untouched", there.draft
    # What we wrote of another task or run tells of a commit that is there no more; of an unknown task no other is lost.
    title, first = clean(made.title), own if own is not None and walk.task is None else marker
    body = clean(proposal(told(walk, made, None), first))
    if there is not None:
        return forge.update_pull(there.number, title, body), "updated", there.draft
    draft = wish.draft or not made.checks or any(check.status != "passed" for check in made.checks)
    try:
        return forge.open_pull(branch, target, title, body, draft=draft), "opened", draft
    except DeliveryError as error:
        if error.raw_error_code != "forge_no_drafts" or wish.draft:
            raise
    # Nobody asked for a draft; where the forge has none, the missing checks are told in the body alone.
    return forge.open_pull(branch, target, title, body, draft=False), "opened", False


def _keep(walk: Walk, pull: PullRequest, done: Done, *, drafted: bool) -> None:
    """Keep what was delivered for the report, and say it."""
    from agentos_action.forge.github import OWN_LOGIN  # noqa: PLC0415 - httpx

    own = walk.request.forge.own_token
    if own is None or done == "opened":
        # Who opened it tells whose token it was; of one that was there already, only whoever gave us the token knows.
        own = own or (pull.user is not None and pull.user.login == OWN_LOGIN)
    starts = not own
    fields = walk.delivered.model_dump() if walk.delivered else {}
    known = {"done": done, "pull_request": pull.number, "draft": drafted, "starts_ci": starts}
    walk.delivered = Delivered.model_validate({**fields, **known})
    walk.pull_request_url = walk.folder.redactor.text(pull.html_url)
    words = {"opened": "opened", "updated": "updated", "untouched": "has the commit; its text stays as it was"}[done]
    walk.message += f"; pull request {pull.number} {words}: {walk.pull_request_url}"
    if not starts:
        walk.message += STARTS_NONE
