"""Lines that name a file: whatever they are dressed in, and no sentence that only mentions one."""

from __future__ import annotations

import pytest

from agentos_action.patches.labels import dedent, label, mentioned, open_fence


@pytest.mark.parametrize(
    "line",
    [
        "src/a.py",
        "./src/a.py",
        "**src/a.py**",
        "`src/a.py`",
        "`src/a.py`:",
        "### src/a.py",
        "### `src/a.py`",
        "# src/a.py",
        "// src/a.py",
        "- src/a.py",
        "1. `src/a.py`",
        "File: src/a.py",
        "**File:** `src/a.py`",
        "Updated file: src/a.py",
        "src/a.py (new file)",
        "<!-- src/a.py -->",
        "<path>src/a.py</path>",
    ],
)
def test_a_line_that_is_nothing_but_a_path_names_it(line: str) -> None:
    assert label(line) == "src/a.py"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Here is the file:",
        "I changed src/a.py as you asked.",
        "`pip install -r a.txt`",
        "Before/After:",
        "call()",
        "3.14",
        "src/",
        "a" * 400 + ".py",
        "https://example.org/a.py",
    ],
)
def test_other_lines_name_none(line: str) -> None:
    assert label(line) is None


def test_a_file_that_was_shown_is_named_however_odd_it_is() -> None:
    assert label("odd name", ("odd name",)) == "odd name"
    assert label("odd name") is None


def test_a_sentence_may_name_the_one_shown_file_in_backticks() -> None:
    assert mentioned("In `a.py` change `x`:", ("a.py", "b.py")) == "a.py"
    assert mentioned("In `a.py` and `b.py`:", ("a.py", "b.py")) is None
    assert mentioned("In a.py:", ("a.py",)) is None


@pytest.mark.parametrize(
    ("info", "path"),
    [
        ("python src/a.py", "src/a.py"),
        ("python:src/a.py", "src/a.py"),
        ("src/a.py", "src/a.py"),
        ('python title="src/a.py"', "src/a.py"),
        ("python filename=src/a.py", "src/a.py"),
        ("python", None),
        ("diff", None),
        ("", None),
    ],
)
def test_a_fence_line_may_carry_the_path(info: str, path: str | None) -> None:
    fence = open_fence(f"```{info}")
    assert fence is not None
    assert fence.path() == path


def test_indentation_goes_only_if_all_lines_have_it() -> None:
    assert dedent(["  a", "", "    b"], "  ") == ["a", "", "  b"]
    assert dedent(["  a", "b"], "  ") == ["  a", "b"]
