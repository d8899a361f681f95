"""Hunks that were written one after another, each for the file as the ones before it leave it."""

from __future__ import annotations

import pytest

from agentos_action.patches.places.sequence import in_sequence
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText

FILE = FileText.of(b"one\ntwo\nthree\nfour\n")


def hunk(text: str) -> Hunk:
    """Return a hunk from its signed lines."""
    return Hunk([(line[:1], line[1:]) for line in text.split("\n")], line=1)


def test_a_later_hunk_may_show_what_an_earlier_one_added() -> None:
    found = in_sequence([hunk("-one\n+1"), hunk(" 1\n-two\n+2")], FILE, "f")
    assert found is not None
    lines, placed = found
    assert lines == ["1\n", "2\n", "three\n", "four\n"]
    assert [place.rung for place in placed] == ["similar", "similar"]


@pytest.mark.parametrize(
    "hunks",
    [
        ["-one\n+1"],
        ["-one\n+1", "-1\n+uno"],
        ["-one\n+1", "-one\n+uno"],
        ["-one\n+1", " five\n-six"],
        ["-one\n+1"] * 40,
    ],
    ids=["one hunk", "takes away what was added", "is gone already", "not there", "too many"],
)
def test_what_cannot_be_meant_so_is_left_to_others(hunks: list[str]) -> None:
    assert in_sequence([hunk(text) for text in hunks], FILE, "f") is None
