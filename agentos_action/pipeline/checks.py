"""The policy's checks: commands on an export of the candidate tree; one that fails refuses the answer."""

from __future__ import annotations

from pathlib import Path

from agentos_action.evidence.canonical import sha256_text
from agentos_action.evidence.layout import CHECKS
from agentos_action.pipeline.prepare import Grounds
from agentos_action.pipeline.walk import Walk
from agentos_action.records.check import CheckResult
from agentos_action.records.policy import CheckRules
from agentos_action.records.verdict import Accepted, Finding

#: What a finding shows of a failing check's output; the evidence has more of it.
SHOWN_LINES = 12

NONE_GIVEN = "the policy names none ([checks] commands)"
NOT_ACCEPTED = "there is no accepted patch to check"
IN_A_HOOK = "a hook leaves its change in the work tree, unchecked"


def require_checks(walk: Walk, rules: CheckRules) -> None:
    """Raise UsageError, before a model is asked, where the policy's checks could not be run here."""
    if rules.commands and walk.request.target == "commit":
        from agentos_action.checks.run import require  # noqa: PLC0415 - only where a policy has checks

        require(rules, hidden=_hidden(walk))


def _hidden(walk: Walk) -> tuple[Path, ...]:
    """Return what no check may see: the repository, whose configuration may hold a token."""
    return walk.repo.place, walk.repo.common_dir


def check(walk: Walk, prepared: Grounds) -> None:
    """Run the checks on an accepted candidate and tape what they said, or why they were not run."""
    rules = prepared.policy.policy.checks
    accepted = walk.verdict.accepted if walk.verdict else None
    tree = None
    if accepted is None:
        status, why = "skipped", NOT_ACCEPTED
    elif not rules.commands:
        status, why = "skipped", NONE_GIVEN
    elif walk.request.target == "worktree":
        status, why = "skipped", IN_A_HOOK
    else:
        with walk.timed("checks"):
            tree = _run(walk, rules, accepted)
        passed = all(result.status == "passed" for result in walk.checks)
        status, why = ("passed" if passed else "failed"), None
    tape_checks(walk, prepared, status=status, why=why, tree=tree)
    if status == "failed":
        walk.refused = tuple(_finding(result) for result in walk.checks if result.status != "passed")
        walk.status = "rejected"
        walk.message = f"the answer was refused: {_how(next(r for r in walk.checks if r.status != 'passed'))}"


def tape_checks(walk: Walk, prepared: Grounds, *, status: str, why: str | None, tree: str | None = None) -> None:
    """Tape what the checks came to, with the digests of everything the commit stands on."""
    rows = [
        {**result.model_dump(mode="json", exclude={"output"}), "output_sha256": sha256_text(result.output)}
        for result in walk.checks
    ]
    if walk.checks:
        walk.folder.write_json(CHECKS, {"checks": [result.model_dump(mode="json") for result in walk.checks]})
    digests = {
        **walk.log.digests(),
        "diff": walk.patch.sha256 if walk.patch else None,
        "policy": prepared.policy.sha256,
        "base": prepared.base.id,
    }
    walk.event(
        "checks_completed",
        status=status,
        why=why,
        tree=tree,
        checks=rows,
        **walk.folder.account(),
        digests=digests,
    )


def _run(walk: Walk, rules: CheckRules, accepted: Accepted) -> str:
    """Run every command and return the id of the tree they saw."""
    from agentos_action.checks.run import run_checks  # noqa: PLC0415 - only where a policy has checks
    from agentos_action.executor.export import exported  # noqa: PLC0415 - the same

    clean = walk.folder.redactor.text

    def stage(text: str) -> None:
        walk.observer.stage(clean(text))

    with exported(walk.repo.place, accepted) as made:
        results = run_checks(rules, made.folder, made.home, hidden=_hidden(walk), on_stage=stage)
        walk.checks = tuple(
            result.model_copy(update={"output": clean(result.output), "command": clean(result.command)})
            for result in results
        )
        return made.tree


def _finding(result: CheckResult) -> Finding:
    said = "\n".join(result.output.rstrip().split("\n")[-SHOWN_LINES:])
    told = f" and said: {said}" if said else " and said nothing"
    hint = "Its whole output is in the evidence (reports/checks.json)."
    return Finding(id="checks.failed", message=f"{_how(result)}{told}", hint=hint)


def _how(result: CheckResult) -> str:
    how = "did not end in time" if result.status == "timed_out" else f"ended with exit code {result.exit_code}"
    return f"the check {result.command!r} {how}"
