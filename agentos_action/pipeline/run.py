"""`agentos run` and `agentos propose`: once along the corridor, from the request to the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agentos_action.context.select import require_files
from agentos_action.errors import UsageError
from agentos_action.evidence.canonical import sha256_text
from agentos_action.pipeline.checks import check, require_checks
from agentos_action.pipeline.deliver import begin_delivery, delivering
from agentos_action.pipeline.event import Cause, cause_of, our_own, policy_commit, skip
from agentos_action.pipeline.execute import check_branch, check_target, execute
from agentos_action.pipeline.judge import finish_tool, judge
from agentos_action.pipeline.prepare import (
    TASK,
    Prepared,
    choose,
    find_base,
    load,
    narrowed,
    plan_recipe,
    with_own_checks,
)
from agentos_action.pipeline.task import Found, asked_base, find_task
from agentos_action.pipeline.tool import use_tool
from agentos_action.pipeline.trust import Standing, edited, standing_of
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.pipeline.whole import begin, walked
from agentos_action.records.base import Base
from agentos_action.records.observer import Observer
from agentos_action.records.run import RunReport, RunRequest
from agentos_action.records.task import ToolTask
from agentos_action.settings.policy import LoadedPolicy

if TYPE_CHECKING:
    from agentos_action.tasks.asked import Skip


def run(request: RunRequest, parts: Parts, observer: Observer) -> RunReport:
    """Walk the corridor once; every AgentOSError and Ctrl-C ends in a report with its evidence closed.

    Raises UsageError only where there is no repository, or no place to write evidence; anything unexpected is
    taped as a bug and passed on.
    """
    return walked(request, parts, observer, delivering(_corridor))


def _corridor(walk: Walk) -> None:
    prepared = _prepare(walk)
    if prepared is None:
        return
    if walk.plan is not None and not walk.plan.places:
        walk.status, walk.message = "no_change", "there is nothing to fill in"
        return
    require_checks(walk, prepared.policy.policy.checks)
    check_target(walk, prepared)
    begin_delivery(walk)
    try:
        use_tool(walk, prepared)
        judge(walk, prepared)
    finally:
        # A tool that failed has a result too; where the answer was judged it is there already.
        finish_tool(walk, "analysis")
    check(walk, prepared)
    execute(walk, prepared)


@dataclass(frozen=True, slots=True)
class _Allowed:
    """A task that somebody asks for who may, under the policy as it narrows it; `policy_at` is that one's commit."""

    found: Found
    policy: LoadedPolicy
    policy_at: str
    standing: Standing


def _prepare(walk: Walk) -> Prepared | None:
    """Return all that asking a model needs; None where the run ends before, and has its status."""
    begin(walk, checks=list(walk.request.checks))
    with walk.timed("settings"):
        allowed = _allowed(walk)
        if allowed is None:
            return None
        found, policy = allowed.found, allowed.policy
        base = _base(walk, found)
        walk.base = base
        task = found.task.model_copy(update={"base": base.id})
        require_files(task, base)
        walk.task = task
        check_branch(walk, policy.policy.commit, task)
        chosen = choose(walk, policy.policy, walk.repo.snapshot(allowed.policy_at))
        walk.chosen = chosen
    _loaded(walk, task, allowed, model={"profile": chosen.source, "chosen_by": chosen.chosen_by})
    if task.recipe is not None:
        with walk.timed("context"):
            walk.recipe = walk.parts.load_recipe(task.recipe)
            walk.plan = plan_recipe(walk, walk.recipe, task, base, policy.policy)
    return Prepared(base, policy, task, chosen)


def _allowed(walk: Walk) -> _Allowed | None:
    """Find the task and whoever asks for it; None where nothing is asked, or by one who may not."""
    request = walk.request
    cause = cause_of(request.workflow)
    if our_own(walk, cause):
        return None
    event = cause.event if cause else None
    policy_at = policy_commit(walk, event, walk.repo.commit_of("HEAD"))
    loaded = load(walk, policy_at)
    found = _found(walk, cause, loaded)
    if not isinstance(found, Found):
        skip(walk, found.why)
        return None
    policy = with_own_checks(narrowed(loaded, found.task), request.checks)
    walk.branch = request.branch.replace(TASK, found.task.task_id) if request.branch else None
    standing = standing_of(walk, (loaded.policy.trust, policy.policy.trust), event, given=found.given)
    walk.refused = standing.refused or (edited(walk, found.approved) if found.approved else ())
    # From here on an answer is given in the issue that asked, unless somebody asked who may not.
    walk.policy, walk.task = policy, found.task
    allowed = _Allowed(found, policy, policy_at, standing)
    if walk.refused:
        _loaded(walk, found.task, allowed)
        walk.status, walk.message = "rejected", f"nothing was asked: {walk.refused[0].message}"
        return None
    return allowed


def _found(walk: Walk, cause: Cause | None, loaded: LoadedPolicy) -> Found | Skip:
    """Find the task; what is wrong in a text that asks is answered in the issue, where who asks may."""
    try:
        return find_task(walk, cause, loaded.policy.triggers)
    except UsageError:
        event = cause.event if cause else None
        if event is not None and not standing_of(walk, (loaded.policy.trust,), event).refused:
            walk.policy = loaded
        raise


def _base(walk: Walk, found: Found) -> Base:
    """Return the files to start from: a task that was asked for in a pull request starts from that one's branch."""
    if found.pull_request is None or walk.request.base is not None:
        return find_base(walk)
    return find_base(walk, asked_base(walk, found.pull_request))


def _loaded(walk: Walk, task: ToolTask, allowed: _Allowed, **more: object) -> None:
    """Tape what is asked, by whom, under which policy."""
    policy = allowed.policy
    walk.event(
        "task_loaded",
        task=task.model_dump(mode="json"),
        instruction_sha256=sha256_text(task.instruction),
        asked_by=list(allowed.standing.asked_by),
        policy={"source": policy.source, "sha256": policy.sha256, "commit": allowed.policy_at},
        **more,
    )
