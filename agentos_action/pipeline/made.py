"""The commit that is delivered, and what is told of the run that made it."""

from __future__ import annotations

from dataclasses import dataclass

from agentos_action.pipeline.walk import Walk
from agentos_action.records.check import CheckResult
from agentos_action.records.trailer import trailer_value
from agentos_action.records.verdict import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A commit on a local branch; `again` says that an earlier run made it, and this one only delivers it.

    `checks` is None where nothing tells which ones ran.
    """

    commit: str
    branch: str
    message: str
    run_id: str
    model: str = ""
    policy: str = ""
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[CheckResult, ...] | None = ()
    again: bool = False

    @property
    def title(self) -> str:
        """The first line of its message."""
        return self.message.partition("\n")[0]

    @property
    def trailers(self) -> tuple[str, ...]:
        """The lines of its last paragraph."""
        return trailers_in(self.message)


def trailers_in(message: str) -> tuple[str, ...]:
    """Return the lines of a message's last paragraph."""
    return tuple(message.rstrip().rpartition("\n\n")[2].splitlines())


def trailer(trailers: tuple[str, ...], key: str) -> str:
    """Return the value of the first trailer of this name, empty where there is none."""
    return next((line.partition(": ")[2] for line in trailers if line.startswith(f"{key}: ")), "")


def made_by(walk: Walk) -> Made | None:
    """Return the commit that this run made, None where it made none."""
    receipt = walk.receipt
    if receipt is None:
        return None
    facts = walk.repo.commit_facts(receipt.commit)
    return Made(
        commit=receipt.commit,
        branch=receipt.branch,
        message=facts.message if facts else "",
        run_id=walk.run_id,
        model=model_of(walk),
        policy=policy_of(walk),
        files=walk.verdict.result.files if walk.verdict else (),
        findings=judged(walk),
        checks=walk.checks,
    )


def judged(walk: Walk) -> tuple[Finding, ...]:
    """Return what was found in the run's diff, and what kept it from being committed."""
    verdict = walk.verdict
    return (*verdict.result.errors, *walk.refused, *verdict.result.warnings) if verdict else walk.refused


def model_of(walk: Walk) -> str:
    """Return who answered, as a trailer has it; empty where nobody did."""
    result = walk.result
    return trailer_value(f"{result.provider}/{result.model_id or 'unknown'}") if result else ""


def policy_of(walk: Walk) -> str:
    """Return which policy was in force; empty where none was read."""
    return f"{walk.policy.source} sha256:{walk.policy.sha256}" if walk.policy else ""
