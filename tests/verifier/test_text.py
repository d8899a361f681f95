"""Rule `text`: what a planted character does, wherever it stands, and that honest lines pass."""

from __future__ import annotations

import string
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.patches.parse import to_patch
from agentos_action.records.patch import FileChange, FileVersion
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import surroundings
from agentos_action.records.verdict import Finding
from agentos_action.verifier.characters import odd_characters
from agentos_action.verifier.lookalikes import lookalikes
from agentos_action.verifier.rules.text import MOST, text
from agentos_action.verifier.subject import Subject
from tests.bases import Files

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=40)


def found(new: str, old: str | None = None) -> list[Finding]:
    before = None if old is None else FileVersion(old.encode())
    patch = to_patch([FileChange("a" if before else None, "a", before, FileVersion(new.encode()))])
    return list(text(Subject(patch, Policy(), surroundings(Files({}), patch.changes))))


@given(LINE, st.sampled_from(BIDI), LINE)
def test_a_planted_direction_mark_is_found_anywhere(before: str, char: str, after: str) -> None:
    findings = found(f"first\n{before}{char}{after}\n")
    assert any(finding.id == "text.bidi" and f"U+{ord(char):04X}" in finding.message for finding in findings)
    assert {finding.line for finding in findings} == {2}


@given(st.lists(st.text(string.printable.replace("\n", "").replace("\r", "").replace("\v", ""))))
def test_printable_ascii_is_honest(lines: list[str]) -> None:
    assert not any(list(odd_characters(line, first=False)) for line in lines)


@given(st.text(st.characters(exclude_categories=())), st.booleans())
def test_any_text_is_told_without_its_characters(line: str, first: bool) -> None:  # noqa: FBT001
    for odd in odd_characters(line, first=first):
        assert odd.said.isascii()
        assert odd.said.isprintable()


@given(st.text(st.sampled_from("abc_019"), min_size=1), st.sampled_from("\u0430\u0435\u043e\u0440\u0441\u0443\u0445"))
def test_a_cyrillic_letter_at_the_end_of_a_latin_word_is_found(word: str, letter: str) -> None:
    hits = list(lookalikes(word + letter))
    assert bool(hits) == any(char.isalpha() for char in word)


def test_after_twenty_of_a_kind_one_finding_counts_the_rest() -> None:
    findings = found("\u200b" * (MOST + 7) + "\n")
    assert len(findings) == MOST + 1
    assert "7 more" in findings[-1].message
    assert findings[-1].line is None


def test_a_file_of_nothing_else_is_not_read_to_its_end() -> None:
    findings = found("\u200b\n" * 50_000, old="\u200b\n")
    assert len(findings) == MOST + 1


def test_the_place_and_what_to_do_are_told() -> None:
    (finding,) = found("a\nbc\u200bd\n", old="a\n")
    assert (finding.path, finding.line) == ("a", 2)
    assert finding.message == "'a': line 2 holds U+200B ZERO WIDTH SPACE at column 3"
    assert finding.hint


def test_what_imitates_is_told_by_number_and_name() -> None:
    (finding,) = found("us\u0435r\n")
    assert "U+0435 CYRILLIC SMALL LETTER IE (like 'e')" in finding.message


@pytest.mark.parametrize("odd", ["\u200b", "\u202e", "\x07", "us\u0435r"])
def test_what_stood_as_often_may_stay_and_once_more_may_not(odd: str) -> None:
    assert found(f"1 {odd}\n", old=f"2 {odd}\n") == []
    assert len(found(f"1 {odd} {odd}\n", old=f"2 {odd}\n")) == 2


def test_bytes_that_are_not_utf8_are_no_characters() -> None:
    assert list(odd_characters("caf\udce9 \udc9b\n", first=True)) == []


def test_the_table_of_lookalikes_waits_for_a_mixed_word() -> None:
    code = (
        "import sys; from agentos_action.verifier.characters import odd_characters as odd; "
        "list(odd('x = 1', first=True)); list(odd('слово \u200b', first=True)); "
        "assert 'confusable_homoglyphs' not in sys.modules; list(odd('us\u0435r', first=True)); "
        "assert 'confusable_homoglyphs' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_columns_count_characters_from_one() -> None:
    columns = [odd.column for odd in odd_characters("\u200b\u65e5\u200b\U0001f600\u200b", first=False)]
    assert columns == [1, 3, 5]
    assert all(left < right for left, right in pairwise(columns))
