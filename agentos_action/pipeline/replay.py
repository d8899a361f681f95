"""The recorded answers of a run, read again as they were read then: for the second half, and for `evidence replay`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agentos_action import __version__
from agentos_action.errors import ToolError, UsageError
from agentos_action.evidence.answers import AnswerLog
from agentos_action.evidence.chain import event_of
from agentos_action.evidence.layout import RunFolder
from agentos_action.evidence.proposal import OF_AN_INDEX, Proposal, Row, private_copy, read_proposal
from agentos_action.evidence.reading import Problem
from agentos_action.evidence.tape import Tape
from agentos_action.evidence.verify import verify_bundle
from agentos_action.patches.resolve import resolve
from agentos_action.pipeline.ask import ONE_ANSWER, Asked, fill
from agentos_action.pipeline.judge import judge
from agentos_action.pipeline.prepare import Grounds, load, narrowed, plan_recipe
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.recipes.drive import StopAsking
from agentos_action.records.model import Prompt
from agentos_action.records.observer import Nobody
from agentos_action.records.recipe import Place
from agentos_action.records.run import RunRequest
from agentos_action.records.verdict import Accepted, Finding
from agentos_action.redact import Redactor
from agentos_action.repo import RepoView

FAILED = "failed"

Outcome: TypeAlias = Literal["same", "different", "not_replayable", "invalid"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to, in what it differs, and what may be why; the tree is None where nothing is accepted."""

    outcome: Outcome
    run_id: str | None = None
    status: str | None = None
    tree: str | None = None
    recorded_tree: str | None = None
    reasons: tuple[str, ...] = ()


def replay(folder: Path, repo: RepoView, parts: Parts) -> Replayed:
    """Read a bundle's answers once more and judge them, offline; `repo` is only read, and no model is asked."""
    with private_copy(folder) as (own, unread), tempfile.TemporaryDirectory(prefix="agentos-replay-") as beside:
        proposal, problems = read_proposal(own)
        if unread or proposal is None:
            return _unread(own, (*unread, *problems))
        told = (proposal.run_id, proposal.status)
        why = proposal.unreplayable or _not_here(proposal, repo)
        if why is not None:
            return Replayed("not_replayable", *told, reasons=(why,))
        started = proposal.tape[0]
        request = RunRequest(repo=repo.place, half="commit", allow_path=tuple(started.get("exceptions") or ()))
        own_folder = RunFolder.create(Path(beside), "replay", Redactor())
        tape, log = Tape(own_folder, "replay", parts.clock), AnswerLog(own_folder)
        walk = Walk(request, parts, Nobody(), "replay", repo, own_folder, tape, log, parts.clock.monotonic())
        try:
            policy_sha256 = _judged_again(walk, proposal)
        except UsageError as error:
            return Replayed("not_replayable", *told, reasons=(error.message,))
        tree = _tree(repo, walk)
        recorded = _recorded_tree(proposal)
        different = _differences(walk, proposal, tree, recorded)
        reasons = (*different, *(_causes(proposal, policy_sha256) if different else ()))
        return Replayed("different" if different else "same", *told, tree, recorded, reasons)


def _unread(own: Path, problems: tuple[Problem, ...]) -> Replayed:
    """Tell a bundle that is not what it says from one of a run that never came to an answer."""
    checked = verify_bundle(own)
    finished, judged = event_of(checked.tape, "run_finished"), event_of(checked.tape, "checks_completed")
    status = str(finished.get("status")) if finished else None
    if not checked.problems and not judged:
        said = f"it ended as {status!r} before an answer was judged"
        return Replayed("not_replayable", checked.run_id, status, reasons=(said,))
    told = tuple(problem.told for problem in problems)
    return Replayed("invalid", checked.run_id, status, reasons=told)


def _not_here(proposal: Proposal, repo: RepoView) -> str | None:
    """Return what a replay would need and this repository does not have."""
    if proposal.tape[0].get("target") == "worktree":
        return OF_AN_INDEX
    policy = event_of(proposal.tape, "task_loaded")["policy"]["commit"]
    named = {"base": proposal.task.base or "", "commit it was judged on": proposal.digests.base, "policy": policy}
    for what, commit in named.items():
        if repo.commit_facts(commit) is None:
            return f"its {what}, {commit[:40]}, is no commit of this repository (a shallow clone lacks older ones)"
    return None


def _judged_again(walk: Walk, proposal: Proposal) -> str:
    """Walk from the recorded answers to a verdict as `commit` does; return the digest of the policy it stands on."""
    policy_of = event_of(proposal.tape, "task_loaded")["policy"]["commit"]
    task = proposal.task
    policy = narrowed(load(walk, policy_of), task)
    walk.policy, walk.task, walk.result = policy, task, proposal.result
    walk.asked = asked_again(walk, proposal, Grounds(walk.repo.snapshot(task.base or ""), policy, task))
    judge(walk, Grounds(walk.repo.snapshot(proposal.digests.base), policy, task))
    return policy.sha256


