"""Whether the task in a bundle is what the event of `agentos commit` asks for: the bundle itself is a stranger's."""

from __future__ import annotations

import re

from agentos_action.evidence.canonical import sha256_text
from agentos_action.evidence.chain import event_of
from agentos_action.evidence.proposal import Proposal
from agentos_action.pipeline.event import Cause
from agentos_action.pipeline.task import Found, answered, asked_for, fetched
from agentos_action.pipeline.trust import can_ask
from agentos_action.pipeline.walk import Walk
from agentos_action.records.policy import TriggerRules
from agentos_action.records.task import TaskSource, ToolTask
from agentos_action.records.verdict import Finding
from agentos_action.tasks.dispatch import DISPATCHES, issue_named
from agentos_action.tasks.thread import issue_in

_ISSUE = re.compile(r"issue-([1-9][0-9]{0,14})")


def own_task(walk: Walk, cause: Cause | None, proposal: Proposal, triggers: TriggerRules) -> Found | Finding | None:
    """Return what the event asks for, a finding where the bundle's task is another; None where nothing is to compare.

    Only a task that a text at the forge asked for is compared: a given one is the word of whoever runs us. That it is
    a given one the bundle says itself, so whoever names the event's issue, or the one that a dispatch names, takes
    none but that.
    """
    if cause is None:
        return None
    issue, named = walk.request.issue, issue_named(cause.event.name, cause.payload)
    demanded = issue is not None and (issue_in(cause.payload) is not None or issue == named)
    if not demanded and proposal.task.source not in {"issue", "comment", "dispatch"}:
        return None
    found = _asked(walk, cause, proposal, triggers, demanded=demanded)
    if not isinstance(found, Found):
        return found
    other = [name for name, same in _compared(proposal, found.task).items() if not same]
    if other:
        return _finding(f"its {' and '.join(other)} {'is' if len(other) == 1 else 'are'} not what the event asks for")
    return found


def _asked(
    walk: Walk, cause: Cause, proposal: Proposal, triggers: TriggerRules, *, demanded: bool
) -> Found | Finding | None:
    """Return what was asked for: by this event, or, where the event does not say, by the issue as it stands now."""
    told = proposal.task
    if issue_in(cause.payload) is not None:
        found = asked_for(walk, cause, triggers)
        return found if isinstance(found, Found) else _finding(f"the event asks for nothing: {found.why}")
    own = issue_named(cause.event.name, cause.payload)
    # What a dispatch asks for it says itself.
    dispatched = told.source == "dispatch" and cause.event.name in DISPATCHES
    named = None if dispatched else _ISSUE.fullmatch(told.task_id)
    asked = demanded or told.source != "comment"
    issue = (walk.request.issue or own or (int(named[1]) if named else None)) if asked else None
    if issue is not None and (demanded or can_ask(walk)):
        # It was asked for by its number, or this run follows the one that proposed.
        from agentos_action.tasks.asked import Wanted  # noqa: PLC0415 - a given task needs no Markdown parser

        if issue == own:
            # What only the bundle names is given no answer.
            answered(walk, issue)
        actors = cause.event.actors
        source: TaskSource = "dispatch" if told.source == "dispatch" else "issue"
        return fetched(walk, Wanted(issue, source, actors[0].login if actors else None))
    if issue is None and dispatched:
        found = asked_for(walk, cause, triggers)
        return found if isinstance(found, Found) else None
    said = f"whether the bundle's task {proposal.task.task_id!r} is what was asked for could not be found out"
    hint = "Commit in the workflow that proposed, or give a token (GITHUB_TOKEN)."
    walk.warn(Finding(id="trust.uncompared", severity="warning", message=said, hint=hint))
    return None


def _compared(proposal: Proposal, asked: ToolTask) -> dict[str, bool]:
    """Return, for each thing that matters, whether the bundle has it as it was asked for."""
    told, digest = proposal.task, event_of(proposal.tape, "task_loaded").get("instruction_sha256")
    return {
        "id": told.task_id == asked.task_id,
        "source": told.source == asked.source,
        # A secret in it is not recorded, and its digest is that of the text as it was.
        "instruction": asked.instruction == told.instruction or digest == sha256_text(asked.instruction),
        "recipe": told.recipe == asked.recipe,
        "allowed_paths": told.allowed_paths == asked.allowed_paths,
        "forbidden_paths": set(told.forbidden_paths) >= set(asked.forbidden_paths),
        "narrowing": told.narrow == asked.narrow,
    }


def taken(walk: Walk, proposal: Proposal, asked: Found | None) -> ToolTask:
    """Return the task to judge by: the bundle's, in the very words of the event where they were compared.

    In a workflow the bundle does not say who asked: it could name anybody.
    """
    task = proposal.task
    if asked is None:
        by = walk.request.requested_by if walk.request.workflow else task.requested_by
        return task.model_copy(update={"requested_by": by})
    return task.model_copy(update={"instruction": asked.task.instruction, "requested_by": asked.task.requested_by})


def _finding(why: str) -> Finding:
    hint = "Take the bundle that this event's `propose` made; where the text was changed since, propose again."
    return Finding(id="bundle.other-task", message=f"the bundle has another task: {why}", hint=hint)
