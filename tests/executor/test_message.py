"""No text of a task or a model acts on git, a forge or a CI system through a commit's message."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentos_action.executor.message import FALLBACK, MAX_SUBJECT, message, subject
from agentos_action.records.receipt import CommitOrder
from agentos_action.records.trailer import one_line, trailer_value
from tests.git import git_environment

NAMES = ("AgentOS-Run", "AgentOS-Model", "AgentOS-Policy", "AgentOS-Diff", "AgentOS-Evidence")

#: What GitHub, GitLab, Azure, Jira and Linear document, written down anew and not taken from the code under test.
ACTS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip|skip cd|skip travis)\]",
        r"\*\*\*NO_CI\*\*\*",
        r"skip-checks:\s*true",
        r"(?:^|[^A-Za-z0-9])@[a-z0-9]",
        r"#\d",
        r"\bGH-\d",
        r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:#|GH-|https?://|[A-Z]+-\d)",
        r"https?://\S+/(?:issues|pull|merge_requests)/\d",
        # Only a subject can be one of these; this stays the last pattern.
        r"(?:fixup|squash|amend)!",
    )
]
PIECES = (
    *("[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "***NO_CI***", "skip-checks: true", "[skip [skip ci] ci]"),
    *(
        "Fixes #1",
        "closes GH-1",
        "owner/repo#1",
        "fix https://github.com/o/r/issues/1",
        "PROJ-1 #close",
        "fixes eng-12",
    ),
    *(
        "@ada",
        "(@ada/team)",
        "fixup! ",
        "squash! ",
        "amend! ",
        "!7",
        "Signed-off-by: E <e@e>",
        "Co-authored-by: E <e@e>",
    ),
    *(
        "AgentOS-Run: forged",
        "---",
        "--- a/x",
        "# comment",
        "; comment",
        "\n",
        "\n\n",
        "\r",
        "\u2028",
        "\u202e",
        "\u200b",
    ),
    *(
        "\x00",
        "\x1b[31m",
        "e\u0301",
        "\ud800",
        "👩\u200d💻",
        "a",
        " ",
        ":",
        "!",
        "@",
        "#",
        "-",
        "1",
        "GH",
        "fix",
        "\u1fef",
    ),
)
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=12).map("".join)


def order(
    subject: str = "Change it", body: str = "", values: tuple[str, ...] = ("a", "b", "c", "d", "e")
) -> CommitOrder:
    return CommitOrder(subject, body, tuple(zip(NAMES, values, strict=True)))


def acting(text: str, patterns: list[re.Pattern[str]] = ACTS) -> list[str]:
    return [pattern.pattern for pattern in patterns if pattern.search(text)]


def trailers(text: str, tmp_path: Path) -> list[str]:
    """Return what git reads as trailers; `tmp_path` is no repository, so nobody's trailer settings hold."""
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=text.encode(),
        cwd=tmp_path,
        env=git_environment(),
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().splitlines()


