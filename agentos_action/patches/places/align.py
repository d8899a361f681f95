"""The last rungs: context that the file has otherwise (trimmed from outside, left out, mistyped), within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agentos_action.patches.places.blanks import consistent
from agentos_action.patches.places.fold import alike, telling
from agentos_action.patches.places.lines import Lines
from agentos_action.patches.places.place import Place
from agentos_action.patches.places.typos import mistyped, related
from agentos_action.patches.places.weights import BAND, Old, Weights, offsets, old_lines
from agentos_action.patches.sections import Hunk

#: What each guess costs: a context line cut off at either end, a blank line too many or too few, a bracket or
#: another line the model left out, mistyped, made up, or made up where an addition hangs on it.
_TRIMMED, _BLANK, _BRACKET, _LEFT_OUT, _MISTYPED, _MADE_UP, _HINGE = 0.6, 0.4, 0.6, 1.0, 0.8, 1.2, 1.6
_REWORDED = 1.4

#: So many context lines may be cut off at either end, so many telling ones must be left then, and so much may all
#: guesses cost, a line of the hunk.
_ENDS = 2
_KEPT = 2
_MOST = 0.34
_MOST_IN_ALL = 4.0


def aligned(hunk: Hunk, lines: Lines, near: int) -> list[Place]:
    """Return the places where the hunk fits but for some of its context, the least doubtful first.

    `near` is the line (from 0) its header points at, -1 where it does not. Every removed line is found there.
    """
    old = old_lines(hunk)
    weights = Weights.of(hunk, old, lines)
    found: dict[tuple[int | None, ...], Place] = {}
    for offset in offsets(old, lines, near):
        # Just where the header says one line that tells is enough.
        fit = _Fit(old, weights, lines.bare, offset, kept=_KEPT - (offset == near))
        best = fit.best()
        for place in () if best is None else (best, *fit.beside(best)):
            if tuple(place.at) not in found and consistent(hunk, place, lines.bare):
                found[tuple(place.at)] = place
    return sorted(found.values(), key=lambda place: place.doubt)


@dataclass(slots=True)
class _Step:
    """The cheapest way to a state, and whether its last move took an old line, a file line, or both."""

    cost: float
    took_old: bool
    took_file: bool
    before: tuple[int, int] | None


class _Fit:
    """One alignment of the old lines with the file round an offset: the cheapest of all within the band."""

    def __init__(self, old: Old, weights: Weights, file: Sequence[str], offset: int, *, kept: int) -> None:
        self._old = old
        self._file = file
        self._offset = offset
        self._first = max(offset - 2 * BAND, 0)
        self._texts = [alike(line) for line in file[self._first : max(offset + len(old) + 2 * BAND + 1, 0)]]
        self._limit = max(1.0, min(_MOST * len(old), _MOST_IN_ALL))
        self._beside, self._close, self._only, self._firm = weights.beside, weights.close, weights.only, weights.firm
        self._kept = kept
        self._adds_only = all(sign == " " for sign, _ in old)

    def best(self) -> Place | None:
        """Return the place, None where too much would have to be guessed."""
        states: dict[tuple[int, int], _Step] = {}
        size = len(self._old)
        for n, cost in self._cut(range(size)):
            for at in range(max(self._offset + n - BAND, 0), min(self._offset + n + BAND, len(self._file)) + 1):
                states[n, at] = _Step(cost, took_old=False, took_file=False, before=None)
        for n in range(size + 1):
            for at in range(self._offset + n - BAND, self._offset + n + BAND + 1):
                step = states.get((n, at))
                if step is not None and step.cost <= self._limit:
                    self._move(states, n, at, step)
        cuts = {size - n: cost for n, cost in self._cut(range(size - 1, -1, -1))}
        ends = [
            (step.cost + cuts[key[0]], key)
            for key, step in states.items()
            if key[0] in cuts and step.took_file and step.cost + cuts[key[0]] <= self._limit
        ]
        return self._traced(states, min(ends)) if ends else None

    def beside(self, best: Place) -> list[Place]:
        """Return the places a few lines up or down from the best one that are as good, line for line."""
        own = self._guessed(best.at)
        found = []
        for shift in (step for far in range(1, BAND + 1) for step in (-far, far)):
            at = tuple(None if line is None else line + shift for line in best.at)
            cost = self._guessed(at)
            if own is not None and cost is not None and best.doubt - own + cost <= self._limit:
                found.append(Place("similar", at, doubt=best.doubt - own + cost))
        return found

    def _guessed(self, at: Sequence[int | None]) -> float | None:
        """Return what the lines found at these places cost, None where one of them is another line."""
        cost = 0.0
        for n, line in enumerate(at):
            if line is None:
                continue
            if not 0 <= line - self._first < len(self._texts):
                return None
            here = self._texts[line - self._first]
            guess = 0.0 if here == self._old[n][1] else self._mistyped(n, here)
            if guess is None:
                return None
            cost += guess
        return cost

    def _cut(self, lines: Iterable[int]) -> list[tuple[int, float]]:
        """Return how many lines may be cut off at one end, from none on, and what that costs."""
        found = [(0, 0.0)]
        left = sum(telling(text) for _, text in self._old)
        for count, n in enumerate(lines, 1):
            sign, text = self._old[n]
            left -= telling(text)
            if sign == "-" or count > _ENDS or left < self._kept or n in self._firm:
                break
            cost = _HINGE if n in self._beside else _TRIMMED if text else _BLANK
            found.append((count, found[-1][1] + cost))
        return found

    def _move(self, states: dict[tuple[int, int], _Step], n: int, at: int, step: _Step) -> None:
        here = self._texts[at - self._first] if 0 <= at - self._first < len(self._texts) else None
        if n < len(self._old):
            sign, text = self._old[n]
            if here is not None:
                cost = 0.0 if here == text else self._mistyped(n, here)
                if cost is not None:
                    _better(states, (n + 1, at + 1), step.cost + cost, (n, at), took_old=True, took_file=True)
            if sign == " " and n not in self._firm:
                cost = self._missing(n, text)
                _better(states, (n + 1, at), step.cost + cost, (n, at), took_old=True, took_file=False)
        if here is not None and 0 < n < len(self._old) and at - self._offset - n < BAND:
            cost = _LEFT_OUT if telling(here) else _BLANK if not here else _BRACKET
            _better(states, (n, at + 1), step.cost + cost, (n, at), took_old=False, took_file=True)

    def _mistyped(self, n: int, here: str) -> float | None:
        sign, text = self._old[n]
        if sign == "-" or n in self._only or not here or not telling(text):
            return None
        if mistyped(text, here):
            return _MISTYPED
        other = self._adds_only and n in self._close
        return _REWORDED if not other and related(text, here) else None

    def _missing(self, n: int, text: str) -> float:
        # Where an addition hangs on the line its place would be a guess.
        return _HINGE if n in self._beside else _MADE_UP if text else _BLANK

    def _traced(self, states: dict[tuple[int, int], _Step], end: tuple[float, tuple[int, int]]) -> Place | None:
        cost, key = end
        last = key[0]
        inner = 0
        steps: list[tuple[tuple[int, int], _Step]] = []
        step = states[key]
        while step.before is not None:
            steps.append((step.before, step))
            key, step = step.before, states[step.before]
        at: list[int | None] = [None] * key[0]
        for (_, file), step in reversed(steps):
            if step.took_old:
                at.append(file if step.took_file else None)
            else:
                inner += 1
        at += [None] * (len(self._old) - last)
        hits = [n for n, line in enumerate(at) if line is not None and self._same(n, line)]
        sure = [n for n in hits if telling(self._old[n][1])]
        nearly = sum(line is not None for line in at) - len(hits)
        if len(sure) + nearly < min(self._kept, sum(telling(text) for _, text in self._old)) or not hits:
            return None
        if self._adds_only and any(self._speaks_against(n, at) for n in range(len(at))):
            return None
        outer = not inner and len(hits) == sum(line is not None for line in at) and _only_outside(at)
        return Place("trimmed" if outer else "similar", tuple(at), doubt=cost)

    def _speaks_against(self, n: int, at: Sequence[int | None]) -> bool:
        """Return whether an old line close to a change is missing where the file has one that is nearly it, but not."""
        if at[n] is not None or n not in self._close:
            return False
        for step in (1, -1):
            beside = at[n + step] if 0 <= n + step < len(at) else None
            line = None if beside is None else beside - step - self._first
            if line is not None and 0 <= line < len(self._texts) and related(self._old[n][1], self._texts[line]):
                return True
        return False

    def _same(self, n: int, line: int) -> bool:
        return self._texts[line - self._first] == self._old[n][1]


def _only_outside(at: Sequence[int | None]) -> bool:
    """Return whether no line is missing between two that were found."""
    known = [n for n, line in enumerate(at) if line is not None]
    return bool(known) and known == list(range(known[0], known[-1] + 1))


def _better(  # noqa: PLR0913 - one state and how it was reached
    states: dict[tuple[int, int], _Step],
    key: tuple[int, int],
    cost: float,
    before: tuple[int, int],
    *,
    took_old: bool,
    took_file: bool,
) -> None:
    known = states.get(key)
    if known is None or cost < known.cost:
        states[key] = _Step(cost, took_old, took_file, before)
