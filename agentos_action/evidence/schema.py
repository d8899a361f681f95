"""What every event must tell: its fields and their types; more than that may stand there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from agentos_action.errors import ErrorCategory
from agentos_action.evidence.chain import Line
from agentos_action.evidence.finalize import normalize_endpoint
from agentos_action.evidence.layout import MARK, TAPE
from agentos_action.evidence.reading import Problem
from agentos_action.records.run import RunStatus
from agentos_action.records.tool import ExecutionMode, HealthStatus, OutputKind, ProbeStep, Usage

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
CommitId = Annotated[str, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


class _Event(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=(), defer_build=True)

    seq: NonNegativeInt
    ts: AwareDatetime
    run_id: Name
    prev: Digest
    hash: Digest


class _Tool(_Event):
    """What every event about a tool carries, and that a failure has a category and an endpoint is host[:port]."""

    adapter_id: Name
    provider: Name
    error_category: ErrorCategory | None
    raw_error_code: str | None
    endpoint: str | None
    model_id: str | None
    requested_model: str | None
    status: str

    @model_validator(mode="after")
    def _honest(self) -> _Tool:
        failed = self.status not in {"started", "success", "connected"}
        if failed != (self.error_category is not None):
            message = f"status {self.status!r} and error_category {self.error_category!r} contradict each other"
            raise ValueError(message)
        if self.endpoint is not None and MARK not in self.endpoint and self.endpoint != _host(self.endpoint):
            message = f"endpoint {self.endpoint!r} is more than host[:port]"
            raise ValueError(message)
        return self


def _host(endpoint: str) -> str | None:
    try:
        return normalize_endpoint(endpoint)
    except ValueError:
        return None


class _Started(_Event):
    version: str
    half: str
    dry_run: bool
    target: str
    branch: str | None
    exceptions: list[str]
    workflow: dict[str, str] | None


class _Policy(BaseModel):
    source: str
    sha256: Digest
    commit: CommitId


class _Loaded(_Event):
    task: dict[str, Any]
    policy: _Policy


class _Health(_Tool):
    instance: str | None
    execution_mode: ExecutionMode
    status: HealthStatus
    details: str
    probe_step: ProbeStep
    models: list[str]
    checked_at: AwareDatetime
    latency_ms: NonNegativeInt


class _Context(_Event):
    files: list[str]
    how: str


class _Dispatched(_Tool):
    status: Literal["started"]
    execution_mode: ExecutionMode


class _Completed(_Tool):
    status: Literal["success", "failed"]
    calls: NonNegativeInt
    stopped_early: str | None
    left_out: list[str]


class _Change(BaseModel):
    area: str
    path: str


class _Boundary(_Tool):
    status: Literal["success", "failed"]
    full: bool
    wrote_files: bool
    committed: bool
    changed: list[_Change]


class _Verdict(BaseModel):
    is_valid: bool
    errors: list[dict[str, Any]]
    warnings: list[dict[str, Any]]
    files: list[str]
    added: NonNegativeInt
    removed: NonNegativeInt


class _Result(_Tool):
    tool: str
    instance: str | None
    execution_mode: ExecutionMode
    status: Literal["success", "failed"]
    output_kind: OutputKind
    files_touched: list[str]
    line_count: NonNegativeInt
    tool_run_id: Name
    timestamp: AwareDatetime
    duration_ms: NonNegativeInt
    usage: Usage
    wrote_files: bool
    committed: bool
    mock: bool
    verdict: _Verdict


class _Digests(BaseModel):
    prompts: Digest
    answers: Digest
    diff: Digest | None
    policy: Digest
    base: CommitId


class _Checks(_Event):
    status: Literal["passed", "failed", "skipped"]
    why: str | None
    tree: CommitId | None
    checks: list[dict[str, Any]]
    replayable: bool
    redacted: list[str]
    capped: list[str]
    content: bool
    kept: dict[str, Digest]
    digests: _Digests


class _Commit(_Event):
    commit: CommitId
    tree: CommitId
    branch: str
    worktree_follows: bool


class _Finished(_Event):
    status: RunStatus
    exit_code: NonNegativeInt
    message: str
    error_category: ErrorCategory | None
    raw_error_code: str | None


SCHEMAS: dict[str, type[_Event]] = {
    "run_started": _Started,
    "task_loaded": _Loaded,
    "health_check": _Health,
    "context_built": _Context,
    "tool_dispatch_started": _Dispatched,
    "tool_dispatch_completed": _Completed,
    "boundary_checked": _Boundary,
    "tool_result_verified": _Result,
    "checks_completed": _Checks,
    "git_commit": _Commit,
    "run_finished": _Finished,
}


def check_schema(tape: list[Line], raw: list[bytes], problems: list[Problem]) -> None:
    """Check the fields of every event; one that nobody knows is the business of `check_order`. `raw`: the lines."""
    for number, line in enumerate(tape, 1):
        name = line.get("event")
        model = SCHEMAS.get(name) if isinstance(name, str) else None
        if model is None:
            continue
        try:
            model.model_validate_json(raw[number - 1], strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            problems.append(Problem(TAPE, number, f"{name}: {where + ': ' if where else ''}{first['msg']}"))
