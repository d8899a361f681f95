"""Which format an answer is in, and that nothing in it is a second patch."""

from __future__ import annotations

import pytest

from agentos_action.patches.answer import plain
from agentos_action.patches.read import marks, reads_as_patch, sections_of
from agentos_action.patches.refusal import Refused
from agentos_action.records.task import EditFormat

DIFF = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-one\n+1\n"
BLOCK = "a.py\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE\n"
ENVELOPE = "*** Begin Patch\n*** Update File: a.py\n-one\n+1\n*** End Patch\n"
WHOLE = "a.py\n```python\n1\n```\n"
FILES = ("a.py",)


def quoted(text: str, sign: str) -> str:
    """Return the text with a sign before each line."""
    return "".join(f"{sign}{line}\n" for line in text.splitlines())


def refusal(answer: str, edit_format: EditFormat = "auto") -> str:
    """Return the id that an answer is refused with."""
    with pytest.raises(Refused) as refused:
        sections_of(plain(answer), edit_format, FILES)
    return refused.value.findings[0].id


@pytest.mark.parametrize(
    ("answer", "name"),
    [(DIFF, "unified_diff"), (BLOCK, "search_replace"), (ENVELOPE, "codex"), (WHOLE, "whole_file")],
)
def test_the_format_is_told_from_the_marks_or_fixed(answer: str, name: EditFormat) -> None:
    for edit_format in ("auto", name):
        found = sections_of(plain(f"Sure.\n\n{answer}\nDone.\n"), edit_format, FILES)
        assert found.edit_format == name
        assert [section.new_path for section in found.sections] == ["a.py"]


@pytest.mark.parametrize("edit_format", ["unified_diff", "search_replace", "codex", "whole_file"])
def test_an_answer_in_another_format_than_the_one_asked_for_is_refused(edit_format: EditFormat) -> None:
    others = [DIFF, BLOCK, ENVELOPE]
    wrong = others[(["unified_diff", "search_replace", "codex", "whole_file"].index(edit_format) + 1) % 3]
    assert refusal(wrong, edit_format) == "patch.no-diff"


@pytest.mark.parametrize("answer", ["", "I cannot.", "- one\n- two\n", "---\ntitle: x\n---\n", "a\n---\nb\n"])
def test_prose_is_no_patch(answer: str) -> None:
    assert refusal(answer) == "patch.no-diff"
    assert not reads_as_patch(answer)


@pytest.mark.parametrize(
    "answer",
    [
        f"{DIFF}\n{BLOCK}",
        f"{BLOCK}\n{DIFF}",
        f"```diff\n{DIFF}```\n{ENVELOPE}",
        f"```diff\n{DIFF}```\n\n{quoted(DIFF, '> ')}",
        f"```diff\n{DIFF}```\n\n{quoted(DIFF, '| ')}",
    ],
)
def test_a_second_patch_in_another_format_or_a_quotation_is_refused(answer: str) -> None:
    assert refusal(answer) == "patch.mixed"


def test_a_patch_in_a_comment_is_refused() -> None:
    assert refusal(f"<!--\n{DIFF}-->\nNothing to do.\n") == "patch.hidden"


@pytest.mark.parametrize("words", ["Use this instead:", "Scratch that.", "The above diff is wrong."])
def test_a_patch_that_the_answer_takes_back_is_refused(words: str) -> None:
    assert refusal(f"```diff\n{DIFF}```\n{words}\n```diff\n{DIFF.replace('+1', '+2')}```\n") == "patch.contradiction"


@pytest.mark.parametrize("answer", [DIFF, quoted(DIFF, "> "), BLOCK, ENVELOPE, f"<!-- {DIFF} -->", DIFF[:40]])
def test_whatever_could_be_a_patch_reads_as_one(answer: str) -> None:
    assert reads_as_patch(answer)


def test_the_marks_of_all_formats_are_found_in_the_order_of_the_answer() -> None:
    assert list(marks((BLOCK + ENVELOPE + DIFF).split("\n"))) == ["search_replace", "codex", "unified_diff"]
