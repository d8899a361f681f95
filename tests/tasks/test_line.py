"""Tasks of the command line: an instruction, a recipe, or a refusal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.tasks.line import MAX_INSTRUCTION, task_from_line


def test_an_instruction_becomes_a_task_with_a_stable_id() -> None:
    task = task_from_line("  Change it.\n", None)
    assert (task.instruction, task.source, task.recipe) == ("Change it.", "command line", None)
    assert task.task_id == task_from_line("Change it.", None).task_id
    assert task.task_id != task_from_line("Change that.", None).task_id


def test_a_recipe_alone_is_a_task() -> None:
    assert task_from_line(None, "docstrings", source="hook").task_id == "docstrings"


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        (None, "there is nothing to do"),
        (" \n", "there is nothing to do"),
        ("a\0b", "NUL character"),
        ("x" * (MAX_INSTRUCTION + 1), "longer than"),
    ],
)
def test_what_cannot_be_a_task_is_refused(instruction: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        task_from_line(instruction, None)


@given(st.text(st.characters(exclude_categories=()), max_size=50))
def test_any_line_is_a_task_or_a_refusal(text: str) -> None:
    try:
        said = task_from_line(text, None).instruction
    except UsageError as error:
        said = error.message
    assert said.encode("utf-8")
