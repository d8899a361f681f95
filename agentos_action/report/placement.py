"""How much was guessed, in one short phrase."""

from __future__ import annotations

from collections.abc import Sequence

from agentos_action.records.patch import RUNGS, Placed, Rung, guessed

_BY: dict[Rung, str] = {
    "exact": "the exact lines",
    "blanks": "blanks at the ends of lines",
    "indent": "indentation",
    "lookalikes": "look-alike characters or other blanks",
    "trimmed": "part of their context",
    "similar": "similar lines",
}


def guessing(placements: Sequence[Placed]) -> str:
    """Return, for example, `2 of 5 hunks placed by indentation`; an empty text where nothing was guessed."""
    found = guessed(placements)
    if not found:
        return ""
    used = sorted({placed.rung for placed in found}, key=RUNGS.index)
    noun = "hunk" if len(placements) == 1 else "hunks"
    return f"{len(found):,} of {len(placements):,} {noun} placed by {', '.join(_BY[rung] for rung in used)}"
