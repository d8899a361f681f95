"""Which lines differ: unique lines first (patience), then the shortest way in between, never in unbounded time."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

#: One change: the old lines it takes (from, to), the new lines it brings (from, to); counted from 0.
Span: TypeAlias = tuple[int, int, int, int]

#: Comparisons that one pair of files may cost; what lies beyond is told as one block (a hostile text has no limit).
BUDGET = 10_000_000


def differences(old: Sequence[str], new: Sequence[str]) -> list[Span]:
    """Return the spans that differ, in order; everything between two of them is equal."""
    found: list[Span] = []
    waiting: list[Span] = [(0, len(old), 0, len(new))]
    left = BUDGET
    while waiting:
        a, b, c, d = _trimmed(old, new, waiting.pop())
        if a == b or c == d:
            found += [(a, b, c, d)] if (a, c) != (b, d) else []
            continue
        anchors = _anchors(old[a:b], new[c:d])
        if anchors:
            ends = [(a + i, c + j) for i, j in anchors]
            starts = [(a, c), *((i + 1, j + 1) for i, j in ends)]
            waiting += [(i, k, j, m) for (i, j), (k, m) in zip(starts, [*ends, (b, d)], strict=True)]
            continue
        left -= _cost(old[a:b], new[c:d])
        if left < 0 or set(old[a:b]).isdisjoint(new[c:d]):
            found.append((a, b, c, d))
            continue
        from difflib import SequenceMatcher  # noqa: PLC0415 - most changes of a file are told without it

        matcher = SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
        found += [(a + i, a + k, c + j, c + m) for tag, i, k, j, m in matcher.get_opcodes() if tag != "equal"]
    return sorted(found)


def _trimmed(old: Sequence[str], new: Sequence[str], span: Span) -> Span:
    a, b, c, d = span
    while a < b and c < d and old[a] == new[c]:
        a, c = a + 1, c + 1
    while a < b and c < d and old[b - 1] == new[d - 1]:
        b, d = b - 1, d - 1
    return a, b, c, d


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the longest rising row of lines that stand once on either side, as (old, new) positions."""
    once = {line for line, count in Counter(old).items() if count == 1}
    places = {line: at for at, line in enumerate(new) if line in once}
    counts = Counter(new)
    pairs = [(at, places[line]) for at, line in enumerate(old) if line in places and counts[line] == 1]
    tops: list[int] = []
    rows: list[int] = []
    before: list[int] = []
    for index, (_, at) in enumerate(pairs):
        level = bisect_left(tops, at)
        tops[level : level + 1] = [at]
        rows[level : level + 1] = [index]
        before.append(rows[level - 1] if level else -1)
    row: list[tuple[int, int]] = []
    at = rows[-1] if rows else -1
    while at >= 0:
        row.append(pairs[at])
        at = before[at]
    return row[::-1]


def _cost(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many comparisons SequenceMatcher may need at worst."""
    counts = Counter(new)
    return sum(counts[line] for line in old) * min(len(old), len(new))
