"""`agentos commit`: a proposal's answers are read and judged once more, as if from a stranger, and then committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.branches import stands_on, tip_of
from agentos_action.errors import ConflictError
from agentos_action.evidence.ended import Ended, read_ended
from agentos_action.evidence.proposal import Proposal, private_copy, read_proposal
from agentos_action.evidence.reading import Problem
from agentos_action.patches.parse import to_patch
from agentos_action.pipeline.bundle import own_task, taken
from agentos_action.pipeline.checks import tape_checks
from agentos_action.pipeline.deliver import begin_delivery, delivering
from agentos_action.pipeline.ended import nothing_proposed
from agentos_action.pipeline.event import Cause, cause_of, our_own, policy_commit
from agentos_action.pipeline.execute import check_branch, commit, commit_order
from agentos_action.pipeline.judge import judge
from agentos_action.pipeline.prepare import TASK, Grounds, load, narrowed
from agentos_action.pipeline.replay import asked_again
from agentos_action.pipeline.task import Found, asked_base, paths_of
from agentos_action.pipeline.trust import edited, standing_of
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.pipeline.whole import begin, walked
from agentos_action.records.base import Base
from agentos_action.records.observer import Observer
from agentos_action.records.patch import FileChange, Patch
from agentos_action.records.run import RunReport, RunRequest, Workflow
from agentos_action.records.task import ToolTask
from agentos_action.records.tool import ToolResult
from agentos_action.records.verdict import DiffValidationResult, Finding, Verdict
from agentos_action.settings.policy import LoadedPolicy
from agentos_action.tasks.event import Event

PROPOSED = "dry_run"
NOT_RUN = "a commit runs nothing of the repository; what the proposal says of its checks is no authority"


def commit_proposal(request: RunRequest, parts: Parts, observer: Observer) -> RunReport:
    """Walk the second half once: no model, no command, no network but the forge; ends as `run` does."""
    return walked(request, parts, observer, delivering(_corridor))


def _corridor(walk: Walk) -> None:
    request = walk.request
    folder = request.proposal or Path()
    with private_copy(folder) as (own, unread):
        ended = None if unread else read_ended(own, proposed=PROPOSED)
        proposal, problems = (None, ()) if ended else read_proposal(own)
        known = ended or proposal
        walk.parent = known.run_id if known else None
        begin(walk, parent={"run_id": known.run_id, "head": known.head, "sums_sha256": known.sums} if known else None)
        if ended is not None:
            _end(walk, ended)
            return
        if proposal is None or unread:
            _refuse(walk, tuple(map(_told, (*unread, *problems))))
            return
        walk.log.adopt(own, {"prompts": proposal.digests.prompts, "answers": proposal.digests.answers})
    walk.folder.redacted.update(kind for kind in ("prompts",) if kind in proposal.redacted)
    walk.folder.capped.update(kind for kind in ("prompts",) if kind in proposal.capped)
    cause = cause_of(request.workflow, needed=True)
    if our_own(walk, cause):
        return
    findings = (*_unfit(proposal), *_strange(request.workflow, cause.event if cause else None, proposal.workflow))
    if findings:
        _refuse(walk, findings)
        return
    stand = _stand(walk, proposal, cause)
    if stand is not None:
        _commit(walk, proposal, stand)


def _end(walk: Walk, ended: Ended) -> None:
    """End as a run did that proposes nothing."""
    request = walk.request
    cause = cause_of(request.workflow, needed=True)
    if our_own(walk, cause):
        return
    findings = _strange(request.workflow, cause.event if cause else None, ended.workflow)
    findings = findings or nothing_proposed(walk, ended, cause)
    if findings:
        _refuse(walk, findings)


@dataclass(frozen=True, slots=True)
class _Stand:
    """What a commit stands on: the files the proposal began with, its task under the policy, the branch's tip."""

    grounds: Grounds
    tip: str


