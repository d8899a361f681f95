"""The one layer that fills and asserts what evidence says of a tool; no caller infers anything itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from agentos_action.errors import AgentOSError, ErrorCategory, ToolError
from agentos_action.records.tool import ExecutionMode, OutputKind, ToolHealth, ToolResult, Usage


def normalize_endpoint(address: str | None) -> str | None:
    """Return `host[:port]` of a URL or address: no scheme, user, path or query; None where there is none."""
    if not address:
        return None
    parts = urlsplit(address if "://" in address else f"//{address}")
    if not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port}" if parts.port else host


def finalize_health(health: ToolHealth) -> ToolHealth:
    """Return the health with a clean endpoint, asserted."""
    final = ToolHealth.model_validate({**health.model_dump(), "endpoint": normalize_endpoint(health.endpoint)})
    assert_h2_evidence(final)
    return final


def finalize_tool_result(  # noqa: PLR0913 - each is a field of the record
    *,
    adapter_id: str,
    provider: str,
    instance: str | None,
    execution_mode: ExecutionMode,
    model_id: str | None,
    requested_model: str | None,
    output_kind: OutputKind,
    diff: str,
    files_touched: tuple[str, ...],
    line_count: int,
    tool_run_id: str,
    timestamp: datetime,
    duration_ms: int,
    usage: Usage,
    wrote_files: bool,
    committed: bool,
    endpoint: str | None,
    error: ToolError | None,
    mock: bool = False,
) -> ToolResult:
    """Make the tool's result: status and category follow from the error, the endpoint is cleaned."""
    status: Literal["success", "failed"] = "failed" if error else "success"
    return ToolResult(
        tool=f"{provider}:{instance}" if instance else provider,
        adapter_id=adapter_id,
        provider=provider,
        instance=instance,
        execution_mode=execution_mode,
        model_id=model_id,
        requested_model=requested_model,
        status=status,
        output_kind=output_kind,
        diff=diff.encode("utf-8", "replace").decode(),
        files_touched=files_touched,
        line_count=line_count,
        tool_run_id=tool_run_id,
        timestamp=timestamp,
        duration_ms=duration_ms,
        usage=usage,
        wrote_files=wrote_files,
        committed=committed,
        error_category=error.category if error else None,
        raw_error_code=error.raw_error_code if error else None,
        endpoint=normalize_endpoint(endpoint),
        mock=mock,
    )


def tool_fields(
    adapter_id: str, provider: str, endpoint: str | None, requested_model: str | None
) -> dict[str, str | None]:
    """Return what every event about a tool says of it: who was asked for what, and where."""
    return {
        "adapter_id": adapter_id,
        "provider": provider,
        "endpoint": normalize_endpoint(endpoint),
        "requested_model": requested_model,
    }


def failure_fields(error: AgentOSError | None) -> dict[str, Any]:
    """Return `error_category` and `raw_error_code` for an event or report; null on success and refusals."""
    category: ErrorCategory | None = error.category if error else None
    return {"error_category": category, "raw_error_code": error.raw_error_code if error else None}


def assert_h2_evidence(health: ToolHealth) -> None:
    """Raise ValueError unless a health that is not connected has a category and the endpoint is host[:port]."""
    if health.status != "connected" and health.error_category is None:
        message = f"health {health.status!r} carries no error_category"
        raise ValueError(message)
    if health.endpoint is not None and health.endpoint != normalize_endpoint(health.endpoint):
        message = f"endpoint {health.endpoint!r} is more than host[:port]"
        raise ValueError(message)
