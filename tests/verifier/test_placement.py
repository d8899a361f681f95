"""Rule `placement`: what its findings say, and that every rung above a cap is refused and no other."""

from __future__ import annotations

import pytest

from agentos_action.patches.parse import to_patch
from agentos_action.records.patch import RUNGS, FileChange, FileVersion, Placed, Rung, guessed, highest, told
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.verifier.rules.placement import placement
from agentos_action.verifier.subject import Subject
from tests.bases import written

CHANGE = FileChange("a.txt", "a.txt", FileVersion(b"one\n"), FileVersion(b"two\n"))


def subject(cap: Rung, *placements: Placed) -> Subject:
    """Return a subject whose policy stops at `cap`."""
    return Subject(to_patch([CHANGE]), Policy(max_placement=cap), Surroundings("0" * 40), placements=placements)


@pytest.mark.parametrize("cap", RUNGS)
@pytest.mark.parametrize("rung", RUNGS)
def test_a_rung_above_the_cap_is_refused(cap: Rung, rung: Rung) -> None:
    found = list(placement(subject(cap, Placed("a.txt", 1, 1, rung))))
    assert bool(found) == (RUNGS.index(rung) > RUNGS.index(cap))


def test_a_finding_names_path_line_hunk_rung_and_cap() -> None:
    (found,) = placement(subject("blanks", Placed("a.txt", 3, 70, "similar")))
    assert (found.id, found.severity, found.path, found.line) == ("placement.guessed", "error", "a.txt", 70)
    assert found.message == "hunk 3 of 'a.txt' fits only by 'similar', and the policy ends at 'blanks'"
    assert "max_placement" in found.hint


def test_a_path_that_is_not_utf8_can_be_told() -> None:
    odd = Placed("\udcff", 1, 1, "similar")
    (found,) = placement(subject("exact", odd))
    assert written(found)
    assert told([odd]) == (Placed("?", 1, 1, "similar"),)


def test_the_highest_rung_and_those_that_are_not_exact() -> None:
    places = [Placed("a", 1, 1, "indent"), Placed("a", 2, 9, "exact"), Placed("b", 1, 1, "blanks")]
    assert highest(places) == "indent"
    assert highest([]) is None
    assert guessed(places) == (places[0], places[2])
