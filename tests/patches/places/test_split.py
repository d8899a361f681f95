"""Hunks taken apart: at lines that stand for others, and where two hunks were joined."""

from __future__ import annotations

import pytest

from agentos_action.patches.places.fit import fitted
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.split import changes, elided, unjoined
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText

FILE = [f"line number {n}" for n in range(30)]
BYTES = "".join(f"{line}\n" for line in FILE).encode()


def hunk(text: str) -> Hunk:
    """Return a hunk from its signed lines."""
    return Hunk([(line[:1], line[1:]) for line in text.split("\n")], start=5, line=1)


def texts(pieces: list[Hunk]) -> list[str]:
    """Return the signed lines of each piece."""
    return ["\n".join(sign + text for sign, text in piece.lines) for piece in pieces]


@pytest.mark.parametrize(
    "dots", ["# ... existing code ...", "...", "    // ... rest of the code ...", "…", "# other lines unchanged"]
)
def test_a_hunk_is_cut_at_a_line_that_stands_for_others(dots: str) -> None:
    whole = hunk(f" line number 1\n-line number 2\n {dots}\n line number 9\n+new")
    pieces = elided(whole, 1, Lines(FILE), "f")
    assert texts(pieces) == [" line number 1\n-line number 2", " line number 9\n+new"]
    assert [piece.start for piece in pieces] == [5, 0]


def test_dots_that_are_a_line_of_the_file_are_just_that() -> None:
    whole = hunk(" line number 1\n ...\n-line number 2")
    assert elided(whole, 1, Lines([*FILE, "..."]), "f") == [whole]


@pytest.mark.parametrize("sign", ["+", "-"])
def test_an_elision_in_place_of_changed_lines_is_refused(sign: str) -> None:
    with pytest.raises(Refused) as refused:
        elided(hunk(f" line number 1\n{sign}# ... existing code ..."), 1, Lines(FILE), "f")
    assert refused.value.findings[0].id == "patch.elided"


def test_the_pieces_between_elisions_go_to_their_places_in_order() -> None:
    whole = hunk(" line number 1\n-line number 2\n ...\n-line number 20\n+twenty")
    lines, placed = fitted([whole], FileText.of(BYTES), "f")
    assert "line number 2\n" not in lines
    assert lines[19] == "twenty\n"
    assert [(place.hunk, place.line) for place in placed] == [(1, 2)]


def test_hunks_joined_without_a_sign_are_parted_between_two_context_lines() -> None:
    whole = hunk(" line number 1\n-line number 2\n line number 3\n line number 20\n-line number 21\n line number 22")
    assert texts(unjoined(whole, Lines(FILE))) == [
        " line number 1\n-line number 2\n line number 3",
        " line number 20\n-line number 21\n line number 22",
    ]
    lines, _ = fitted([whole], FileText.of(BYTES), "f")
    assert len(lines) == 28


@pytest.mark.parametrize(
    "text",
    [
        " line number 20\n-line number 21\n line number 22\n line number 1\n-line number 2",
        " line number 1\n-line number 2\n-line number 20\n line number 21",
        " line number 1\n-line number 2\n line number 3\n made up\n-made up too",
        " line number 1\n-line number 2",
    ],
    ids=["wrong order", "no context at the seam", "second part is not there", "one hunk"],
)
def test_what_is_not_two_hunks_in_order_is_not_parted(text: str) -> None:
    assert unjoined(hunk(text), Lines(FILE)) == []


def test_a_part_that_fits_twice_is_not_parted() -> None:
    assert unjoined(hunk(" line number 1\n-line number 2\n same\n-same"), Lines([*FILE, "same", "same", "same"])) == []


def test_marks_of_line_ends_and_of_the_last_newline_go_with_their_lines() -> None:
    whole = hunk(" line number 1\n ...\n+new")
    whole.crs = frozenset({0, 2})
    whole.new_unterminated = whole.cut = True
    first, second = elided(whole, 1, Lines(FILE), "f")
    assert (first.crs, second.crs) == (frozenset({0}), frozenset({0}))
    assert (first.new_unterminated, second.new_unterminated) == (False, True)
    assert (first.cut, second.cut) == (False, True)


@pytest.mark.parametrize(("text", "expected"), [(" a\n b", False), (" a\n+b", True), ("-a", True)])
def test_a_hunk_of_context_alone_changes_nothing(text: str, *, expected: bool) -> None:
    assert changes(hunk(text).lines) == expected
