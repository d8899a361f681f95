"""The tool's stages: health, context, the dispatch between two fingerprints, the measured boundary."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import TYPE_CHECKING

from agentos_action.clock import Deadline
from agentos_action.context.budget import check_budget, most_bytes
from agentos_action.context.render import render_prompt
from agentos_action.context.select import select_files
from agentos_action.errors import AgentOSError, BoundaryError, ToolError
from agentos_action.evidence.finalize import failure_fields, normalize_endpoint, tool_fields
from agentos_action.executor.guard import Change, Fingerprint, fingerprint
from agentos_action.interrupts import deferred
from agentos_action.patches.formats.structured import schema
from agentos_action.pipeline.agent import agent_question, check_agent, evidence_held, sandbox_of
from agentos_action.pipeline.ask import Question, Session, ask_free, ask_recipe
from agentos_action.pipeline.prepare import Prepared
from agentos_action.pipeline.reach import candidates, reach
from agentos_action.pipeline.walk import Walk
from agentos_action.records.model import Constraint
from agentos_action.records.verdict import Finding
from agentos_action.settings.destination import is_loopback

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter

#: So much of a repository is shown to a file that answers whatever it is asked: enough to tell whose files are few.
UNREAD_BYTES = 16 * 1024

#: Areas in which nobody but a person at another terminal has business while a model answers over HTTP.
_POWER = frozenset({"config", "hooks"})


def use_tool(walk: Walk, prepared: Prepared) -> None:
    """Open the adapter, check its health, ask, and measure what the repository looks like afterwards."""
    deadline = Deadline(_time_limit(prepared), walk.parts.clock)
    with ExitStack() as stack:
        with walk.timed("tool"):
            opened = stack.enter_context(candidates(walk, prepared))
            if opened[0].adapter.works_in_tree:
                check_agent(walk)
            # Before the health check: that runs an agent's command too.
            before = _fingerprint(walk, prepared, opened[0].adapter)
            try:
                with evidence_held(walk) if opened[0].adapter.works_in_tree else nullcontext():
                    adapter, prepared = reach(walk, prepared, opened, deadline)
            except AgentOSError:
                _check_unasked(walk, prepared, opened[0].adapter, before)
                raise
        local = is_loopback(adapter.endpoint) and not adapter.works_in_tree
        if prepared.chosen.from_repository and not local:
            said = "the repository itself names the address that its files are sent to"
            where = normalize_endpoint(adapter.endpoint)
            walk.warn(Finding(id="model.address", severity="warning", message=said, hint=f"It is {where}."))
        session = Session(adapter, deadline, walk.observer, walk.log, local)
        walk.session = session
        with walk.timed("context"):
            question = _context(walk, prepared, session)
        with walk.timed("tool"):
            _dispatch(walk, prepared, session, question, before)


def _time_limit(prepared: Prepared) -> float:
    task = prepared.task
    return (
        task.timeout_seconds if "timeout_seconds" in task.model_fields_set else prepared.chosen.profile.timeout_seconds
    )


def _context(walk: Walk, prepared: Prepared, session: Session) -> Question | None:
    """Build the prompt of a free task; a recipe builds its own as it goes."""
    adapter = session.adapter
    if walk.plan is not None:
        files = [file.path for file, _ in walk.plan.work]
        walk.event("context_built", files=files, how="recipe", places=walk.plan.places)
        return None
    if adapter.works_in_tree:
        return agent_question(walk, prepared)
    task, policy, profile = prepared.task, prepared.policy.policy, prepared.chosen.profile
    room = adapter.context_tokens(session.deadline)
    most = most_bytes(room) if adapter.reads_prompt else UNREAD_BYTES
    selection = select_files(task, prepared.base, policy.context.unreadable, most, needed=adapter.reads_prompt)
    shown = tuple(file.path for file in selection.files)
    edit_format = task.edit_format or profile.edit_format
    constraint = None
    if edit_format == "structured" and adapter.supports().json_schema:
        constraint = Constraint(json_schema=schema(shown, new_files=not task.files))
    prompt = render_prompt(task.instruction, selection.files, edit_format, profile.params, constraint)
    budget = check_budget(prompt, adapter.count_tokens(prompt, session.deadline), room)
    for path in selection.left_out:
        said = f"{path!r} is mentioned but may not be read into a prompt"
        walk.warn(Finding(id="context.kept-out", severity="warning", path=path, message=said))
    walk.event(
        "context_built",
        files=list(shown),
        how=selection.how,
        left_out=list(selection.left_out),
        prompt_tokens=budget.prompt_tokens,
        counted=budget.counted,
        context_tokens=budget.context_tokens,
        edit_format=edit_format,
    )
    noun = "file" if len(shown) == 1 else "files"
    walk.observer.stage(f"Prompt: {len(shown)} {noun}, {budget.prompt_tokens:,} tokens")
    return Question(prompt, edit_format, shown)


def _dispatch(walk: Walk, prepared: Prepared, session: Session, question: Question | None, before: Fingerprint) -> None:
    adapter = session.adapter
    who = _who(adapter)
    sandbox = sandbox_of(walk, adapter) if adapter.works_in_tree else None
    mode = adapter.execution_mode
    walk.event(
        "tool_dispatch_started",
        **who,
        execution_mode=mode,
        model_id=None,
        status="started",
        sandbox=sandbox,
        **failure_fields(None),
    )
    where = "" if session.local or adapter.works_in_tree else f" at {who['endpoint']}"
    walk.observer.stage(f"Asking {adapter.requested_model or adapter.adapter_id}{where}")
    walk.dispatched = True
    failure: AgentOSError | KeyboardInterrupt | None = None
    try:
        _ask(walk, prepared, session, question)
    except (AgentOSError, KeyboardInterrupt) as raised:
        failure = raised
        walk.tool_error = _as_tool_error(raised)
    # Whatever ended the asking, the repository is measured and both are on the tape before it goes on.
    with deferred():
        walk.event(
            "tool_dispatch_completed",
            **who,
            status="failed" if walk.tool_error else "success",
            model_id=session.model_id,
            calls=session.calls,
            stopped_early=session.stopped.raw_error_code if session.stopped else None,
            left_out=sorted(session.left_out),
            **failure_fields(walk.tool_error),
        )
        changes = (*walk.boundary, *before.changes_to(_fingerprint(walk, prepared, adapter)))
        _check_boundary(walk, changes, who, full=_full(walk, adapter))
    if failure is not None:
        raise failure
    if session.left_out:
        said = f"{session.model_id} does not take {', '.join(sorted(session.left_out))}, and was asked without"
        walk.warn(Finding(id="model.setting", severity="warning", message=said))


def _who(adapter: Adapter) -> dict[str, str | None]:
    return tool_fields(adapter.adapter_id, adapter.provider, adapter.endpoint, adapter.requested_model)


def _ask(walk: Walk, prepared: Prepared, session: Session, question: Question | None) -> None:
    limits = prepared.policy.policy.limits
    if question is not None:
        walk.asked = ask_free(session, question, prepared.base, limits)
    elif walk.recipe is not None and walk.plan is not None:
        walk.asked = ask_recipe(session, walk.recipe, walk.plan, prepared.base, limits)


def _as_tool_error(raised: AgentOSError | KeyboardInterrupt) -> ToolError:
    """Return how the tool's own record tells why it has no answer."""
    if isinstance(raised, ToolError):
        return raised
    if isinstance(raised, KeyboardInterrupt):
        return ToolError("the run was interrupted", category="runtime", code="interrupted")
    return ToolError(raised.message, raised.hint, category="config", code="not_asked")


