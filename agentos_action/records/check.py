"""What a check of the candidate came to."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import NonNegativeInt

from agentos_action.records.record import Record

CheckStatus: TypeAlias = Literal["passed", "failed", "timed_out"]


class CheckResult(Record):
    """One command: how it ended and the end of what it said (both streams, redacted); `truncated` says that it cut."""

    command: str
    status: CheckStatus
    exit_code: int | None = None
    duration_ms: NonNegativeInt
    output: str = ""
    truncated: bool = False
    sandbox: Literal["bubblewrap", "none"]
