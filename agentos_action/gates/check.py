"""A check: a small pure function over what a gate's run left; what it says, and what a gate comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import AwareDatetime, Field, JsonValue, NonNegativeInt

from agentos_action.records.record import Record

Status: TypeAlias = Literal["passed", "failed", "skipped"]
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check says: whether, why, and what was measured; a warning is worth knowing and no failure."""

    status: Status
    why: str
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check(Generic[S]):
    """One claim: its id, what it proves in a few words, and the function that judges it."""

    id: str
    title: str
    judge: Callable[[S], Outcome]


class CheckResult(Record):
    """One check's line in `gate_results.json`."""

    id: str
    title: str
    status: Status
    why: str
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


class GateResult(Record):
    """What `gate_results.json` holds."""

    gate: str
    title: str
    status: Status
    why: str
    mock: bool = False
    version: str
    started: AwareDatetime
    duration_ms: NonNegativeInt
    run_id: str | None = None
    checks: tuple[CheckResult, ...]


def passed(why: str, **facts: Any) -> Outcome:  # noqa: ANN401 - any JSON value
    """Return that the claim holds."""
    return Outcome("passed", why, facts)


def failed(why: str, **facts: Any) -> Outcome:  # noqa: ANN401 - any JSON value
    """Return that the claim does not hold."""
    return Outcome("failed", why, facts)


def skipped(why: str) -> Outcome:
    """Return that the claim could not be looked at."""
    return Outcome("skipped", why)


def all_hold(good: str, claims: dict[str, bool], **facts: Any) -> Outcome:  # noqa: ANN401 - any JSON value
    """Return `passed` where every claim is true, else `failed` with the words of those that are not."""
    broken = [words for words, true in claims.items() if not true]
    return failed("; ".join(broken), **facts) if broken else passed(good, **facts)


def judged(checks: Sequence[Check[S]], seen: S) -> tuple[CheckResult, ...]:
    """Return what every check says of what was seen."""
    return tuple(_result(check, check.judge(seen)) for check in checks)


def unjudged(checks: Sequence[Check[S]], why: str) -> tuple[CheckResult, ...]:
    """Return every check as skipped for one reason."""
    return tuple(_result(check, skipped(why)) for check in checks)


def _result(check: Check[S], said: Outcome) -> CheckResult:
    return CheckResult(
        id=check.id, title=check.title, status=said.status, why=said.why, facts=said.facts, warnings=said.warnings
    )


def status_of(checks: Sequence[CheckResult]) -> Status:
    """Return a gate's status: failed by one failed check, else skipped by one skipped; none at all proves nothing."""
    return _worst({check.status for check in checks})


def overall(results: Sequence[GateResult]) -> Status:
    """Return what several gates come to together."""
    return _worst({result.status for result in results})


def _worst(said: set[Status]) -> Status:
    if "failed" in said:
        return "failed"
    return "skipped" if "skipped" in said or not said else "passed"
