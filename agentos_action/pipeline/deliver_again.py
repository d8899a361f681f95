"""`agentos deliver`: a commit that was made and not delivered is delivered; no model, nothing written but evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from agentos_action.branches import at_tip, checked_out, tip_of
from agentos_action.errors import AgentOSError, ConflictError, UsageError
from agentos_action.evidence.chain import event_of
from agentos_action.evidence.layout import SUMS
from agentos_action.evidence.proposal import Proposal, private_copy, read_proposal
from agentos_action.evidence.verify import compare_commit
from agentos_action.executor.ours import is_cut_off, require_ours
from agentos_action.pipeline.deliver import begin_delivery, delivering
from agentos_action.pipeline.event import cause_of, our_own, policy_commit
from agentos_action.pipeline.made import Made, trailer, trailers_in
from agentos_action.pipeline.prepare import load
from agentos_action.pipeline.trust import standing_of
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.pipeline.whole import begin, walked
from agentos_action.records.check import CheckResult
from agentos_action.records.observer import Observer
from agentos_action.records.receipt import CommitFacts, CommitOrder
from agentos_action.records.run import RunReport, RunRequest
from agentos_action.records.verdict import DiffValidationResult, Finding
from agentos_action.settings.policy import LoadedPolicy
from agentos_action.verifier.globs import allows

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_WHICH = "Give the commit that the failed run made, or the folder of its evidence."


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What is to be delivered: a commit at the tip of a local branch, with the bundle of its run where there is one."""

    made: Made
    bundle: Proposal | None
    warning: str = ""

    def told(self) -> dict[str, object]:
        """Return what evidence tells of it."""
        about: dict[str, object] = {"run_id": self.made.run_id, "commit": self.made.commit, "branch": self.made.branch}
        return {**about, "head": self.bundle.head, "sums_sha256": self.bundle.sums} if self.bundle else about


def deliver_commit(request: RunRequest, parts: Parts, observer: Observer, *, commit: str | None = None) -> RunReport:
    """Deliver the commit that a revision names, or the bundle `request.proposal`; ends as `run` does.

    What the repository says of the commit counts; a bundle only adds what is told of it, and only if it is whole.
    """
    found: list[Made] = []
    report = walked(
        request,
        parts,
        observer,
        delivering(lambda walk: _corridor(walk, commit, found), lambda _: found[0] if found else None),
    )
    return report.model_copy(update={"commit": found[0].commit}) if found else report


def _corridor(walk: Walk, commit: str | None, found: list[Made]) -> None:
    try:
        parcel = _parcel(walk, commit)
    except AgentOSError:
        begin(walk)
        raise
    made = parcel.made
    walk.parent, walk.branch = made.run_id, made.branch
    begin(walk, parent=parcel.told())
    if parcel.warning:
        hint = "The pull request tells what the commit says, and no more. Give the folder of the run's evidence."
        message = f"the run's evidence could not be used: {parcel.warning}"
        walk.warn(Finding(id="delivery.partly", severity="warning", message=message, hint=hint))
    cause = cause_of(walk.request.workflow, needed=True)
    if our_own(walk, cause):
        return
    event = cause.event if cause else None
    policy = load(walk, policy_commit(walk, event, made.commit))
    walk.refused = standing_of(walk, (policy.policy.trust,), event).refused
    walk.policy = policy
    if walk.refused:
        walk.status, walk.message = "rejected", f"nothing was delivered: {walk.refused[0].message}"
        return
    _require_allowed(walk, made, policy)
    walk.task = parcel.bundle.task if parcel.bundle else None
    walk.status, walk.message = "no_change", f"the commit {made.commit[:10]} of run {made.run_id} on {made.branch}"
    found.append(made)
    begin_delivery(walk, again=True)


def _require_allowed(walk: Walk, made: Made, policy: LoadedPolicy) -> None:
    """Raise UsageError unless the commit is ours, on a branch where the policy allows one."""
    rules = policy.policy.commit
    if rules.branches and not allows(rules.branches, made.branch):
        hint = "Only such branches are delivered; change the policy, or push it yourself."
        raise UsageError(f"the policy allows no commit on the branch {made.branch!r} (commit.branches)", hint)
    order = CommitOrder("", "", (), author=rules.author, committer=rules.committer, identity=walk.request.identity)
    require_ours(walk.repo.raw, made.commit, order)


