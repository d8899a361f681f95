"""The tool's records: a category where something failed, and nowhere else."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from agentos_action.errors import ErrorCategory
from agentos_action.records.model import TokenUsage
from agentos_action.records.tool import HealthStatus, ToolHealth, ToolResult
from tests.records.test_schemas import SMALLEST

BAD = [status for status in get_args(HealthStatus) if status != "connected"]


def health(**fields: Any) -> ToolHealth:
    """Return a health record."""
    return ToolHealth.model_validate({**SMALLEST["tool_health"], **fields})


def result(**fields: Any) -> ToolResult:
    """Return a result record."""
    return ToolResult.model_validate({**SMALLEST["tool_result"], **fields})


@pytest.mark.parametrize("status", BAD)
def test_health_that_is_not_connected_needs_a_category(status: str) -> None:
    assert health(status=status, error_category="network").status == status
    with pytest.raises(ValidationError, match="error_category is required"):
        health(status=status)


@pytest.mark.parametrize("category", get_args(ErrorCategory))
def test_a_category_stands_exactly_where_something_failed(category: str) -> None:
    assert result(status="failed", error_category=category).error_category == category
    for wrong in ({"status": "success", "error_category": category}, {"status": "failed"}):
        with pytest.raises(ValidationError, match="error_category"):
            result(**wrong)
    with pytest.raises(ValidationError, match="error_category"):
        health(error_category=category)


def test_there_are_six_states_and_six_categories() -> None:
    assert len(get_args(HealthStatus)) == len(get_args(ErrorCategory)) == 6


@pytest.mark.parametrize(
    "field", [{"duration_ms": -1}, {"line_count": -1}, {"timestamp": "2026-01-02T03:04:05"}, {"status": "ok"}]
)
def test_a_value_out_of_range_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(field))):
        result(**field)


def test_usages_add_up_and_unknown_stays_unknown() -> None:
    known = TokenUsage(prompt=1, cached=None, completion=2)
    assert known.plus(TokenUsage(prompt=4, cached=3)) == TokenUsage(5, 3, 2)
    assert TokenUsage().plus(TokenUsage()) == TokenUsage()
