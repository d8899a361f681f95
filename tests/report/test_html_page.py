"""The page of a run: text stays text whatever it is, the page stays small, and the same run gives the same page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentos_action.report.html_page import page
from agentos_action.report.html_text import text
from agentos_action.report.html_view import RunView, view_of
from tests.report.pages import one_change, page_of, skeleton, view

ANY = st.text(st.characters(exclude_categories=()), min_size=1, max_size=40).filter(lambda said: said.strip() != "")
HOSTILE = st.lists(
    st.sampled_from([
        "<script>", "</style>", "</pre>", "<!--", "-->", "]]>", "<![CDATA[", "<?x", "&lt;", "&#60;", '" onload="x',
        "' x='", "<img src=x onerror=y>", "</details>", "\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\ud800", "\n",
        "\r", "=", "`", "javascript:", "<a href=//e.test>", "</table>", "{", "}", "\\u202e", "@@ -1 +1 @@", "+", "-",
    ]),
    min_size=1,
    max_size=8,
).map("".join).filter(lambda said: said.strip() != "")  # fmt: skip

PLAIN = skeleton(page_of("x"))


@settings(max_examples=60)
@given(ANY | HOSTILE)
@example("</style><script>alert(1)</script>")
@example("\ud800\u202e\x00<!--")
def test_text_adds_no_element_and_no_attribute(said: str) -> None:
    found = skeleton(page_of(said))
    assert found.other == []
    assert _bones(found.elements) == _bones(PLAIN.elements)


def _bones(elements: list[tuple[str, tuple[tuple[str, str | None], ...]]]) -> list[object]:
    """Return elements without what the words decide: whether a blank name leaves a fact or a hunk's words out."""
    return [element for element in elements if element[0] not in {"div", "dt", "dd", "b", "rect"}]


@given(ANY | HOSTILE)
def test_a_text_is_shown_whole_and_nothing_in_it_steers(said: str) -> None:
    found = skeleton(f"<p>{text(said)}</p>")
    assert [name for name, _ in found.elements] == ["p"]
    assert set(found.marks) <= {"i"}
    shown = "".join(found.text)
    assert not any(
        unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\n\t" for char in shown
    )
    plain = re.sub(r"<i>\\(?:x(..)|u(....)|U(.{8}))</i>", lambda m: chr(int(m[1] or m[2] or m[3], 16)), text(said))
    signs = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'", "&amp;": "&"}
    assert re.sub(r"&[a-z#0-9]+;", lambda m: signs[m[0]], plain) == said


@given(
    st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(max_size=8) | st.lists(st.integers())),
    st.sampled_from(["task", "policy", "findings", "checks", "usage", "timing_ms", "placements", "left", "message"]),
    st.none() | st.integers() | st.booleans() | st.text() | st.lists(st.none()) | st.just({}),
)
def test_any_json_has_a_page(summary: dict[str, object], key: str, value: object) -> None:
    row = json.dumps({**summary, key: value}).encode()
    assert skeleton(page(view_of(row, row + b"\n{cut", row + b"\n[]", b"\xff\n@@ -1 +1 @@\n"))).other == []


def test_nothing_is_loaded_and_nothing_runs() -> None:
    html = page_of("x")
    found = skeleton(html)
    names = {name for name, _ in found.elements}
    assert names.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base", "embed"})
    told = [(key, value) for _, attributes in found.elements for key, value in attributes]
    assert not [key for key, _ in told if key.startswith("on") or key in {"src", "style"}]
    assert all((value or "").startswith("#") for key, value in told if key == "href")
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert ("meta", (("http-equiv", "Content-Security-Policy"), ("content", policy))) in found.elements
    assert "url(" not in style
    assert "@import" not in style


def test_every_link_and_every_heading_has_its_place() -> None:
    elements = PLAIN.elements
    ids = [value for _, attributes in elements for key, value in attributes if key == "id"]
    assert len(ids) == len(set(ids))
    wanted = [value for _, attributes in elements for key, value in attributes if key in {"href", "aria-labelledby"}]
    assert {(value or "").removeprefix("#") for value in wanted} <= set(ids)
    assert [name for name, _ in elements if name == "h1"] == ["h1"]
    assert ("html", (("lang", "en"),)) in elements


