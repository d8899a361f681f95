"""The last rungs: context may be cut, left out or mistyped within bounds, a removed line never."""

from __future__ import annotations

import pytest

from agentos_action.patches.places.align import aligned
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.place import Place
from agentos_action.patches.sections import Hunk

FILE = [
    "def total(rows):",
    "    found = 0",
    "    for row in rows:",
    "        found += row.price",
    "        found += row.tax",
    "    return found",
    "",
    "def main():",
    "    print(total(read()))",
]


def best(text: str, near: int = -1, file: list[str] | None = None) -> Place | None:
    """Return the least doubtful place of a hunk."""
    hunk = Hunk([(line[:1], line[1:]) for line in text.split("\n")])
    found = aligned(hunk, Lines(file or FILE), near)
    return found[0] if found else None


TAX = "-        found += row.tax\n+        found += row.vat\n"


@pytest.mark.parametrize(
    ("text", "rung", "at"),
    [
        (
            f" # made up\n     for row in rows:\n         found += row.price\n{TAX}     return found",
            "trimmed",
            (None, 2, 3, 4, 5),
        ),
        (
            f"         found += row.price\n{TAX}     return found\n \n def other():",
            "trimmed",
            (3, 4, 5, 6, None),
        ),
        (
            f"     found = 0\n         found += row.price\n{TAX}     return found",
            "similar",
            (1, 3, 4, 5),
        ),
        (
            f"     for row in rows:\n         found += row.prices\n{TAX}     return found",
            "similar",
            (2, 3, 4, 5),
        ),
        (
            f"     found = 0\n \n     for row in rows:\n         found += row.price\n{TAX}     return found",
            "similar",
            (1, None, 2, 3, 4, 5),
        ),
    ],
    ids=["made up above", "made up below", "left out", "mistyped", "a blank line too many"],
)
def test_what_may_differ_is_found_with_the_place_of_every_line(text: str, rung: str, at: tuple[int | None]) -> None:
    place = best(text)
    assert place is not None
    assert (place.rung, place.at) == (rung, at)
    assert place.doubt > 0


@pytest.mark.parametrize(
    "text",
    [
        "     for row in rows:\n         found += row.price\n-        found += row.toll\n+x\n     return found",
        "     for row in rows:\n         found += row.price\n-        found += row.taxes\n+x\n     return found",
        "     for row in rows:\n-        found += row.discount\n         found += row.price\n         found += row.tax",
        " alpha one\n beta two\n gamma three\n         found += row.price\n-        found += row.tax\n+x",
        " alpha one\n beta two\n gamma three\n delta four",
    ],
    ids=["other word", "slightly other word", "line that never was", "too much made up", "nothing of it"],
)
def test_what_is_beyond_the_bounds_has_no_place(text: str) -> None:
    assert best(text) is None


def test_a_header_that_points_at_nothing_of_it_makes_no_place() -> None:
    assert best(" alpha one\n-beta two\n+x", near=3) is None


def test_a_line_left_out_costs_less_when_it_is_blank() -> None:
    file = ["first line here", "", "second line here", "third line here", "fourth line here"]
    blank = best(" first line here\n second line here\n-third line here\n+x\n fourth line here", file=file)
    file[1] = "something that was left out"
    said = best(" first line here\n second line here\n-third line here\n+x\n fourth line here", file=file)
    assert blank is not None
    assert said is not None
    assert blank.at == said.at == (0, 2, 3, 4)
    assert blank.doubt < said.doubt


def test_two_places_come_with_the_less_doubtful_one_first() -> None:
    near = ["open the first door", "step through it now", "close the first door", "leave the house"]
    far = ["open the first door", "step through it now", "close the other gate", "leave the house"]
    hunk = Hunk(
        [
            (" ", "open the first door"),
            ("-", "step through it now"),
            ("+", "run"),
            (" ", "close the first doors"),
            (" ", "leave the house"),
        ]
    )
    found = aligned(hunk, Lines([*far, "", "", "", "", *near]), -1)
    assert found[0].start == 8
    assert [place.doubt for place in found] == sorted(place.doubt for place in found)
