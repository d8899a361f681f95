"""An answer's text taken apart: byte order mark, thoughts, line ends, HTML escapes."""

from __future__ import annotations

import pytest

from agentos_action.patches.answer import plain, unescaped
from agentos_action.patches.refusal import Refused
from tests.bases import Files
from tests.patches.making import after, read

DIFF = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"


@pytest.mark.parametrize(
    "text",
    [
        DIFF,
        f"\ufeff{DIFF}",
        f"<think>Maybe\n--- a/x\n+++ b/x\n@@\n-x\n</think>\n{DIFF}",
        f"\n<Thinking>hm</Thinking>\n{DIFF}",
        DIFF.replace("\n", "\r\n"),
    ],
)
def test_what_its_way_did_to_an_answer_is_taken_off(text: str) -> None:
    found = plain(text)
    assert found.lines == DIFF.split("\n")[:-1]
    assert (found.crs, found.ended) == (None, True)


def test_thoughts_that_never_end_are_an_answer_that_was_cut_off() -> None:
    with pytest.raises(Refused) as refused:
        plain(f"<think>{DIFF}")
    assert refused.value.findings[0].id == "patch.truncated"


def test_thoughts_count_only_at_the_beginning() -> None:
    assert plain("a\n<think>b</think>").lines == ["a", "<think>b</think>"]


def test_carriage_returns_on_some_lines_are_the_file_s_own() -> None:
    found = plain("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\r\n+b\n")
    assert found.lines[3:] == ["-a", "+b"]
    assert found.crs == frozenset({3})


def test_an_answer_may_end_in_the_midst_of_a_line() -> None:
    assert not plain("a\nb").ended
    assert plain("a\nb\n").ended


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-&lt;b&gt;", "-<b>"),
        ("&amp;lt;", "&lt;"),
        ("&quot;&#39;&#x27;&apos;&#34;", "\"'''\""),
        ("&LT;", "<"),
        ("plain", None),
        ("&lt; and <", None),
        ("&lt; and a & b", None),
        ("<patch>\n&lt;\n</patch>", "<patch>\n<\n</patch>"),
        ("&lt; &nbsp;", "< &nbsp;"),
    ],
)
def test_escapes_are_undone_only_where_all_of_the_text_was_escaped(text: str, expected: str | None) -> None:
    assert unescaped(text) == expected


@pytest.mark.parametrize(
    ("file", "hunk", "expected"),
    [
        ("<b>\n", "-&lt;b&gt;\n+&lt;i&gt;\n", b"<i>\n"),
        ("x\n", " x\n+a &lt; b\n", b"x\na &lt; b\n"),
        ("<\n", " &lt;\n+a &lt; b\n", b"<\na < b\n"),
        ("&lt;\n", " &lt;\n+a &lt; b\n", b"&lt;\na &lt; b\n"),
        ("&lt;\n<\n", "-&lt;\n+&gt;\n", b"&gt;\n<\n"),
    ],
)
def test_an_escaped_answer_is_read_as_it_was_only_where_it_fits_in_no_other_way(
    file: str, hunk: str, expected: bytes
) -> None:
    answer = f"```diff\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n{hunk}```\n"
    assert after(read(answer, Files({"f": file}))) == {"f": expected}


@pytest.mark.parametrize("blank", [0, 1, 99])
def test_empty_lines_at_the_end_stay_and_only_a_flood_of_them_is_cut(blank: int) -> None:
    said = ["", *(["x"] * 150)]
    assert plain("\n".join([*said, *([""] * blank), ""])).lines == [*said, *([""] * blank)]
    assert len(plain("\n".join([*said, *([""] * 5_000)])).lines) < len(said) + 200
