"""What the event of a workflow decides: whose policy holds, and that our own doings set nothing off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agentos_action.branches import default_tip
from agentos_action.errors import UsageError
from agentos_action.pipeline.walk import Walk
from agentos_action.records.run import SKIPPED, Workflow
from agentos_action.tasks.event import Event, event_in
from agentos_action.tasks.payload import read_payload

_HINT = "Fetch it (a shallow clone lacks it), or name another commit with --policy-ref."


@dataclass(frozen=True, slots=True)
class Cause:
    """What set a workflow off: the event, as far as it says who acts, and all that came with it."""

    event: Event
    payload: dict[str, Any]


def cause_of(workflow: Workflow | None, *, needed: bool = False) -> Cause | None:
    """Return what set the workflow off, None outside of one; raises UsageError where it cannot be read.

    `needed` asks for it in every workflow: who acts is nowhere else.
    """
    if workflow is None:
        return None
    if workflow.event_file is None:
        if needed:
            hint = "Hand GITHUB_EVENT_PATH, and the file it names, on to this step."
            raise UsageError("this is a step of a workflow, and nothing says who set it off", hint)
        return None
    payload = read_payload(workflow.event_file)
    return Cause(event_in(workflow.event, payload), payload)


def our_own(walk: Walk, cause: Cause | None) -> bool:
    """Return whether we set this workflow off ourselves, and end the run without harm where we did: else it loops."""
    if cause is None:
        return False
    from agentos_action.tasks.own import own_event  # noqa: PLC0415 - only in a workflow

    why = own_event(cause.event.name, cause.payload)
    if why is not None:
        skip(walk, why)
    return why is not None


def skip(walk: Walk, why: str) -> None:
    """End a run in which there is nothing to do for us; nobody is told of it but the evidence."""
    walk.status, walk.message = "no_change", f"{SKIPPED}{why}"


def policy_commit(walk: Walk, event: Event | None, otherwise: str) -> str:
    """Return the commit whose policy holds: of a pull request where it goes to, of other events the default branch.

    `otherwise` is the commit for a command outside of a workflow. Never the head of a pull request: who opens one
    would bring the policy that he is judged by. Raises UsageError where the commit is not in this clone.
    """
    repo, request = walk.repo, walk.request
    if request.policy_ref is not None:
        return repo.commit_of(request.policy_ref)
    if event is None:
        return otherwise
    if event.target is not None:
        if repo.commit_facts(event.target) is None:
            raise UsageError(f"the commit that the pull request goes to ({event.target[:40]}) is not here", _HINT)
        return repo.commit_of(event.target)
    default = default_tip(repo.raw, event.default_branch) if event.default_branch else None
    if default is not None:
        return default
    sha = request.workflow.sha if request.workflow else None
    if sha is not None and "pull_request" not in event.name and repo.commit_facts(sha) is not None:
        # Of other events the forge runs the default branch's workflow on its tip, or on what a writer pushed.
        return repo.commit_of(sha)
    if event.of_pull_request:
        name = f" ({event.default_branch})" if event.default_branch else ""
        raise UsageError(f"the default branch{name}, which has the policy, is not in this clone", _HINT)
    return otherwise
