"""`agentos run`: once along the corridor, from the request to the report."""

from __future__ import annotations

from agentos_action import __version__
from agentos_action.errors import AgentOSError, Interrupted
from agentos_action.evidence.answers import AnswerLog
from agentos_action.evidence.canonical import sha256_text
from agentos_action.evidence.layout import RunFolder
from agentos_action.evidence.tape import Tape
from agentos_action.interrupts import deferred
from agentos_action.pipeline.close import close_run
from agentos_action.pipeline.judge import check_target, execute, finish_tool, judge
from agentos_action.pipeline.prepare import Prepared, choose, find_base, load_settings, plan_recipe
from agentos_action.pipeline.tool import use_tool
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.records.observer import Observer
from agentos_action.records.run import RunReport, RunRequest
from agentos_action.redact import Redactor
from agentos_action.repo import RepoView


def run(request: RunRequest, parts: Parts, observer: Observer) -> RunReport:
    """Walk the corridor once; every AgentOSError and Ctrl-C ends in a report with its evidence closed.

    Raises UsageError only where there is no repository, or no place to write evidence; anything unexpected is
    taped as a bug and passed on.
    """
    started = parts.clock.monotonic()
    repo = RepoView.open(request.repo)
    run_id = parts.clock.new_run_id()
    root = request.evidence or repo.common_dir / "agentos" / "runs"
    folder = RunFolder.create(root, run_id, Redactor(request.secrets))
    tape = Tape(folder, run_id, parts.clock)
    walk = Walk(request, parts, observer, run_id, repo, folder, tape, AnswerLog(folder), started)
    # What stands here unless something else is known: an exception that nobody foresaw goes on to the caller.
    error: AgentOSError | None = AgentOSError("an unexpected error", "Its log is on the terminal.")
    try:
        _corridor(walk)
        error = None
    except AgentOSError as failure:
        error = failure
    except KeyboardInterrupt:
        error = Interrupted("ended by a signal", _done_so_far(walk))
    finally:
        with deferred(last=True):
            report = close_run(walk, error)
    return report


def _done_so_far(walk: Walk) -> str:
    if walk.receipt is not None:
        return f"The commit {walk.receipt.commit} was already made."
    if walk.written:
        return f"Left in the work tree already: {', '.join(walk.written)}."
    return "Nothing was changed."


def _corridor(walk: Walk) -> None:
    prepared = _prepare(walk)
    if walk.plan is not None and not walk.plan.places:
        walk.status, walk.message = "no_change", "there is nothing to fill in"
        return
    check_target(walk, prepared)
    try:
        use_tool(walk, prepared)
        judge(walk, prepared)
    finally:
        # A tool that failed has a result too; where the answer was judged it is there already.
        finish_tool(walk, prepared, "analysis")
    execute(walk, prepared)


def _prepare(walk: Walk) -> Prepared:
    request = walk.request
    walk.event(
        "run_started",
        version=__version__,
        dry_run=request.dry_run,
        target=request.target,
        branch=request.branch,
        exceptions=list(request.allow_path),
    )
    with walk.timed("settings"):
        base, policy_commit = find_base(walk)
        walk.base = base
        policy, task = load_settings(walk, base, policy_commit)
        walk.policy, walk.task = policy, task
        chosen = choose(walk, policy.policy, walk.repo.snapshot(policy_commit))
        walk.chosen = chosen
    for pattern in request.allow_path:
        walk.observer.warning(f"exception for this run: {pattern!r} may be changed")
    walk.event(
        "task_loaded",
        task=task.model_dump(mode="json"),
        instruction_sha256=sha256_text(task.instruction),
        policy={"source": policy.source, "sha256": policy.sha256, "commit": policy_commit},
        model={"profile": chosen.source, "chosen_by": chosen.chosen_by},
    )
    if task.recipe is not None:
        with walk.timed("context"):
            walk.recipe = walk.parts.load_recipe(task.recipe)
            walk.plan = plan_recipe(walk, walk.recipe, task, base, policy.policy)
    return Prepared(base, policy, task, chosen)
