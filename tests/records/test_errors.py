"""Errors and exit codes: the published table."""

from __future__ import annotations

from typing import get_args

import pytest

from agentos_action import errors
from agentos_action.errors import AgentOSError, ToolError
from agentos_action.records.run import RunStatus

TABLE = {
    errors.UsageError: ("usage", 2, "config"),
    errors.EvidenceError: ("usage", 2, "config"),
    errors.DeliveryError: ("usage", 2, "config"),
    errors.ConflictError: ("conflict", 4, None),
    errors.BoundaryError: ("boundary_violated", 5, "runtime"),
    errors.Interrupted: ("interrupted", 130, None),
}


@pytest.mark.parametrize("error", TABLE, ids=lambda error: error.__name__)
def test_an_error_s_class_says_status_exit_code_and_category(error: type[AgentOSError]) -> None:
    made = error("what", "what to do")
    assert (made.status, made.exit_code, made.category) == TABLE[error]
    assert (str(made), made.message, made.hint) == ("what", "what", "what to do")


def test_a_tool_error_carries_its_category_and_code() -> None:
    made = ToolError("what", category="model", code="HTTP 404")
    assert (made.status, made.exit_code, made.category, made.raw_error_code) == ("tool_failed", 3, "model", "HTTP 404")
    assert (made.hint, AgentOSError.exit_code) == ("", 70)


def test_every_error_is_in_the_table_and_every_status_is_a_run_s() -> None:
    known = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, AgentOSError)}
    assert known == {*TABLE, AgentOSError, ToolError}
    assert {each.status for each in known - {AgentOSError}} < set(get_args(RunStatus))


def test_the_exit_codes_are_the_published_ones() -> None:
    codes = {name: value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert codes == {
        "EXIT_DONE": 0,
        "EXIT_REJECTED": 1,
        "EXIT_USAGE": 2,
        "EXIT_TOOL_FAILED": 3,
        "EXIT_CONFLICT": 4,
        "EXIT_BOUNDARY": 5,
        "EXIT_BUG": 70,
        "EXIT_INTERRUPTED": 130,
    }
