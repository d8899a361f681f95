"""Line numbers that were copied from a prompt are taken off only where all old lines carry rising ones."""

from __future__ import annotations

import pytest

from agentos_action.patches.numbered import bare_lines, unnumbered
from agentos_action.patches.sections import Hunk
from tests.bases import Files
from tests.patches.making import after, read


def hunk(text: str) -> Hunk:
    """Return a hunk from its signed lines."""
    return Hunk([(line[:1], line[1:]) for line in text.split("\n")])


def test_the_numbers_go_and_the_first_one_says_where() -> None:
    found = unnumbered(hunk("  7| a\n-  8|     b\n+  8|     c"))
    assert found is not None
    assert (found.lines, found.start) == ([(" ", "a"), ("-", "    b"), ("+", "    c")], 7)


def test_added_lines_may_come_without_numbers() -> None:
    found = unnumbered(hunk("-8: b\n+c"))
    assert found is not None
    assert found.lines == [("-", "b"), ("+", "c")]


@pytest.mark.parametrize("text", [" 7| a\n-b", " 8| a\n-7| b", " a\n-b", "+1| a", " 7| a\n-7| b"])
def test_lines_that_are_not_all_numbered_upwards_stay(text: str) -> None:
    assert unnumbered(hunk(text)) is None


def test_a_whole_text_says_whether_most_of_its_lines_are_numbered() -> None:
    assert bare_lines(["1| a", "2|   b", "3|"]) == (["a", "  b", ""], True)
    assert bare_lines(["     1\ta", "     2\tb"]) == (["a", "b"], True)
    assert bare_lines(["1| a", "b", "c"]) == (["a", "b", "c"], False)
    assert bare_lines([]) == ([], False)


def test_a_file_that_really_has_numbers_keeps_them() -> None:
    answer = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n 1: a\n-2: b\n+2: c\n"
    assert after(read(answer, Files({"f": "1: a\n2: b\n"}))) == {"f": b"1: a\n2: c\n"}
