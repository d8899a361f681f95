"""Lines made searchable: all places, also among very many equal or very many different lines."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from agentos_action.patches.places.fold import FOLDS
from agentos_action.patches.places.lines import COMMON, Lines
from agentos_action.records.patch import Rung

TEXTS = st.lists(st.sampled_from(["a", " a", "a ", "b", "", " ", "“a”", '"a"']), max_size=20)


@given(TEXTS, TEXTS.filter(bool), st.sampled_from(sorted(FOLDS)))
def test_every_place_is_found_on_every_rung(file: list[str], wanted: list[str], rung: Rung) -> None:
    fold = FOLDS[rung]
    size = len(wanted)
    folded = [fold(line) for line in wanted]
    expected = [at for at in range(len(file) - size + 1) if [fold(line) for line in file[at : at + size]] == folded]
    assert Lines(file).find(wanted, rung, 0) == expected


@given(TEXTS, st.sampled_from(["a", "b", "", "x"]), st.sampled_from(sorted(FOLDS)))
def test_every_place_of_one_line_is_known(file: list[str], line: str, rung: Rung) -> None:
    fold = FOLDS[rung]
    assert Lines(file).where(line, rung) == [at for at, text in enumerate(file) if fold(text) == fold(line)]


def test_many_searches_give_what_the_first_ones_gave() -> None:
    lines = Lines(["x", "y", "x"])
    assert [lines.find(["x"], "exact", 0) for _ in range(20)] == [[0, 2]] * 20


def test_among_very_many_places_those_round_the_header_s_line_are_found_in_little_time() -> None:
    start = time.process_time()
    found = Lines(["x"] * 1_000_000).find(["x", "x"], "exact", 500_000)
    assert time.process_time() - start < 20
    assert {0, 1, COMMON - 1, 500_000 - COMMON, 500_000, 500_000 + COMMON - 1} <= set(found)
    assert len(found) == 3 * COMMON


def test_more_different_lines_than_there_are_characters_are_told_apart() -> None:
    lines = Lines([str(n) for n in range(0x110100)])
    assert lines.find(["65", "66"], "blanks", 0) == [65]
    assert lines.find([str(0x10FFF0)], "blanks", 0) == [0x10FFF0]
    assert lines.find([str(0x1100FE)], "blanks", 0) == []