def _stand(walk: Walk, proposal: Proposal, cause: Cause | None) -> _Stand | None:
    """Return what the commit stands on; None where it is refused: the task is another, or one asks who may not."""
    repo, request = walk.repo, walk.request
    event = cause.event if cause else None
    with walk.timed("settings"):
        walk.branch = request.branch.replace(TASK, proposal.task.task_id) if request.branch else None
        there = tip_of(repo.raw, walk.branch) if walk.branch else None
        policy_at = policy_commit(walk, event, there or repo.commit_of("HEAD"))
        loaded = load(walk, policy_at)
        found = own_task(walk, cause, proposal, loaded.policy.triggers)
        if isinstance(found, Finding):
            _refuse(walk, (found,))
            return None
        task = _task(walk, proposal, found)
        policy = narrowed(loaded, task)
        standing = standing_of(walk, (loaded.policy.trust, policy.policy.trust), event)
        refused = standing.refused or (edited(walk, found.approved) if found and found.approved else ())
        # From here on an answer is given in the issue that asked, unless somebody asked who may not.
        walk.policy, walk.task = policy, task
        tip = there or repo.commit_of("HEAD")
        if not refused:
            if found and found.pull_request is not None:
                of_pull_request = asked_base(walk, found.pull_request)
                tip = there or of_pull_request
            walk.base = _base(walk, proposal, tip)
            walk.task = task = task.model_copy(update={"base": walk.base.id})
            check_branch(walk, policy.policy.commit, task)
    walk.event(
        "task_loaded",
        task=task.model_dump(mode="json"),
        asked_by=list(standing.asked_by),
        policy={"source": policy.source, "sha256": policy.sha256, "commit": policy_at},
    )
    if refused or walk.base is None:
        _refuse(walk, refused)
        return None
    return _Stand(Grounds(walk.base, policy, task), tip)


def _task(walk: Walk, proposal: Proposal, found: Found | None) -> ToolTask:
    """Return the task to judge by: with our own command line's path lists, and no base yet."""
    task = taken(walk, proposal, found).model_copy(update={"base": None})
    return ToolTask.model_validate({**task.model_dump(exclude_unset=True), **paths_of(task, walk.request)})


def _commit(walk: Walk, proposal: Proposal, stand: _Stand) -> None:
    repo, base, policy, task, tip = walk.repo, stand.grounds.base, stand.grounds.policy, stand.grounds.task, stand.tip
    begin_delivery(walk)
    shown = proposal.read
    walk.event("context_built", files=list(shown.files), how=shown.how, edit_format=shown.edit_format)
    with walk.timed("patch"):
        asked = asked_again(walk, proposal, stand.grounds)
        patch = to_patch(asked.changes)
    touched = touched_by(patch.changes)
    now = repo.snapshot(tip)
    if tip != base.id:
        _require_same(touched, base, now)
    # Also where nothing is to be written: what could not be committed is not accepted.
    executor = walk.parts.open_executor(repo.place)
    executor.check_target(walk.branch, touched, tip, sign=policy.policy.commit.sign)
    walk.asked = asked
    walk.result = proposal.result.model_copy(
        update={
            "files_touched": tuple(change.path for change in patch.changes),
            "line_count": sum(len(file.added) + len(file.removed) for file in patch.files),
        }
    )
    grounds = Grounds(now, policy, task)
    judge(walk, grounds)
    tape_checks(walk, grounds, status="skipped", why=f"{NOT_RUN} (it says: {proposal.checks})")
    if walk.status != "rejected":
        _finish(walk, patch, proposal, policy)


def _finish(walk: Walk, patch: Patch, proposal: Proposal, policy: LoadedPolicy) -> None:
    """Commit an accepted diff that is the one the bundle was closed with."""
    if patch.sha256 != proposal.digests.diff:
        said = "reading its answers once more gives another diff than the one it was closed with"
        hint = "The policy or the version may be another by now: propose it again."
        _refuse(walk, (Finding(id="bundle.diff", message=said, hint=hint),))
    elif walk.status == "bug" and walk.request.dry_run:
        walk.status, walk.message = "dry_run", "accepted, not committed"
    elif walk.status == "bug":
        commit(walk, commit_order(walk, policy, _words(patch.changes)))