def _parcel(walk: Walk, revision: str | None) -> _Parcel:
    folder = walk.request.proposal
    if folder is not None:
        with _read(folder) as (bundle, problem):
            if bundle is None:
                raise UsageError(f"{folder}: {problem}", "Take the bundle as the run left it, or give its commit.")
            committed = event_of(bundle.tape, "git_commit")
            commit, branch = str(committed.get("commit") or ""), str(committed.get("branch") or "")
            if not commit:
                raise UsageError(f"the run {bundle.run_id} ended as {bundle.status!r} and made no commit", _WHICH)
            return _with(walk, commit, branch, bundle)
    commit = walk.repo.commit_of(revision or "HEAD")
    parcel = _with(walk, commit, None, None)
    run_id = parcel.made.run_id
    own = (walk.request.evidence or walk.repo.common_dir / "agentos" / "runs") / run_id
    if not (own / SUMS).is_file():
        return replace(parcel, warning=f"it is not in {own.parent}")
    with _read(own) as (bundle, problem):
        problems = compare_commit(bundle.tape, _facts(walk, commit)) if bundle else []
        if problems:
            hint = "It was changed since; push it with git, or deliver what the run made."
            raise UsageError(f"the commit {commit[:10]} is not the one of run {run_id}: {problems[0].message}", hint)
        if bundle is None:
            return replace(parcel, warning=problem)
        return _Parcel(_recalled(parcel.made, bundle), bundle)


@contextmanager
def _read(folder: Path) -> Iterator[tuple[Proposal | None, str]]:
    """Give a bundle that is whole, or what is wrong with it."""
    with private_copy(folder) as (own, unread):
        bundle, problems = read_proposal(own)
        first = next(iter((*unread, *problems)), None)
        yield (None, f"{first.file}:{first.line}: {first.message}") if first else (bundle, "")


def _with(walk: Walk, commit: str, branch: str | None, bundle: Proposal | None) -> _Parcel:
    """Return a commit with what the repository says of it; raises where it is not what it should be."""
    facts = _facts(walk, commit)
    trailers = trailers_in(facts.message)
    run_ids = [line for line in trailers if line.startswith("AgentOS-Run: ")]
    run_id = trailer(trailers, "AgentOS-Run")
    if len(run_ids) != 1 or not _RUN.fullmatch(run_id):
        said = f"the commit {commit[:10]} has {len(run_ids)} trailers AgentOS-Run with a run's id, and one is written"
        raise UsageError(said, _WHICH)
    if bundle is not None and (problems := compare_commit(bundle.tape, facts)):
        raise UsageError(f"the bundle is not of the commit {commit[:10]}: {problems[0].message}", _WHICH)
    made = Made(
        commit=commit,
        branch=_branch(walk, commit, branch),
        message=facts.message,
        run_id=run_id,
        model=trailer(trailers, "AgentOS-Model"),
        policy=trailer(trailers, "AgentOS-Policy"),
        checks=None,
        again=True,
    )
    return _Parcel(_recalled(made, bundle) if bundle else made, bundle)


def _recalled(made: Made, bundle: Proposal) -> Made:
    """Return a commit with what its run's bundle, which is whole, tells of verdict and checks."""
    verdict = event_of(bundle.tape, "tool_result_verified").get("verdict")
    rows = event_of(bundle.tape, "checks_completed").get("checks") or []
    told = [{key: row[key] for key in row.keys() & CheckResult.model_fields.keys()} for row in rows]
    try:
        result = TypeAdapter(DiffValidationResult).validate_python(verdict)
        ran = TypeAdapter(tuple[CheckResult, ...]).validate_python(told)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UsageError(f"the bundle's verdict cannot be read: {first['msg']}", _WHICH) from error
    return replace(made, files=result.files, findings=result.warnings, checks=ran)


def _branch(walk: Walk, commit: str, told: str | None) -> str:
    """Return the local branch whose tip the commit is: the one that is named, or the only one."""
    raw, name = walk.repo.raw, walk.request.branch or told
    if name is not None:
        tip = tip_of(raw, name)
        if tip is None:
            raise UsageError(f"there is no local branch {name!r}", "Give the branch of the commit with --branch.")
        if tip != commit:
            hint = "Deliver the commit that stands there now, or name another --branch."
            raise ConflictError(f"the branch {name!r} is at {tip[:10]} and not at the commit {commit[:10]}", hint)
        return name
    names = at_tip(raw, commit)
    out = checked_out(raw)
    if out in names or len(names) == 1:
        return out if out is not None and out in names else names[0]
    said = f"the tip of several branches: {', '.join(names)}" if names else "the tip of no local branch"
    raise UsageError(f"the commit {commit[:10]} is {said}", "Name the branch to deliver with --branch.")


def _facts(walk: Walk, commit: str) -> CommitFacts:
    facts = walk.repo.commit_facts(commit)
    if facts is None:
        hint = "Deliver from the repository where the run was, or fetch the commit."
        raise ConflictError(f"the commit {commit[:40]!r} is not in this repository", hint)
    if is_cut_off(walk.repo.raw, commit):
        hint = "Run `git fetch --deepen 1` (in a workflow give actions/checkout `fetch-depth: 2`), then deliver again."
        raise UsageError(f"this shallow clone ends with the commit {commit[:10]}: whether it is ours is unknown", hint)
    return facts