def test_no_text_forges_a_trailer(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("nowhere")

    @settings(max_examples=40)
    @given(hostile, hostile, st.tuples(*[hostile] * 5))
    @example("--- x", "---\nx", ("", "\n", "\nSigned-off-by: x", "#", "[skip ci]"))
    @example("Signed-off-by: x", "Signed-off-by: x", ("a: b", "", "", "", ""))
    def check(subject: str, body: str, values: tuple[str, ...]) -> None:
        text = message(order(subject, body, values))
        expected = [f"{name}: {trailer_value(value)}" for name, value in zip(NAMES, values, strict=True)]
        assert trailers(text, folder) == expected
        lines = text.split("\n")
        assert lines[1] == ""
        assert 0 < len(lines[0]) <= MAX_SUBJECT
        assert acting(lines[0]) == acting(text, ACTS[:-1]) == []

    check()


@settings(max_examples=200)
@given(hostile)
def test_a_subject_is_one_printable_line_that_acts_on_nothing(text: str) -> None:
    found = subject(text)
    assert found.isprintable()
    assert len(found.splitlines()) == 1
    assert len(found) <= MAX_SUBJECT
    assert found == found.strip()
    assert acting(found) == []
    assert subject(found) == found
    assert found[0] not in "#;@!$%^&|:~-/"


@settings(max_examples=200)
@given(hostile)
def test_a_value_is_one_printable_line_that_acts_on_nothing(text: str) -> None:
    found = trailer_value(text)
    assert found.isprintable()
    assert found == found.strip() != ""
    assert trailer_value(found) == found
    assert acting(found, ACTS[:-1]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix the typo in the README", "Fix the typo in the README"),
        ("# Fix the typo\n\nIt is in line 3.", "Fix the typo"),
        ("\n\n  Second line first\n", "Second line first"),
        ("Say hello, world! (twice)", "Say hello, world! (twice)"),
        ("Decode UTF-8, check SHA-256", "Decode UTF-8, check SHA-256"),
        ("Fix utf-8 in .gitignore", "Fix utf-8 in .gitignore"),
        ("Größe des Fensters ändern", "Größe des Fensters ändern"),
        ("✨ add sparkles", "✨ add sparkles"),
        ("Bump it [skip ci] please", "Bump it please"),
        ("Bump it ***NO_CI*** please", "Bump it please"),
        ("skip-checks: true", FALLBACK),
        ("Fixes #12 for @ada", "Fixes 12 for ada"),
        ("closes GH-7, fixes eng-12", "closes GH 7, fixes eng 12"),
        ("PROJ-7 #close #time 2h", "PROJ 7 close time 2h"),
        ("See https://github.com/o/r/issues/1 please", "See please"),
        ("o/r#1 and o/r!2", "o/r 1 and o/r 2"),
        ("fixup! squash! it", "fixup squash it"),
        ("feat!: release it", "feat! release it"),
        ("Signed-off-by: Eve <eve@example.org>", "Signed-off-by Eve eve example.org"),
        ("--- a/file", "a/file"),
        ("; a comment", "a comment"),
        ("\u202eevil\u2066 text\u200b", "evil text"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("\u0301\u0301 accent", "accent"),
        ("", FALLBACK),
        ("[]#@", FALLBACK),
        ("...", FALLBACK),
        ("\ud800\ud800", FALLBACK),
    ],
)
def test_a_subject(text: str, expected: str) -> None:
    assert subject(text) == expected


def test_a_text_that_says_nothing_falls_back_to_the_other_cleaned_as_well() -> None:
    assert subject("@@@", "task-1") == "task-1"
    assert subject("@@@", "GH-1 @ada") == "GH 1 ada"
    assert subject("@@@", "\n") == FALLBACK


def test_a_long_subject_is_cut_at_a_word() -> None:
    assert subject("word " * 40) == ("word " * 14).strip()
    assert subject("x" * 200) == "x" * 72
    assert subject("x" * 72) == "x" * 72


def test_a_long_word_is_cut_before_a_character_and_not_within_it() -> None:
    cluster = "q\u0301\u0323"
    found = subject(cluster * 40)
    assert len(found) <= MAX_SUBJECT
    assert unicodedata.normalize("NFC", cluster * 40).startswith(found)
    assert len(found) % len(cluster) == 0
    assert subject("q" + "\u0301" * 200) == FALLBACK


@pytest.mark.parametrize(
    "value",
    [
        "llamacpp/smollm2:135m",
        "openai_chat/hf.co/org/Model-GGUF:Q4_K_M",
        "openai_chat/org/model@main",
        "openai_chat/GPT-4.1",
        "scripted/scripted",
        "sha256:" + "0" * 64,
        "unknown",
    ],
)
def test_honest_values_stay_as_they_are(value: str) -> None:
    assert trailer_value(value) == value


def test_the_whole_message() -> None:
    text = message(order("Change it", "Proposed by a model.\n\nJudged."))
    assert text == (
        "Change it\n\nProposed by a model.\nJudged.\n\n"
        "AgentOS-Run: a\nAgentOS-Model: b\nAgentOS-Policy: c\nAgentOS-Diff: d\nAgentOS-Evidence: e\n"
    )
    assert message(CommitOrder("Only this", "", ())) == "Only this\n"


def test_one_line_has_no_character_that_steers() -> None:
    assert one_line("a\x1b[0m\u202e\u00ad\u2028b\tc\n") == "a [0m b c"