def test_the_same_run_gives_the_same_page() -> None:
    assert page(view("a < b")) == page(view("a < b"))


def shown(html: str) -> str:
    """Return what a reader sees."""
    return " ".join("".join(skeleton(html).text).split())


def test_what_a_reader_looks_for_is_there() -> None:
    seen = shown(page(view("x", diff=one_change("word"), status="committed")))
    for words in ("Committed", "1,867 in (5 cached), 40 out", "+2 −1 in 1 file", "docs/findings.md, x"):  # noqa: RUF001
        assert words in seen
    assert "agentos evidence verify DIR" in seen


def test_each_file_says_how_much_of_it_changes() -> None:
    assert "<ins>+2</ins> <del>−1</del>" in page(view("x", diff=one_change("word")))  # noqa: RUF001


def test_only_what_changed_in_a_line_is_marked() -> None:
    html = page(view("x", diff=one_change("word")))
    assert "<mark>old</mark> word tail" in html
    assert "<mark>new</mark> word tail" in html


def test_lines_that_share_nothing_are_not_marked() -> None:
    diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1 +1 @@\n-alpha beta\n+something else\n"
    assert "<mark>" not in page(view("x", diff=diff))


def test_a_line_of_dashes_is_a_line() -> None:
    diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n--- not a header\n-diff --git a/g b/g\n+x\n"
    seen = shown(page(view("x", diff=diff)))
    assert "-- not a header" in seen
    assert "in 1 file" in seen


def test_numbers_follow_git() -> None:
    diff = "diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -7,3 +9,4 @@\n a\n-b\n+B\n+C\n d\n"
    html = page(view("x", diff=diff))
    table = html.partition('<section id="change"')[2].partition("</section>")[0]
    numbers = re.findall(r'<td class="n">(\d*)</td>', table)
    assert numbers == ["7", "9", "8", "10", "", "11", "9", "12"]


def ascii_of(line: str) -> str:
    """Return a short name of a case."""
    return ascii(line[:2])


@pytest.mark.parametrize("line", ["x" * 79, "\u202e" * 79, "&" * 79, "a b " * 20, "漢" * 79], ids=ascii_of)
def test_a_large_diff_gives_a_page_of_bounded_size(line: str) -> None:
    count = 1_000_000 // len(line.encode())
    lines = "".join(f"-{line}{at}\n+{line}{at + 1}\n" for at in range(count // 2))
    diff = f"diff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,{count // 2} +1,{count // 2} @@\n{lines}"
    html = page(view("x", diff=diff))
    assert len(html.encode()) < 600_000
    assert "The diff is longer" in html


def test_large_texts_are_cut_and_the_rest_is_counted() -> None:
    html = page(view("\u202e" * 120_000, diff=""))
    assert len(html.encode()) < 2_000_000
    assert "100,000 more characters" in html


def test_a_diff_of_many_files_says_how_many_are_left_out() -> None:
    one = "diff --git a/f{0} b/f{0}\n--- a/f{0}\n+++ b/f{0}\n@@ -1 +1 @@\n-a\n+b\n"
    html = page(view("x", diff="".join(one.format(at) for at in range(3000))))
    assert len(html.encode()) < 600_000
    assert re.search(r"The diff is longer and [\d,]+ more files", html)


def test_a_bundle_without_content_has_a_page_that_says_so() -> None:
    told = view("x")
    rows = tuple({**row, "answer": None} for row in told.answers)
    seen = shown(page(RunView(told.summary, told.events, rows, None)))
    assert "keeps no diff" in seen
    assert "keeps the digest of this text" in seen


def test_a_run_that_ended_at_once_has_a_page() -> None:
    found = view_of(b'{"status":"usage","message":"no model is chosen","task":null}')
    seen = shown(page(found))
    assert "Usage no model is chosen" in seen
    assert "ended before its task was read" in seen


def test_lines_that_cannot_be_read_are_counted() -> None:
    assert "2 lines of the bundle could not be read" in shown(page(view_of(b"{}", b"{cut\n", b"[]\n")))
