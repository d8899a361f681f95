"""Rule `text`: what a planted character does, wherever it stands, and that honest lines pass."""

from __future__ import annotations

import string
import subprocess
import sys
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, given
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

MARKS = "\u200e\u200f\u061c"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
EMPTY = surroundings(Files({}), ())
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=40)


def found(new: str, old: str | None = None) -> list[Finding]:
    before = None if old is None else FileVersion(old.encode())
    patch = to_patch([FileChange("a" if before else None, "a", before, FileVersion(new.encode()))])
    return list(text(Subject(patch, Policy(), surroundings(Files({}), patch.changes))))


@given(LINE, st.sampled_from(BIDI), LINE)
def test_a_planted_direction_mark_is_found_anywhere(before: str, char: str, after: str) -> None:
    # Beside Hebrew and Arabic a mark may stand.
    assume(char not in MARKS or not {"R", "AL"} & set(map(unicodedata.bidirectional, before + after)))
    findings = found(f"first\n{before}{char}{after}\n")
    assert any(finding.id == "text.bidi" and f"U+{ord(char):04X}" in finding.message for finding in findings)
    # Of many of a kind the last finding counts the rest, and is of no line.
    assert {finding.line for finding in findings if "more of this kind" not in finding.message} == {2}


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
    hits = list(lookalikes(word + letter, lambda _: False))
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


@pytest.mark.parametrize("tags", ["gbeng", "gbsct", "gbwls", "gbe", "hi", "x" * 6])
def test_only_three_flags_are_written_with_tags(tags: str) -> None:
    line = "\U0001f3f4" + "".join(chr(0xE0000 + ord(char)) for char in tags) + "\U000e007f"
    assert bool(list(odd_characters(line, first=False))) == (tags not in {"gbeng", "gbsct", "gbwls"})


@given(st.characters(min_codepoint=0x20, max_codepoint=0x7E), st.sampled_from("\ufe00\ufe01\ufe0d\ufe0e\ufe0f"), LINE)
def test_no_sign_of_ascii_has_variants_but_keycaps(sign: str, selector: str, after: str) -> None:
    odd = [one.column for one in odd_characters(f"{sign}{selector}{after}", first=False)]
    assert (2 in odd) != (sign in "0123456789#*" and selector > "\ufe0d" and after.startswith("\u20e3"))


@given(st.sampled_from([chr(code) for code in range(0x2160, 0x2180)] + list("\u24d0\uff41\u0251\U0001d41a")), st.data())
def test_what_nfkc_makes_a_letter_is_found_inside_a_latin_word(letter: str, data: st.DataObject) -> None:
    before, after = (data.draw(st.text(st.sampled_from("abc"), min_size=1)) for _ in range(2))
    assert list(lookalikes(f"{before}{letter}{after}", lambda _: False)) != []


def test_a_sign_of_science_is_weighed_against_the_words_before_and_after() -> None:
    assert found("x.\u03b9d\n") == []
    assert len(found("x.\u03b9d\nx.ID\n")) == 1
    assert len(found("x.\u03b9d\n", old="x.id\n")) == 1
    assert found("TNF\u03b1\n", old="TNF\n") == []


@pytest.mark.parametrize(
    "piece",
    [
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001f3f4\U000e0061\U000e007f",
        "\u05d0\u200e",
        "\u200b",
        "a\u0430b\u0431 ",
        "a\u0430",
        "a\u03b1a ",
        "a\u03b1",
        "%0.0",
        "%(a",
        "a0_\u00e9",
        "\u24d0",
        "\u4e00\u0915\u200d ",
    ],
)
def test_a_megabyte_of_anything_is_read_in_time(piece: str) -> None:
    whole = piece * (1_000_000 // len(piece.encode()))
    for new in (whole + "\n", "\n".join(whole[at : at + 800] for at in range(0, len(whole), 800)) + "\n"):
        subject = Subject(to_patch([FileChange(None, "a", None, FileVersion(new.encode()))]), Policy(), EMPTY)
        started = time.process_time()
        list(text(subject))
        # What grew with the square would take minutes; a busy machine takes two seconds.
        assert time.process_time() - started < 10
