"""`agentos run` and `agentos propose`: once along the corridor, from the request to the report."""

from __future__ import annotations

from agentos_action.context.select import require_files
from agentos_action.evidence.canonical import sha256_text
from agentos_action.pipeline.checks import check, require_checks
from agentos_action.pipeline.deliver import begin_delivery, delivering
from agentos_action.pipeline.event import event_of, policy_commit
from agentos_action.pipeline.execute import check_branch, check_target, execute
from agentos_action.pipeline.judge import finish_tool, judge
from agentos_action.pipeline.prepare import TASK, Prepared, choose, find_base, load_narrowed, plan_recipe, read_task
from agentos_action.pipeline.tool import use_tool
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.pipeline.whole import begin, walked
from agentos_action.records.observer import Observer
from agentos_action.records.run import RunReport, RunRequest
from agentos_action.tasks.trust import may_ask


def run(request: RunRequest, parts: Parts, observer: Observer) -> RunReport:
    """Walk the corridor once; every AgentOSError and Ctrl-C ends in a report with its evidence closed.

    Raises UsageError only where there is no repository, or no place to write evidence; anything unexpected is
    taped as a bug and passed on.
    """
    return walked(request, parts, observer, delivering(_corridor))


def _corridor(walk: Walk) -> None:
    prepared = _prepare(walk)
    if walk.refused:
        walk.status, walk.message = "rejected", f"nothing was asked: {walk.refused[0].message}"
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


def _prepare(walk: Walk) -> Prepared:
    request = walk.request
    begin(walk)
    with walk.timed("settings"):
        task = read_task(walk)
        walk.branch = request.branch.replace(TASK, task.task_id) if request.branch else None
        base = find_base(walk)
        walk.base = base
        event = event_of(request.workflow)
        policy_of = policy_commit(walk, event, walk.repo.commit_of("HEAD"))
        task = task.model_copy(update={"base": base.id})
        require_files(task, base)
        policy = load_narrowed(walk, task, policy_of)
        walk.policy, walk.task = policy, task
        walk.refused = may_ask(policy.policy.trust, event, unproven=True) if event else ()
        check_branch(walk, policy.policy.commit, task)
        chosen = choose(walk, policy.policy, walk.repo.snapshot(policy_of))
        walk.chosen = chosen
    walk.event(
        "task_loaded",
        task=task.model_dump(mode="json"),
        instruction_sha256=sha256_text(task.instruction),
        policy={"source": policy.source, "sha256": policy.sha256, "commit": policy_of},
        model={"profile": chosen.source, "chosen_by": chosen.chosen_by},
    )
    if task.recipe is not None:
        with walk.timed("context"):
            walk.recipe = walk.parts.load_recipe(task.recipe)
            walk.plan = plan_recipe(walk, walk.recipe, task, base, policy.policy)
    return Prepared(base, policy, task, chosen)