def _base(walk: Walk, proposal: Proposal, tip: str) -> Base:
    """Return the files the proposal began with; raises ConflictError unless the branch stands on them."""
    base = proposal.digests.base
    if walk.repo.commit_facts(base) is None:
        hint = "Fetch it (a shallow clone lacks older commits), or propose again."
        raise ConflictError(f"the proposal begins at {base[:40]!r}, which is no commit of this repository", hint)
    if not stands_on(walk.repo.raw, tip, base):
        hint = "Propose again on the branch as it is, or give another --branch."
        raise ConflictError(f"the proposal begins at {base[:10]}, which {tip[:10]} does not stand on", hint)
    return walk.repo.snapshot(base)


def touched_by(changes: tuple[FileChange, ...]) -> tuple[str, ...]:
    """Return every name that changes touch, in order."""
    return tuple(sorted({path for change in changes for path in (change.old_path, change.new_path) if path}))


def _require_same(touched: tuple[str, ...], base: Base, now: Base) -> None:
    """Raise ConflictError where a file that the proposal touches is another by now."""
    moved = [path for path in touched if base.mode(path) != now.mode(path) or base.read(path) != now.read(path)]
    if moved:
        listed = ", ".join(map(repr, moved[:5]))
        raise ConflictError(f"changed since it was proposed: {listed}", "Propose again on the branch as it is.")


def _unfit(proposal: Proposal) -> tuple[Finding, ...]:
    findings = []
    if _did_more(proposal.result):
        said = "its tool's result is no diff of a tool that kept its hands off the repository"
        findings.append(Finding(id="bundle.no-proposal", message=said, hint="Give a bundle of `agentos propose`."))
    if proposal.result.mock:
        said = "its answer is a mock one, which was given to a gate and is nobody's proposal"
        findings.append(Finding(id="bundle.no-proposal", message=said, hint="Propose again, with a model."))
    if proposal.unreplayable is not None:
        hint = "Keep secrets out of what the model reads, and propose again with its content kept."
        findings.append(Finding(id="bundle.not-replayable", message=proposal.unreplayable, hint=hint))
    return tuple(findings)


def _did_more(result: ToolResult) -> bool:
    return result.status != "success" or result.output_kind != "diff" or result.wrote_files or result.committed


def _strange(workflow: Workflow | None, event: Event | None, told: dict[str, Any] | None) -> tuple[Finding, ...]:
    """Return why a workflow may not take a bundle that another run made; a person's own command may take any."""
    if workflow is None:
        return ()
    told = told or {}
    ours = {workflow.run_id} | ({event.upstream_run} if event and event.upstream_run else set())
    if told.get("repository") == workflow.repository and told.get("run_id") in ours:
        return ()
    whose = f"run {told.get('run_id')!r} of {told.get('repository')!r}" if told else "no workflow run"
    said = f"the bundle comes from {whose}, and this is run {workflow.run_id} of {workflow.repository}"
    return (Finding(id="bundle.other-run", message=said, hint="Take the bundle that this run's `propose` made."),)


def _words(changes: tuple[FileChange, ...]) -> str:
    first, more = changes[0], len(changes) - 1
    verb = {"create": "Add", "delete": "Delete", "rename": "Rename", "modify": "Change"}[first.kind]
    return f"{verb} {first.path}" + (f" and {more} more file{'s' * (more != 1)}" if more else "")


def _told(problem: Problem) -> Finding:
    message = f"{problem.file or 'the bundle'}: {problem.message}"
    line = problem.line or None
    hint = "Take the bundle as `agentos propose` left it; nothing in it may change."
    return Finding(id="bundle.changed", path=problem.file or None, line=line, message=message, hint=hint)


def _refuse(walk: Walk, findings: tuple[Finding, ...]) -> None:
    """End the run as rejected."""
    if walk.verdict is None:
        walk.verdict = Verdict(DiffValidationResult(is_valid=False, errors=findings), None)
    else:
        walk.refused = findings
    walk.status = "rejected"
    walk.message = f"the proposal was refused: {findings[0].message}"
