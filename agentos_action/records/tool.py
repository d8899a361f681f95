"""The tool's records of the specification: health, capabilities, result (their field names are the contract)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import AwareDatetime, Field, NonNegativeInt, model_validator

from agentos_action.errors import ErrorCategory
from agentos_action.records.record import Record

HealthStatus: TypeAlias = Literal[
    "connected", "not_configured", "invalid_token", "unreachable", "model_missing", "schema_mismatch"
]
ExecutionMode: TypeAlias = Literal["local", "cloud"]
OutputKind: TypeAlias = Literal["diff", "plan", "analysis", "explanation"]
ProbeStep: TypeAlias = Literal["none", "models", "model", "completion", "shape"]


class Usage(Record):
    """Tokens of a run; null where the server did not say."""

    prompt_tokens: NonNegativeInt | None = None
    cached_tokens: NonNegativeInt | None = None
    completion_tokens: NonNegativeInt | None = None


class ToolCapabilities(Record):
    """What an adapter claims it can do; claims are tested by the gates."""

    execution_mode: ExecutionMode
    supports_diff: bool = True
    supports_patch: bool = False
    supports_health_check: bool = True
    stream: bool = False
    json_mode: bool = False
    json_schema: bool = False
    grammar: bool = False
    function_call: bool = False
    context_tokens: NonNegativeInt | None = None


class ToolHealth(Record):
    """What a probe found; `details` is a sentence for a person with what to do."""

    adapter_id: str
    provider: str
    instance: str | None = None
    execution_mode: ExecutionMode
    status: HealthStatus
    details: str
    error_category: ErrorCategory | None = None
    raw_error_code: str | None = None
    endpoint: str | None = None
    probe_step: ProbeStep = "none"
    models: tuple[str, ...] = ()
    checked_at: AwareDatetime
    latency_ms: NonNegativeInt

    @model_validator(mode="after")
    def _category_iff_not_connected(self) -> ToolHealth:
        if (self.status == "connected") != (self.error_category is None):
            message = "error_category is required unless status is connected, and then it must be null"
            raise ValueError(message)
        return self


class ToolResult(Record):
    """What the tool's run came to; `wrote_files` and `committed` are measured by the guard."""

    tool: str
    adapter_id: str
    provider: str
    instance: str | None = None
    execution_mode: ExecutionMode
    model_id: str | None = None
    requested_model: str | None = None
    status: Literal["success", "failed"]
    output_kind: OutputKind
    diff: str = ""
    files_touched: tuple[str, ...] = ()
    line_count: NonNegativeInt = 0
    tool_run_id: str
    timestamp: AwareDatetime
    duration_ms: NonNegativeInt
    usage: Usage = Field(default_factory=Usage)
    wrote_files: bool
    committed: bool
    error_category: ErrorCategory | None = None
    raw_error_code: str | None = None
    endpoint: str | None = None
    mock: bool = False

    @model_validator(mode="after")
    def _category_iff_failed(self) -> ToolResult:
        if (self.status == "success") != (self.error_category is None):
            message = "error_category is required on failure and must be null on success"
            raise ValueError(message)
        return self
