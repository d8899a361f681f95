"""The spans that differ rebuild the new lines, are small where the change is small, and cost no unbounded time."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from agentos_action.patches.difference import differences

FEW = st.lists(st.sampled_from("aabbc"), max_size=30)
MANY = st.lists(st.integers(0, 40).map(str), max_size=60)


@given(FEW | MANY, FEW | MANY)
def test_the_spans_rebuild_the_new_lines(old: list[str], new: list[str]) -> None:
    built: list[str] = []
    at = there = 0
    for a, b, c, d in differences(old, new):
        assert (a, c) != (b, d)
        assert a - at == c - there >= 0
        built += [*old[at:a], *new[c:d]]
        at, there = b, d
    assert [*built, *old[at:]] == new


@given(MANY, st.integers(0, 60), st.sampled_from(["one", "0"]))
def test_one_new_line_is_told_as_one(old: list[str], at: int, line: str) -> None:
    spans = differences(old, [*old[:at], line, *old[at:]])
    assert [(b - a, d - c) for a, b, c, d in spans] == [(0, 1)]


def test_equal_lines_differ_nowhere() -> None:
    assert differences([], []) == differences(["a", "a"], ["a", "a"]) == []


def test_two_small_changes_in_a_large_file_full_of_blank_lines_stay_small() -> None:
    old = [text for number in range(5_000) for text in (f"line {number}", "", "}")]
    new = [*old[:30], "new", *old[30:9_000], "new", *old[9_001:]]
    assert differences(old, new) == [(30, 30, 30, 31), (9_000, 9_001, 9_001, 9_002)]


def test_lines_without_an_anchor_cost_bounded_time() -> None:
    start = time.process_time()
    spans = differences(["a", "b"] * 20_000, ["b", "b", "a"] * 20_000)
    assert time.process_time() - start < 20
    assert spans
