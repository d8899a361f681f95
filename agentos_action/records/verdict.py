"""Findings and the verdict; `Accepted` is the only key to the executor."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

from agentos_action.records.patch import FileChange

Severity: TypeAlias = Literal["error", "warning"]

#: For pydantic, where a record of its own holds one of these or their schema is asked for.
_CLOSED: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason, with a stable id, the place, and what to do; `line` counts in the new file, from 1."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    id: str
    severity: Severity = "error"
    path: str | None = None
    line: int | None = None
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffValidationResult:
    """What the rules found in a diff: every finding, never only the first."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    is_valid: bool
    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0


_SEAL = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A diff that passed every rule; `verifier.verify` seals it and nobody else can (an architecture test looks)."""

    diff: str
    diff_sha256: str
    policy_sha256: str
    base: str
    changes: tuple[FileChange, ...]
    warnings: tuple[Finding, ...]
    # Not a field that is kept: a copy with another diff would have to bring the seal along, and cannot.
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            message = "an Accepted verdict is made by verifier.verify only"
            raise TypeError(message)


def sealed(  # noqa: PLR0913 - each is a field of the verdict
    *,
    diff: str,
    diff_sha256: str,
    policy_sha256: str,
    base: str,
    changes: tuple[FileChange, ...],
    warnings: tuple[Finding, ...],
) -> Accepted:
    """Make an `Accepted`; only `verifier/verify.py` may call this."""
    return Accepted(
        diff=diff,
        diff_sha256=diff_sha256,
        policy_sha256=policy_sha256,
        base=base,
        changes=changes,
        warnings=warnings,
        seal=_SEAL,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of all rules, and the sealed acceptance where there was no error."""

    result: DiffValidationResult
    accepted: Accepted | None
