"""Line numbers that a model copied from its prompt (`  12| code`), taken from the lines again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from agentos_action.patches.sections import Hunk

_NUMBERED = re.compile(r"^ {0,7}(\d{1,7})(?:\t| ?[|│:] ?)(.*)$", re.DOTALL)


def unnumbered(hunk: Hunk) -> Hunk | None:
    """Return the hunk without the numbers its lines carry, None unless all old lines carry rising ones."""
    old = [text for sign, text in hunk.lines if sign != "+"]
    numbers = _numbers(old)
    if numbers is None:
        return None
    added = [bool(_NUMBERED.match(text)) for sign, text in hunk.lines if sign == "+" and text]
    if any(added) and not all(added):
        return None
    lines = [(sign, _bare(text)) if sign != "+" or any(added) else (sign, text) for sign, text in hunk.lines]
    return replace(hunk, lines=lines, start=numbers[0])


def bare_lines(lines: Sequence[str]) -> tuple[list[str], bool]:
    """Return a whole text's lines without the numbers they carry, and whether all, or else most, of them carry one."""
    told = [line for line in lines if line.strip()]
    numbered = sum(_NUMBERED.match(line) is not None for line in told)
    return [_bare(line) for line in lines], numbered * 5 >= len(told) * 4 > 0


def _numbers(lines: Sequence[str]) -> list[int] | None:
    """Return the numbers that all lines carry, None where one carries none or they do not rise."""
    found = [_NUMBERED.match(line) for line in lines]
    numbers = [int(match[1]) for match in found if match is not None]
    rising = all(one < other for one, other in pairwise(numbers))
    return numbers if numbers and len(numbers) == len(lines) and rising else None


def _bare(line: str) -> str:
    match = _NUMBERED.match(line)
    return match[2] if match is not None else line
