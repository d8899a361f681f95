"""Whether a line of a hunk is a file's line mistyped, or another line that only looks like it."""

from __future__ import annotations

import re
from itertools import zip_longest

#: How alike (0 to 100) a mistyped word is to the right one, and a line to one that it may be confused with.
_ALIKE_WORD = 60
_ALIKE_LINE = 78
_LONGEST = 2_000
_SHORT = 3

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_QUOTES = re.compile("[\"'`]")


def mistyped(ours: str, theirs: str) -> bool:
    """Return whether two lines are the same but for slips within words, quotes, or a mark at the end.

    Figures, operators and the number of words must agree: `port_10` is no slip for `port_13`, `not x` none for `x`.
    """
    if max(len(ours), len(theirs)) > _LONGEST:
        return False
    pairs = zip_longest(_tokens(ours), _tokens(theirs), fillvalue="")
    return all(one == other or _slip(one, other) for one, other in pairs)


def related(ours: str, theirs: str) -> bool:
    """Return whether two lines that differ are so alike that one was written for the other's place."""
    from rapidfuzz.fuzz import ratio  # noqa: PLC0415 - most hunks need no guessing

    if not ours or not theirs or max(len(ours), len(theirs)) > _LONGEST:
        return False
    return bool(ratio(ours, theirs, score_cutoff=_ALIKE_LINE)) and not mistyped(ours, theirs)


def _tokens(line: str) -> list[str]:
    return _TOKEN.findall(_QUOTES.sub("", line).rstrip(",;: "))


def _slip(one: str, other: str) -> bool:
    from rapidfuzz.fuzz import ratio  # noqa: PLC0415 - most hunks need no guessing

    if not (one.isalpha() and other.isalpha()):
        return False
    short, long = sorted((one, other), key=len)
    if len(short) <= _SHORT:
        return sorted(one) == sorted(other) or (len(short) == _SHORT and long[:-1] == short)
    return bool(ratio(one, other, score_cutoff=_ALIKE_WORD))
