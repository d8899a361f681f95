"""`agentos commit` of a run that proposes nothing: whoever asked is told how it ended, and nothing is written."""

from __future__ import annotations

from agentos_action.evidence.ended import Ended
from agentos_action.pipeline.event import Cause, policy_commit
from agentos_action.pipeline.prepare import load
from agentos_action.pipeline.trust import standing_of
from agentos_action.pipeline.walk import Walk
from agentos_action.records.run import SKIPPED
from agentos_action.records.verdict import Finding

_UNCHANGED = "no_change"


def nothing_proposed(walk: Walk, ended: Ended, cause: Cause | None) -> tuple[Finding, ...]:
    """Return why there is nothing to commit; none where the run found nothing to change, which ends without harm.

    The policy is read and [trust] asked all the same: who may not ask is not answered either.
    """
    event = cause.event if cause else None
    with walk.timed("settings"):
        loaded = load(walk, policy_commit(walk, event, walk.repo.commit_of("HEAD")))
        refused = standing_of(walk, (loaded.policy.trust,), event).refused
        if refused:
            return refused
        # From here on an answer is given in the issue that asked.
        walk.policy = loaded
    if ended.status == _UNCHANGED:
        # Its words are a stranger's, and are told as its own; a skipped run is known by how they begin.
        said = f"the run that was to propose ended as {_UNCHANGED!r}: {ended.message}"
        walk.status, walk.message = "no_change", ended.message if ended.message.startswith(SKIPPED) else said
        return ()
    said = f"the run ended as {ended.status!r}, so it proposes nothing: {ended.message}"
    hint = "Mend what it tells of and propose again; its evidence has the rest."
    return (Finding(id="bundle.no-proposal", message=said, hint=hint),)
