"""Hostile text before a person or a log sees it: nothing in it steers, and nothing readable is lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.report.visible import forms_command, unobeyed, visible, visible_line

ANY = st.text(st.characters(exclude_categories=()), max_size=60)
#: Drawn often: what terminals, bidirectional layout and invisible tags are steered by.
STEERING = st.text(
    st.sampled_from("\x00\x07\x08\x0b\x0c\r\x1b\x7f\x85\x9b\xad\u061c\u180e\u200b\u200e\u2028\u202e\u2066\ufeff\ufff9")
    | st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"]),
    max_size=20,
)


def steers(char: str) -> bool:
    """Return whether a character could move, hide or turn what stands around it."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and char not in "\n\t"


@given(ANY | STEERING)
def test_nothing_that_steers_passes(text: str) -> None:
    shown = visible(text)
    assert not any(steers(char) for char in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(ANY | STEERING)
def test_a_line_stays_one_line(text: str) -> None:
    shown = visible_line(text)
    assert len(shown.splitlines()) <= 1
    assert not any(steers(char) or char in "\n\t" for char in shown)


@given(ANY)
def test_what_does_not_steer_stays(text: str) -> None:
    plain = "".join(char for char in text if not steers(char))
    assert visible(plain) == plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\rb", "a\\x0db"),
        ("\x9b31m", "\\x9b31m"),
        ("user\u202etxt.exe", "user\\u202etxt.exe"),
        ("\u061c", "\\u061c"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("tab\there\n", "tab\there\n"),
        ("ümläut 日本 🎉", "ümläut 日本 🎉"),
    ],
)
def test_how_it_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_blanks_of_a_line_become_one() -> None:
    assert visible_line(" a\n\n b\t c ") == "a b c"


@pytest.mark.parametrize(
    "text",
    [
        "::error::x",
        "  ::set-output name=c::evil",
        "\t::add-mask::x",
        "a\n::stop-commands::t",
        "+##[error]x",
        "##[add-path]/x",
    ],
)
def test_no_runner_finds_a_command_in_what_is_shown(text: str) -> None:
    assert forms_command(text)
    assert not forms_command(unobeyed(text))
    assert unobeyed(text).replace("\\x3a", ":").replace("\\x5b", "[") == text


@pytest.mark.parametrize("text", ["a::b", "std::vector<int>", "C::", "+::error::x", "## [1.0]", "::", "# ##"])
def test_what_is_no_command_stays(text: str) -> None:
    assert unobeyed(text) == text
