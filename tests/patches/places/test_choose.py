"""Which of several places is meant: told by number, heading or the other hunks, and refused where nothing tells."""

from __future__ import annotations

import pytest

from agentos_action.patches.places.fit import fitted
from agentos_action.patches.refusal import Refused
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText
from agentos_action.records.patch import Placed

TWINS = "class A:\n    def run(self):\n        go()\n\n\nclass B:\n    def run(self):\n        go()\n"
ROWS = "".join(f"row {n}\nx\n" for n in range(60))


def hunk(text: str, start: int = 0, heading: str = "") -> Hunk:
    """Return a hunk from its signed lines."""
    return Hunk([(line[:1], line[1:]) for line in text.split("\n")], start=start, heading=heading, line=1)


def fit(file: str, *hunks: Hunk) -> tuple[str, list[Placed]]:
    """Return the new text and the placements."""
    lines, placed = fitted(hunks, FileText.of(file.encode()), "f")
    return "".join(lines), placed


def refused(file: str, *hunks: Hunk) -> tuple[str, str]:
    """Return the id and the message of the refusal."""
    with pytest.raises(Refused) as caught:
        fit(file, *hunks)
    return caught.value.findings[0].id, caught.value.findings[0].message


def test_the_only_place_is_taken_whatever_the_header_says() -> None:
    assert fit("a\nb\n", hunk("-b\n+c", start=900))[0] == "a\nc\n"


@pytest.mark.parametrize(
    ("start", "line"), [(3, 3), (8, 8), (4, 3), (7, 8)], ids=["first", "second", "nearly first", "nearly second"]
)
def test_the_header_s_number_tells_equal_places_apart_where_one_is_clearly_nearest(start: int, line: int) -> None:
    _, (placed,) = fit(TWINS, hunk("-        go()\n+        stop()", start=start))
    assert placed.line == line


@pytest.mark.parametrize("start", [0, 5, 6, 100])
def test_a_number_that_says_nothing_or_lies_between_is_refused(start: int) -> None:
    code, message = refused(TWINS, hunk("-        go()\n+        stop()", start=start))
    assert code == "patch.ambiguous"
    assert "lines 3, 8 of 'f'" in message


@pytest.mark.parametrize(("heading", "line"), [("class A:", 3), ("class B:", 8), ("class B", 8), ("class B:\nrun", 0)])
def test_the_heading_tells_equal_places_apart(heading: str, line: int) -> None:
    wanted = hunk("-        go()\n+        stop()", heading=heading)
    if not line:
        assert refused(TWINS, wanted)[0] == "patch.ambiguous"
    else:
        assert fit(TWINS, wanted)[1][0].line == line


def test_the_offset_of_the_neighbours_counts_more_than_the_number_itself() -> None:
    known = [hunk(f"-row {n}\n+ROW {n}", start=2 * n + 1 - 10) for n in (20, 40)]
    meant = hunk("-x\n+X", start=2 * 30 + 2 - 10)
    _, placed = fit(ROWS, known[0], meant, known[1])
    assert placed[1].line == 2 * 30 + 2


def test_between_neighbours_that_disagree_only_a_lone_place_is_taken() -> None:
    file = "a\nx\nb\n\n\n\nx\nc\n"
    placed = fit(file, hunk("-a\n+A", start=1), hunk("-x\n+X", start=3), hunk("-b\n+B", start=3))[1]
    assert [place.line for place in placed] == [1, 2, 3]


@pytest.mark.parametrize("text", ["-same", " same\n+same", "-same\n-same"])
def test_places_that_all_give_the_same_file_need_no_telling_apart(text: str) -> None:
    file = "a\nsame\nsame\nsame\nb\n"
    changed = fit(file, hunk(text))[0]
    assert changed == "a\n" + "same\n" * (3 + text.count("+") - text.count("-")) + "b\n"


def test_a_lone_place_far_from_where_all_others_point_is_refused_if_the_hunk_nearly_fits_there() -> None:
    rows = [f"row number {n} of the table" for n in range(80)]
    rows[30:33] = ["alpha value = 1", "beta value = 2", "gamma value = 3"]
    rows[70:73] = ["alpha value = 1", "beta value = 2", "delta value = 3"]
    rows[78] = rows[72]
    file = "\n".join(rows) + "\n"
    others = [hunk(f"-{rows[n]}\n+changed {n}", start=n + 1) for n in (10, 20, 50)]
    meant = hunk(" alpha value = 1\n-beta value = 2\n+beta value = 9\n delta value = 3", start=31)
    assert refused(file, *others, meant)[0] == "patch.ambiguous"
