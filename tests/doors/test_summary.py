"""The job summary through a real Markdown renderer: foreign text stays text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from agentos_action.records.delivery import Delivered
from agentos_action.records.recipe import LeftAlone
from agentos_action.records.run import RunReport
from agentos_action.records.tool import Usage
from agentos_action.records.verdict import Finding
from agentos_action.report.summary import MAX_DIFF, MAX_ROWS, summary

HOSTILE = (
    "</code></td></details><script>alert(1)</script> ![x](http://x.example/p.png) | a | @octocat #1 "
    "`` ` `` www.example.com [a](javascript:b) <!-- \r\n\n```\n# Heading\n~~~\n"
)
TAGS = {"h2", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "br", "details", "summary", "pre"}


class Page(HTMLParser):
    """Reads rendered HTML: its tags in order, those that stand open, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag, which must be this one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def page(report: RunReport, task: str = "recipe docstrings", name: str | None = "evidence") -> Page:
    """Render a report's summary as a forge does: Markdown with tables and HTML."""
    text = summary(report, task=task, evidence_name=name)
    return Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))


def report_of(text: str, diff: str = "") -> RunReport:
    """Return a report with this text in every place that a model, a task or a file name can reach."""
    return RunReport(
        status="rejected",
        exit_code=1,
        message=text,
        hint=text,
        run_id="20260102T030405Z-00000000",
        evidence="/somewhere",
        findings=(Finding(id="paths.forbidden", path=text, line=3, message=text, hint=text),),
        diff=diff,
        files=(text, text),
        commit="0" * 40,
        branch=text,
        model_id=text,
        usage=Usage(prompt_tokens=1234, completion_tokens=5),
        timing_ms={"total": 1500, "tool": 1400},
        left=(LeftAlone("a.py::f", text, 2, text),),
    )


def assert_harmless(read: Page) -> None:
    """Assert that only our own tags are there, all closed, without an attribute that could do anything."""
    assert set(read.tags) <= TAGS
    assert not read.open
    assert read.attributes <= {"class"}


def test_hostile_text_is_text_everywhere() -> None:
    diff = "diff --git a/x b/x\n@@ -1 +1,9 @@\n " + HOSTILE.replace("\n", "\n+") + "\n````\n ```\n"
    read = page(report_of(HOSTILE, diff), task=HOSTILE, name=HOSTILE)
    assert_harmless(read)
    assert read.tags.count("details") == 2
    assert read.tags.count("table") == 3
    assert read.text.count("<script>alert(1)</script>") >= 10
    assert "+# Heading" in read.text


@given(st.text(max_size=80), st.text(alphabet="`~\n <>/&|+-#dets\r\t\\", max_size=120))
def test_no_text_makes_a_tag(text: str, diff: str) -> None:
    assert_harmless(page(report_of(text, diff), task=text))


def test_a_good_run_says_what_a_person_asks() -> None:
    read = page(
        RunReport(
            status="committed",
            exit_code=0,
            message="committed 0123456789 on main",
            run_id="r",
            evidence="/e/r",
            files=("a.py",),
            commit="0123456789",
            branch="main",
            model_id="smollm2-135m",
            usage=Usage(prompt_tokens=1234, cached_tokens=1000, completion_tokens=56),
            timing_ms={"total": 2345, "tool": 2000},
            diff="+a\n",
        )
    )
    for said in ("committed", "a.py", "smollm2-135m", "1,234 prompt (1,000 cached), 56 answer", "2.35 s", "artifact"):
        assert said in read.text, said


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("https://github.com/o/r-2/pull/7", 1),
        ("https://forge.example:8443/o/r/pull/7", 1),
        ("https://github.com/o/r/pull/7)](javascript:b", 0),
        ("https://github.com/o/r/pull/7><script>", 0),
        ("javascript:alert(1)", 0),
    ],
)
def test_a_pull_request_is_a_link_where_its_address_is_one(url: str, links: int) -> None:
    given = Delivered(way="pull-request", branch="agentos/a", done="opened", pull_request=7)
    read = page(report_of("x").model_copy(update={"delivery": given, "pull_request_url": url}))
    assert read.tags.count("a") == links
    assert url in read.text


def test_a_large_run_stays_below_what_a_runner_takes() -> None:
    findings = tuple(
        Finding(id="paths.forbidden", path="/" * 900, message="|" * 900, hint="<" * 900) for _ in range(500)
    )
    left = tuple(LeftAlone("f", "`" * 900, 1, "*" * 900) for _ in range(500))
    report = report_of("x", "+" + "\U0001f600" * 3 * MAX_DIFF).model_copy(update={"findings": findings, "left": left})
    text = summary(report, task="t" * 100_000, evidence_name="e")
    assert len(text.encode()) < 1024 * 1024
    assert f"{500 - MAX_ROWS} more findings are in the evidence." in text
    assert "The diff is longer" in text


def test_evidence_that_is_not_uploaded_is_said_to_stay() -> None:
    assert "not uploaded by this step" in page(report_of("x"), name=None).text


def test_an_event_that_asked_for_nothing_is_one_line() -> None:
    report = RunReport(status="no_change", exit_code=0, message=f"skipped: {HOSTILE}", run_id="r", evidence="/e/r")
    assert summary(report, task="t", evidence_name="e").count("\n") == 1
    read = page(report)
    assert_harmless(read)
    assert set(read.tags) == {"p", "code"}
