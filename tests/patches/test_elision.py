"""Lines that stand for others are told from code and from comments that merely use the same words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.patches.elision import is_dots, is_elision


@pytest.mark.parametrize(
    "text",
    [
        "# ... existing code ...",
        "    // ... existing code ...",
        "// ...existing code...",
        "... existing code ...",
        "/* ... rest of the file ... */",
        "<!-- ... rest of content ... -->",
        "{/* ... existing content ... */}",
        "[... other methods ...]",
        "# [... remaining lines unchanged ...]",
        "# … rest of the code …",
        "-- ... previous lines ...",
        "# ... (rest of the methods remain the same)",
        "# ... rest of the file unchanged",
        "# rest of the file unchanged",
        "// The rest of the code remains unchanged",
        "# Rest of the file stays the same",
        "# existing imports unchanged",
        "# other methods here",
        "# rest of the code...",
        "# existing code...",
        "... rest of the file remains unchanged ...",
        "... (other functions)",
        "# ... existing User class code ...",
        "# ... existing code for the handlers",
    ],
)
def test_a_line_that_says_it_leaves_lines_out_is_seen(text: str) -> None:
    assert is_elision(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "    ...",
        "# ...",
        "x = ...",
        "def f() -> None: ...",
        "return {...existing, content}",
        "...existing.content,",
        "...previous.lines",
        "# Loading the existing file...",
        "# the existing code handles this",
        "# ...then the existing file is removed",
        "print('... existing code ...')",
        "# rest",
        "# Previous lines are kept in a ring buffer",
        "raise ValueError('... same file ...')",
        "# other",
        "# " + "existing code " * 100 + "...",
        "The rest of the file is unchanged.",
        "# remaining time...",
    ],
)
def test_code_and_comments_with_the_same_words_are_left_alone(text: str) -> None:
    assert not is_elision(text)


@pytest.mark.parametrize(
    "text",
    [
        "...",
        "  …",
        "# ...",
        "// ...",
        "/* ... */",
        "<!-- ... -->",
        "[...]",
        "(...)",
        "-- ...",
        "{/* ... */}",
        "# .....",
    ],
)
def test_dots_and_nothing_else_are_seen(text: str) -> None:
    assert is_dots(text)


@pytest.mark.parametrize("text", ["", "..", "x...", "# ... x", "... existing code ...", "# .", "." * 300])
def test_dots_with_anything_else_are_not_bare(text: str) -> None:
    assert not is_dots(text)


@given(st.text(alphabet="#/*.… <>-![](){}restofcdlinxgun\t", max_size=120))
def test_any_text_is_answered(text: str) -> None:
    assert is_elision(text) in {True, False}
    assert is_dots(text) in {True, False}
