"""Fences, tags and lists round a diff: opened, closed, nested, and taken off."""

from __future__ import annotations

import pytest

from agentos_action.patches.frames import Frames, outdented

DIFF = ["--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b"]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("```", "```"),
        ("```diff", "```"),
        ("```diff", "`````"),
        ("~~~patch", "~~~"),
        ("  ```diff", "  ```"),
        ("  ```diff", "```"),
        ("<patch>", "</patch>"),
        ("<DIFF>", "</diff>"),
        ("<udiff>", "  </udiff>"),
    ],
)
def test_a_frame_is_open_until_its_own_end(opening: str, closing: str) -> None:
    frames = Frames()
    assert frames.step(opening)
    assert not frames.step("+x")
    assert frames.closed_by(closing)
    assert frames.step(closing)
    assert frames.open == []


@pytest.mark.parametrize(
    ("opening", "line"),
    [("```", "~~~"), ("````", "```"), ("```", " ```"), ("```", "``` x"), ("```", "+```"), ("<patch>", "</diff>")],
)
def test_what_does_not_close_a_frame(opening: str, line: str) -> None:
    frames = Frames()
    frames.step(opening)
    assert not frames.closed_by(line)


def test_a_fence_within_a_fence_is_text_and_within_a_tag_it_opens() -> None:
    frames = Frames()
    assert frames.step("````")
    assert not frames.step("```diff")
    frames = Frames()
    assert frames.step("<patch>")
    assert frames.step("```diff")
    assert [frame.closer for frame in frames.open] == ["patch", "```"]
    assert frames.step("</patch>")
    assert frames.open == []


def test_the_real_end_of_a_fence_is_looked_for_below_one_that_a_file_may_hold() -> None:
    frames = Frames()
    frames.step("```diff")
    assert frames.closed_again(["+a", " b", "```", "text"], 0)
    assert not frames.closed_again(["+a", "```python", "```"], 0)
    assert not frames.closed_again(["+a"] * 1_000 + ["```"], 0)


@pytest.mark.parametrize("indent", ["  ", "    ", "\t"])
def test_a_diff_in_a_list_is_read_without_the_list_s_indentation(indent: str) -> None:
    inside = [indent + line for line in ["```diff", *DIFF, "```"]]
    assert outdented(["- Change this:", *inside, "Done."]) == ["- Change this:", "```diff", *DIFF, "```", "Done."]
    assert outdented([indent + line for line in DIFF]) == DIFF


def test_lines_of_a_file_that_shows_a_diff_keep_their_sign() -> None:
    lines = ["--- a/n", "+++ b/n", "@@ -1,3 +1,3 @@", " --- a/x", " +++ b/x", "-two", "+zwei"]
    assert outdented(lines) == lines
    assert outdented(["```diff", *lines, "```"]) == ["```diff", *lines, "```"]


def test_an_indented_fence_below_a_diff_at_the_margin_is_still_taken_out() -> None:
    assert outdented([*DIFF, "1. And:", *(f"   {line}" for line in ["```diff", *DIFF, "```"])]) == [
        *DIFF,
        "1. And:",
        "```diff",
        *DIFF,
        "```",
    ]