def _tree(repo: RepoView, walk: Walk) -> str | None:
    accepted: Accepted | None = walk.verdict.accepted if walk.verdict else None
    if accepted is None:
        return None
    from agentos_action.executor.scratch import candidate, scratch  # noqa: PLC0415 - only where something is accepted

    with scratch(repo.raw) as beside:
        return candidate(accepted, beside)


def _recorded_tree(proposal: Proposal) -> str | None:
    made, checks = event_of(proposal.tape, "git_commit"), event_of(proposal.tape, "checks_completed")
    return made.get("tree") or checks.get("tree")


def _differences(walk: Walk, proposal: Proposal, tree: str | None, recorded: str | None) -> tuple[str, ...]:
    verdict = event_of(proposal.tape, "tool_result_verified")["verdict"]
    ours = walk.verdict.result if walk.verdict else None
    found = []
    diff = walk.patch.sha256 if walk.patch else None
    if diff != proposal.digests.diff:
        found.append(f"the diff is another: sha256 {diff}, recorded {proposal.digests.diff}")
    if ours is not None and ours.is_valid is not verdict["is_valid"]:
        found.append(f"it is {'accepted' if ours.is_valid else 'refused'} now, and was not then")
    now = sorted(map(str, ((one.id, one.path, one.line) for one in (*ours.errors, *ours.warnings)) if ours else ()))
    then = sorted(map(str, map(_key, (*verdict["errors"], *verdict["warnings"]))))
    if now != then:
        found.append(f"the findings are {', '.join(now) or 'none'}, and were {', '.join(then) or 'none'}")
    if recorded is not None and tree != recorded:
        found.append(f"the tree is {tree}, recorded is {recorded}")
    return tuple(found)


def _key(finding: dict[str, Any]) -> tuple[object, ...]:
    return finding.get("id"), finding.get("path"), finding.get("line")


def _causes(proposal: Proposal, policy_sha256: str) -> tuple[str, ...]:
    """Return what is known to be other than then, and so may be why."""
    causes = []
    version = proposal.tape[0].get("version")
    if version != __version__:
        causes.append(f"it was made by version {version}, and this is {__version__}")
    if policy_sha256 != proposal.digests.policy:
        causes.append(f"the policy then had the digest {proposal.digests.policy}, and has {policy_sha256} now")
    return tuple(causes)


def asked_again(walk: Walk, proposal: Proposal, grounds: Grounds) -> Asked:
    """Return what the recorded answers come to on the proposal's own base."""
    if grounds.task.recipe is not None:
        return _filled_again(walk, proposal, grounds)
    answers = [row.answer for row in proposal.rows if row.finish_reason != FAILED]
    if len(answers) != 1:
        said = f"the bundle holds {len(answers)} answers where one was asked for"
        return Asked(findings=(Finding(id="bundle.answers", message=said, hint="Propose it again."),))
    limits = grounds.policy.policy.limits
    read = proposal.read
    resolved = resolve(
        answers[0],
        read.edit_format,
        grounds.base,
        limits.max_answer_bytes,
        files=read.files,
        max_hunks=limits.max_hunks,
    )
    return Asked.of(resolved)


def _filled_again(walk: Walk, proposal: Proposal, grounds: Grounds) -> Asked:
    """Let the recipe build the files once more, each place from its recorded answers, in their order."""
    recipe = walk.parts.load_recipe(grounds.task.recipe or "")
    plan = plan_recipe(walk, recipe, grounds.task, grounds.base, grounds.policy.policy)
    waiting: dict[str | None, list[Row]] = {}
    for row in proposal.rows:
        waiting.setdefault(row.place, []).append(row)

    def recorded(place: Place, prompt: Prompt) -> str | None:  # noqa: ARG001 - the form of a question
        rows = waiting.get(place.id)
        row = rows.pop(0) if rows else None
        if row is None or (row.finish_reason == FAILED and row.raw_error_code not in ONE_ANSWER):
            raise StopAsking(ToolError("here the model's answers end", category="network", code="no_answer"))
        return None if row.finish_reason == FAILED else row.answer

    limits = grounds.policy.policy.limits
    try:
        return fill(recipe, plan, grounds.base, limits, ask=recorded, on_place=walk.observer.place)
    except ToolError as error:
        message = f"its answers fill no place that the recipe finds now: {error.message}"
        hint = "The policy or the version may be another by now: propose it again."
        return Asked(findings=(Finding(id="bundle.answers", message=message, hint=hint),))