def _full(walk: Walk, adapter: Adapter) -> bool:
    """Return whether the tool runs as a program, or is not ours: any change of the repository is then its own."""
    return walk.parts.boundary_full or adapter.works_in_tree


def _fingerprint(walk: Walk, prepared: Prepared, adapter: Adapter) -> Fingerprint:
    repo = walk.repo
    planned = [file.path for file, _ in walk.plan.work] if walk.plan else []
    files = (*prepared.task.files, *planned)
    full, ours = _full(walk, adapter), walk.folder.path
    return fingerprint(repo.git_dir, repo.common_dir, repo.workdir, files, full=full, ours=ours)


def _check_unasked(walk: Walk, prepared: Prepared, adapter: Adapter, before: Fingerprint) -> None:
    """Measure what an agent's command did that was only asked how it is."""
    if adapter.works_in_tree:
        changes = (*walk.boundary, *before.changes_to(_fingerprint(walk, prepared, adapter)))
        _check_boundary(walk, changes, _who(adapter), full=True)


def _check_boundary(walk: Walk, changes: tuple[Change, ...], who: dict[str, str | None], *, full: bool) -> None:
    """Tape what changed; an HTTP tool has no hand in the work tree, so edits there are the user's and a warning."""
    walk.boundary = changes
    theirs = changes if full else tuple(change for change in changes if change.area in _POWER)
    touched = ToolError("the repository was changed", category="runtime", code="boundary_violated") if theirs else None
    walk.event(
        "boundary_checked",
        **who,
        model_id=walk.session.model_id if walk.session else None,
        status="failed" if touched else "success",
        **failure_fields(touched),
        full=full,
        wrote_files=walk.wrote_files,
        committed=walk.committed,
        changed=[{"area": change.area, "path": change.path} for change in changes],
    )
    if touched is not None:
        listed = ", ".join(f"{change.area} ({change.path})" for change in theirs[:5])
        hint = "Nothing was committed. Look at what ran beside; the evidence lists every change."
        walk.tool_error = touched
        raise BoundaryError(f"the repository was changed while the tool ran: {listed}", hint)
    for change in changes:
        said = f"{change.area} changed while the model answered ({change.path})"
        walk.warn(Finding(id="boundary.meanwhile", severity="warning", path=change.path, message=said))
