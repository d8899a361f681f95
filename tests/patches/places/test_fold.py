"""How lines are compared: what each rung overlooks, and what it never does."""

from __future__ import annotations

import pytest

from agentos_action.patches.places.fold import FOLDS, alike, indent_of, telling
from agentos_action.records.patch import Rung


@pytest.mark.parametrize(
    ("one", "other", "first"),
    [
        ("a", "a", "exact"),
        ("a", "a \t", "blanks"),
        ("a", "  a", "indent"),
        ("\ta", "    a", "indent"),
        ("a  b", "a b", "lookalikes"),
        ("a\tb", "a b", "lookalikes"),
        ("a\u00a0b", "a b", "lookalikes"),
        ("\u201ca\u201d \u2018b\u2019", "\"a\" 'b'", "lookalikes"),
        ("a \u2013 b", "a - b", "lookalikes"),
        ("wait…", "wait...", "lookalikes"),
        ("a → b", "a -> b", "lookalikes"),
        ("zero\u200bwidth", "zerowidth", "lookalikes"),
        ("ﬁne", "fine", "lookalikes"),
    ],
)
def test_two_lines_are_alike_from_their_rung_on(one: str, other: str, first: Rung) -> None:
    equal = [rung for rung, fold in FOLDS.items() if fold(one) == fold(other)]
    assert equal == list(FOLDS)[list(FOLDS).index(first) :]


@pytest.mark.parametrize(("one", "other"), [("a", "A"), ("a b", "ab"), ("a = 1", "a = 2"), ("x", ""), ("<", "<=")])
def test_what_no_rung_overlooks(one: str, other: str) -> None:
    assert alike(one) != alike(other)


def test_the_indentation_is_what_stands_before_the_text() -> None:
    assert [indent_of(line) for line in ("a", "  a", "\t a ", "")] == ["", "  ", "\t ", ""]


@pytest.mark.parametrize(("line", "expected"), [("return", True), ("x12", True), ("fi", False), ("});", False)])
def test_a_line_tells_something_if_it_has_letters_or_digits(line: str, *, expected: bool) -> None:
    assert telling(line) == expected
