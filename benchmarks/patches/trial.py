"""One answer to place or to refuse, and what a tool made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from benchmarks.patches.corpus import Case

_HEADER = re.compile(r"^ *(?:diff --git |\+\+\+ )", re.MULTILINE)

Outcome: TypeAlias = Literal["right", "wrong", "refused"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer, the files it is about and the files as they must be afterwards; None when it must be refused."""

    kind: str
    case: Case
    answer: str
    expected: dict[str, str] | None
    is_diff: bool = True


def holds_diff(answer: str) -> bool:
    """Say whether tools that read nothing but diffs may be asked about an answer."""
    return _HEADER.search(answer) is not None


@dataclass(frozen=True, slots=True)
class Result:
    """What came out, the files then, why not, and the seconds it took."""

    outcome: Outcome
    files: dict[str, str]
    reason: str
    seconds: float
