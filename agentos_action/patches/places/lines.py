"""A file's lines made searchable: on each rung every line is one character, so that a place is found as text is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from agentos_action.patches.places.fold import FOLDS
from agentos_action.records.patch import Rung

#: A line that stands more often than this tells nothing about where a hunk belongs.
COMMON = 256

#: For so many hunks the text is searched, for more a table is made.
_FEW = 8

#: Python has no more characters to stand for different lines; the last one stands for all lines beyond.
_CHARACTERS = 0x10FFFF


@dataclass(slots=True)
class _Table:
    """The lines of a file on one rung: number of each different line, where it stands, and all lines as one text."""

    numbers: dict[str, int]
    places: list[list[int]]
    text: str


@dataclass(slots=True)
class Lines:
    """A file's lines without their ends, and one table a rung, made when it is first asked for."""

    bare: Sequence[str]
    _tables: dict[Rung, _Table] = field(default_factory=dict)
    _text: str = ""
    _searched: int = 0

    def find(self, wanted: Sequence[str], rung: Rung, near: int) -> list[int]:
        """Return the places (from 0) where all wanted lines stand together, in order.

        Where every wanted line is common these are the first ones and those round `near` only.
        """
        if len(wanted) > len(self.bare):
            return []
        if rung == "exact" and rung not in self._tables and self._searched < _FEW:
            found = self._search(wanted)
            if len(found) <= COMMON:
                return found
        table = self._table(rung)
        fold = FOLDS[rung]
        numbers = [table.numbers.get(fold(line), -1) for line in wanted]
        if min(numbers) < 0:
            return []
        pattern = "".join(map(chr, numbers))
        at = min(range(len(numbers)), key=lambda n: len(table.places[numbers[n]]))
        places = table.places[numbers[at]]
        if len(places) <= COMMON:
            return [place - at for place in places if place >= at and table.text.startswith(pattern, place - at)]
        return _some(table.text, pattern, near)

    def _search(self, wanted: Sequence[str]) -> list[int]:
        """Return the places of wanted lines by searching the text itself: cheaper than a table for a few hunks."""
        self._searched += 1
        if not self._text:
            self._text = "\n".join(["", *self.bare, ""])
        needle = "\n".join(["", *wanted, ""])
        found: list[int] = []
        at, line, counted = self._text.find(needle), 0, 0
        while at >= 0 and len(found) <= COMMON:
            line += self._text.count("\n", counted, at)
            counted = at
            found.append(line)
            at = self._text.find(needle, at + 1)
        return found

    def where(self, line: str, rung: Rung) -> list[int]:
        """Return every place where one line stands."""
        table = self._table(rung)
        number = table.numbers.get(FOLDS[rung](line), -1)
        return table.places[number] if number >= 0 else []

    def _table(self, rung: Rung) -> _Table:
        table = self._tables.get(rung)
        if table is None:
            table = self._tables[rung] = _tabled(self.bare, rung)
        return table


def _tabled(lines: Sequence[str], rung: Rung) -> _Table:
    fold = FOLDS[rung]
    folded = list(map(fold, lines))
    numbers = {line: number for number, line in enumerate(islice(dict.fromkeys(folded), _CHARACTERS))}
    sequence = [numbers.get(line, _CHARACTERS) for line in folded]
    places: list[list[int]] = [[] for _ in numbers]
    for at, number in enumerate(sequence):
        if number < _CHARACTERS:
            places[number].append(at)
    return _Table(numbers, places, "".join(map(chr, sequence)))


def _some(text: str, pattern: str, near: int) -> list[int]:
    found: set[int] = set()
    at = text.find(pattern)
    while at >= 0 and len(found) < COMMON:
        found.add(at)
        at = text.find(pattern, at + 1)
    near = min(max(near, 0), len(text))
    reach = range(max(near - COMMON, 0), min(near + COMMON, len(text)))
    found.update(at for at in reach if text.startswith(pattern, at))
    return sorted(found)
