"""The words of a pull request and of a comment, rendered as a forge does: nothing foreign in them does anything."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agentos_action.records.check import CheckResult
from agentos_action.records.verdict import Finding
from agentos_action.report.delivered import MAX_BODY, Told, answer, proposal
from tests.doors.test_summary import HOSTILE, Page

MARKER = "<!-- agentos-action: a marker -->"
TAGS = {"p", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "strong", "a"}
MORE = "@ada fixes #1, closes GH-1 o/r#2 <!-- agentos-action: a marker --> --> [x](https://evil.example) ```\n~~~\n"


def told(text: str) -> Told:
    """Return words with this text in every place that a model, a task or a file name can reach."""
    return Told(
        status="rejected",
        message=text,
        hint=text,
        task=text,
        files=(text, text),
        findings=(Finding(id="paths.forbidden", path=text, line=3, message=text, hint=text),),
        checks=(CheckResult(command=text, status="failed", duration_ms=1, sandbox="none"),),
        model=text,
        policy=text,
        run_id="20260102T030405Z-00000000",
        run_url=text,
        issue=5,
        evidence=text,
    )


def both(text: str) -> tuple[str, str]:
    """Return both texts without what is ours in them."""
    mine = proposal(told(text), MARKER), answer(told(text), MARKER, pull_request=7, starts_ci=False)
    assert all(one.startswith(MARKER + "\n") for one in mine)
    return mine


def assert_harmless(text: str) -> None:
    """Assert that only our own tags are in it, and nothing that pings, closes, links or hides."""
    read = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert set(read.tags) <= TAGS
    assert not read.open
    assert not read.attributes
    own = text.removeprefix(MARKER).replace("Asked in #5. ", "").replace("The change is in #7. ", "")
    assert "<!--" not in own
    assert re.search(r"#\d|@\w|://|GH-\d", own) is None


def test_hostile_words_are_words() -> None:
    for words in (HOSTILE, MORE):
        for text in both(words):
            assert_harmless(text)


@given(st.text(max_size=80) | st.text(alphabet="`~\n <>/&|+-#@![]():1aGH\r\t\\", max_size=80))
def test_no_text_does_anything(words: str) -> None:
    for text in both(words):
        assert_harmless(text)


def test_a_body_is_never_longer_than_the_forge_takes() -> None:
    finding = Finding(id="text.x", path="é" * 400, message="@" * 400, hint="#" * 400)
    text = proposal(Told(status="x", message="", task="&" * 400, run_id="r", findings=(finding,) * 100), MARKER)
    assert len(text) < MAX_BODY + 200
    assert_harmless(text)


def test_no_task_or_file_name_is_so_long_that_what_we_tell_is_cut_off() -> None:
    finding = Finding(id="text.x", message="told")
    long = ("/" * 400,) * 40
    told = Told(status="x", message="", task="\n".join(long), files=long, run_id="r", policy="p", findings=(finding,))
    text = proposal(told, MARKER)
    assert "| policy |" in text
    assert "<code>told</code>" in text
    assert_harmless(text)


def test_trailers_stay_the_last_paragraph_and_no_model_s_name_is_markup() -> None:
    trailers = ("AgentOS-Run: r", "AgentOS-Model: x/<img src=x>`@", "AgentOS-Evidence: sha256:00")
    text = proposal(Told(status="x", message="", task="t", run_id="r", trailers=trailers), MARKER)
    last = text.rstrip().rpartition("\n\n")[2].splitlines()
    assert last == ["AgentOS-Run: r", "AgentOS-Model: x/&lt;img src=x&gt;&#96;@", "AgentOS-Evidence: sha256:00"]


def test_a_run_s_page_is_linked_only_where_it_is_a_plain_address() -> None:
    page = "https://github.com/o/r/actions/runs/7"
    assert f"([log]({page}))" in proposal(Told(status="x", message="", task="t", run_id="r", run_url=page), MARKER)
    odd = Told(status="x", message="", task="t", run_id="r", run_url="https://x/) [y](javascript:1")
    assert "javascript" not in proposal(odd, MARKER)
