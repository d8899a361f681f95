"""Search/replace blocks as models really write them: each becomes a hunk of its file or is refused by name."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.patches.formats.search_replace import read
from agentos_action.patches.marks import SEARCH
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk, Reading

BLOCK = "<<<<<<< SEARCH\none\ntwo\n=======\none\nzwei\n>>>>>>> REPLACE"
SIGNED = [(" ", "one"), ("-", "two"), ("+", "zwei")]


def reading(answer: str, *files: str) -> Reading:
    """Read an answer."""
    return read(answer.split("\n"), files)


def hunks(answer: str, *files: str) -> dict[str | None, list[Hunk]]:
    """Return the hunks by path."""
    return {section.new_path: section.hunks for section in reading(answer, *files).sections}


def code(answer: str, *files: str) -> str:
    """Return the id of the refusal."""
    with pytest.raises(Refused) as refused:
        reading(answer, *files)
    (finding,) = refused.value.findings
    assert finding.hint
    return finding.id


@pytest.mark.parametrize(
    "answer",
    [
        f"src/a.py\n{BLOCK}",
        f"src/a.py\n```python\n{BLOCK}\n```",
        f"```python\nsrc/a.py\n{BLOCK}\n```",
        f"```\n# src/a.py\n{BLOCK}\n```",
        f"```python src/a.py\n{BLOCK}\n```",
        f"```python:src/a.py\n{BLOCK}\n```",
        f'```python title="src/a.py"\n{BLOCK}\n```',
        f"```src/a.py\n{BLOCK}\n```",
        f"**src/a.py**\n\n```\n{BLOCK}\n```",
        f"**`src/a.py`**:\n~~~~\n{BLOCK}\n~~~~",
        f"### File: `src/a.py`\n```\n{BLOCK}\n```",
        f"**File:** src/a.py\n```\n{BLOCK}\n```",
        f"./src/a.py:\n{BLOCK}",
        f"1. `src/a.py` (modified)\n{BLOCK}",
        f"## src/a.py\n\nThe second line is wrong, so:\n\n```\n{BLOCK}\n```",
        f"<path>src/a.py</path>\n<diff>\n{BLOCK}\n</diff>",
        f"<<<<<<< SEARCH src/a.py\n{BLOCK.partition(chr(10))[2]}",
        f"src/a.py\n{BLOCK}".replace("SEARCH", "SEARCH  ").replace("=======", "======= \t"),
        f"src/a.py\n{BLOCK}".replace("SEARCH", "ORIGINAL").replace("REPLACE", "UPDATED"),
        f"src/a.py\n{BLOCK}".replace("<<<<<<< S", "------- S").replace(">>>>>>> ", "+++++++ "),
        f"src/a.py\n{BLOCK}".replace("<<<<<<<", "<<<<<")
        .replace("=======", "=========")
        .replace(">>>>>>>", ">>>>>>>>>"),
        "- src/a.py\n  " + BLOCK.replace("\n", "\n  "),
        "1. Change it:\n\n   src/a.py\n   ```\n   " + BLOCK.replace("\n", "\n   ") + "\n   ```",
    ],
)
def test_one_block_in_many_dresses(answer: str) -> None:
    found = reading(answer)
    (section,) = found.sections
    assert (section.old_path, section.new_path) == ("src/a.py", "src/a.py")
    assert [hunk.lines for hunk in section.hunks] == [SIGNED]
    assert section.hunks[0].start == 0
    assert answer.split("\n")[section.line - 1].strip().startswith(("<<<<<", "------- SEARCH"))


@pytest.mark.parametrize("answer", [BLOCK, f"Here it is:\n\n```\n{BLOCK}\n```", f"In `a.py`, change this:\n{BLOCK}"])
def test_the_only_file_shown_serves_where_no_path_stands(answer: str) -> None:
    assert list(hunks(answer, "a.py")) == ["a.py"]


def test_a_sentence_names_the_file_it_sets_in_backticks() -> None:
    assert list(hunks(f"In `b.py` the `name` is wrong:\n```\n{BLOCK}\n```", "a.py", "b.py")) == ["b.py"]


def test_a_name_without_suffix_is_taken_if_it_was_shown() -> None:
    assert list(hunks(f"run me\n{BLOCK}\nMakefile\n{BLOCK}", "run me", "x")) == ["run me", "Makefile"]


def test_a_path_carries_over_and_each_file_has_one_section() -> None:
    answer = f"a.py\n```\n{BLOCK}\n\n{BLOCK}\n```\n\nThen:\n```\n{BLOCK}\n```\nb.py\n{BLOCK}\na.py\n{BLOCK}"
    found = hunks(answer)
    assert list(found) == ["a.py", "b.py"]
    assert [hunk.line for hunk in found["a.py"]] == [3, 11, 22, 39]
    assert [hunk.line for hunk in found["b.py"]] == [31]


def test_the_spans_cover_paths_fences_and_blocks_and_nothing_else() -> None:
    answer = f"Hello.\na.py\n```\n{BLOCK}\n```\nAnd\n{BLOCK}\nBye."
    assert reading(answer).spans == [(1, 11), (12, 19)]


def test_an_answer_without_blocks_is_empty() -> None:
    for answer in (
        "",
        "Nothing to do.",
        "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> main",
        "<<<<<<<<<< SEARCH",
        "----- SEARCH x",
    ):
        assert reading(answer) == Reading()


def test_the_mark_opens_blocks_only() -> None:
    assert all(SEARCH.match(text) for text in ("<<<<<<< SEARCH", "<<<<< ORIGINAL", "------- SEARCH", "<<<<<<< SEARCH>"))
    assert not any(SEARCH.match(text) for text in ("<<<<<<< HEAD", "----- ORIGINAL", "---- SEARCH", "x <<<<<<< SEARCH"))


def test_an_empty_search_makes_the_file() -> None:
    (section,) = reading("n.py\n<<<<<<< SEARCH\n=======\nx\n\n>>>>>>> REPLACE").sections
    assert (section.old_path, section.new_path, section.content) == (None, "n.py", "x\n\n")
    (section,) = reading("n.py\n<<<<<<< SEARCH\n\n=======\n>>>>>>> REPLACE").sections
    assert section.content == ""


def test_an_empty_replace_deletes_the_lines() -> None:
    found = hunks("a\n<<<<<<< SEARCH\nx\ny\n=======\n>>>>>>> REPLACE", "a")
    assert found["a"][0].lines == [("-", "x"), ("-", "y")]


def test_equal_sides_stay_a_hunk_of_context() -> None:
    assert hunks("a.py\n<<<<<<< SEARCH\nx\n=======\nx\n>>>>>>> REPLACE")["a.py"][0].lines == [(" ", "x")]


def test_removed_lines_stand_before_added_ones_within_each_change() -> None:
    answer = "a.py\n<<<<<<< SEARCH\na\nb\nc\nd\ne\n=======\nA\nb\nX\nY\nd\ne\nf\n>>>>>>> REPLACE"
    signs = "".join(sign for sign, _ in hunks(answer)["a.py"][0].lines)
    assert signs == "-+ -++  +"


def test_a_diff_within_a_block_is_text() -> None:
    answer = "a.txt\n<<<<<<< SEARCH\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n=======\n-b\n>>>>>>> REPLACE"
    assert hunks(answer)["a.txt"][0].old == ["--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a"]


def test_line_numbers_as_roo_writes_them_are_a_claim_and_no_text() -> None:
    answer = "a.py\n<<<<<<< SEARCH\n:start_line:12\n:end_line:13\n-------\none\n=======\ntwo\n>>>>>>> REPLACE"
    (hunk,) = hunks(answer)["a.py"]
    assert (hunk.start, hunk.lines) == (12, [("-", "one"), ("+", "two")])


def test_a_heading_rule_is_told_from_the_divider_by_its_length_or_its_indentation() -> None:
    by_length = "a.rst\n<<<<<<< SEARCH\nTitle\n=====\n=======\nName\n=====\n>>>>>>> REPLACE"
    assert hunks(by_length)["a.rst"][0].new == ["Name", "====="]
    by_indent = "a.py\n<<<<<<< SEARCH\n    Title\n    =======\n=======\n    Name\n    =======\n>>>>>>> REPLACE"
    assert hunks(by_indent)["a.py"][0].old == ["    Title", "    ======="]
    long_rule = "a.rst\n<<<<<<< SEARCH\nA long title\n============\n=======\nB\n>>>>>>> REPLACE"
    assert hunks(long_rule)["a.rst"][0].new == ["B"]


def test_indentation_of_the_text_stays() -> None:
    text = "<<<<<<< SEARCH\n    one\n=======\n    two\n>>>>>>> REPLACE"
    assert hunks(f"a.py\n{text}")["a.py"][0].old == ["    one"]
    beside = text.replace("<<<<<<<", "    <<<<<<<").replace("===", "    ===", 1).replace(">>>>>>>", "    >>>>>>>")
    assert hunks(f"a.py\n{beside}")["a.py"][0].old == ["    one"]


def test_a_fence_within_the_text_is_text() -> None:
    answer = f"a.md\n````\n{BLOCK.replace('one', '```sh')}\n````\n{BLOCK}"
    assert [hunk.old for hunk in hunks(answer)["a.md"]] == [["```sh", "two"], ["one", "two"]]


@pytest.mark.parametrize("end", [1, 2, 3, 4, 5, 6])
def test_a_block_that_is_cut_off_is_refused(end: int) -> None:
    cut = "\n".join(BLOCK.split("\n")[:end])
    assert code(f"a.py\n{cut}") == "patch.truncated"
    assert code(f"a.py\n```\n{BLOCK}\n\n{cut}") == "patch.truncated"


@pytest.mark.parametrize("tail", ["<<<<<<<", "<<<<<<< SEA", "------- SE"])
def test_an_opening_line_that_is_cut_off_after_a_block_is_refused(tail: str) -> None:
    assert code(f"a.py\n{BLOCK}\nb.py\n{tail}") == "patch.truncated"


def test_a_block_that_is_cut_off_within_its_last_line_is_refused() -> None:
    assert code(f"a.py\n{BLOCK[:-3]}") == "patch.truncated"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (BLOCK, "patch.no-file"),
        (f"Before/After:\n{BLOCK}", "patch.no-file"),
        (f"Here is the change in app.py\n{BLOCK}", "patch.no-file"),
        (f"`pip install -r a.txt`\n{BLOCK}", "patch.no-file"),
        ("a.py\n<<<<<<< SEARCH\none\n>>>>>>> REPLACE", "patch.malformed"),
        (f"a.py\n<<<<<<< SEARCH\none\n{BLOCK}", "patch.malformed"),
        (f"a.py\n<<<<<<< SEARCH\none\n=======\ntwo\n{BLOCK}", "patch.malformed"),
        ("a.py\n```\n<<<<<<< SEARCH\none\n=======\ntwo\n```\nDone.", "patch.malformed"),
        ("a.rst\n<<<<<<< SEARCH\nTitle\n=======\nx\n=======\ny\n>>>>>>> REPLACE", "patch.malformed"),
        ("a.rst\n<<<<<<< SEARCH\nA\n=====\nx\n======\ny\n>>>>>>> REPLACE", "patch.malformed"),
    ],
)
def test_blocks_that_mean_no_one_thing_are_refused_by_name(answer: str, expected: str) -> None:
    assert code(answer, "a.py", "b.py") == expected


@pytest.mark.parametrize(
    "text",
    [
        "<<<<<<< SEARCH\n" * 70_000,
        "```\n<<<<<<< SEARCH\n" * 50_000,
        "a.py\n" * 200_000,
        "```\n" * 250_000,
        "=======\n" * 130_000,
        "<<<<<<< SEARCH\n" + "=======\n" * 130_000,
        "a.py\n" + "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n" * 20_000,
        "a.py\n<<<<<<< SEARCH\n" + "a\n" * 250_000 + "=======\n" + "b\n" * 250_000 + ">>>>>>> REPLACE\n",
        "a.py\n" + ("<<<<<<< SEARCH\n" + "a\nb\n" * 250 + "=======\n" + "b\na\n" * 250 + ">>>>>>> REPLACE\n") * 400,
        " " * 1_000_000,
        "`" * 1_000_000,
        "*" * 1_000_000 + "a.py",
    ],
)
def test_a_long_answer_is_read_quickly(text: str) -> None:
    lines = text.split("\n")
    began = time.process_time()
    with contextlib.suppress(Refused):
        read(lines)
    assert time.process_time() - began < 20


PARTS = st.sampled_from(
    [
        *BLOCK.split("\n"),
        "a.py",
        "```",
        "```python b.py",
        "~~~",
        "",
        "  <<<<<<< SEARCH",
        "------- SEARCH",
        ":start_line:3",
        "-------",
        "+++++++ REPLACE",
        "**c.py**:",
        "====",
        "=====",
        "<<<<<<< HEAD",
        "x" * 400,
        "\udce9",
        "`\x00`",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS | st.text(), max_size=30), st.sampled_from([(), ("a.py",), ("a.py", "x y")]))
def test_any_lines_are_read_or_refused(lines: list[str], files: tuple[str, ...]) -> None:
    found = Reading()
    with contextlib.suppress(Refused):
        found = read(lines, files)
    assert all(0 <= first < end <= len(lines) for first, end in found.spans)
    assert bool(found.sections) == bool(found.spans)


@given(st.lists(st.sampled_from("abc"), min_size=1), st.lists(st.sampled_from("abc")))
def test_both_texts_come_out_of_the_signed_lines_again(old: list[str], new: list[str]) -> None:
    answer = ["a.py", "<<<<<<< SEARCH", *old, "=======", *new, ">>>>>>> REPLACE"]
    (section,) = read(answer).sections
    assert (section.hunks[0].old, section.hunks[0].new) == (old, new)
