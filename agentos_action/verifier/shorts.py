"""Short names: what Windows may call a file whose name is longer than eight letters and three (`GITATT~1`)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

#: A short name's beginning, how many digits follow its `~` (0: four digits of a hash stand before them), its ending.
Short: TypeAlias = tuple[str, int, str]

_SHORT = re.compile(r"([^.~]{1,6})~([1-9][0-9]{0,5})(?:\.([^.~]{1,3}))?")
_HASHED = re.compile(r".{2}[0-9a-f]{4}")
_STEM = 8
_ENDING = 3
_MOST_DIGITS = 6


@lru_cache(maxsize=4_096)
def as_short(part: str) -> tuple[Short, ...]:
    """Return what a name is where it is a short one; nothing for any other."""
    match = _SHORT.fullmatch(part.lower())
    if match is None:
        return ()
    start, digits, ending = match[1], len(match[2]), match[3] or ""
    # After four of a kind the name goes on with four digits of a hash.
    return ((start, digits, ending), *([(start[:2], 0, ending)] if _HASHED.fullmatch(start) else []))


def shorts_of(name: str) -> tuple[Short, ...]:
    """Return all that Windows may call a file of this name; nothing where the name is short by itself."""
    low = name.lower()
    stem, dot, last = low.lstrip(". ").rpartition(".")
    stem, last = (stem, last) if dot else (last, "")
    letters = stem.replace(".", "").replace(" ", "")
    if len(stem) <= _STEM and len(last) <= _ENDING and letters + dot + last == low:
        return ()
    ending = last[:_ENDING]
    cut = ((letters[: _STEM - 1 - digits], digits, ending) for digits in range(1, _MOST_DIGITS + 1))
    return (*cut, (letters[:2], 0, ending))
