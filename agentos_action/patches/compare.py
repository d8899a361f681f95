"""Old and new lines as one list of signed lines, as a diff shows them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

#: A comparison costs old lines times new lines; this much for one pair of texts, and this much in one answer.
_CELLS = 250_000
_ALL_CELLS = 2_000_000


class Comparer:
    """Compares the pairs of texts of one answer; what costs too much is told as removed and added as a whole."""

    def __init__(self) -> None:
        self._cells = _ALL_CELLS

    def signed(self, old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
        """Return both texts as one list of signed lines; equal lines at the ends are never compared twice."""
        short = min(len(old), len(new))
        head = next((index for index in range(short) if old[index] != new[index]), short)
        rest = short - head
        tail = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
        gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
        cells = len(gone) * len(come)
        if cells <= min(_CELLS, self._cells):
            self._cells -= cells
            middle = _compared(gone, come)
        else:
            middle = [("-", line) for line in gone] + [("+", line) for line in come]
        return [(" ", line) for line in old[:head]] + middle + [(" ", line) for line in old[len(old) - tail :]]


def _compared(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
    signed: list[tuple[str, str]] = []
    for kind, first, end, come, stop in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            signed += [(" ", line) for line in old[first:end]]
        else:
            signed += [("-", line) for line in old[first:end]] + [("+", line) for line in new[come:stop]]
    return signed
