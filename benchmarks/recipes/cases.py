"""The benchmark's cases: a piece of Python, the words a true sentence must have, and those it must not have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

SETS = ("held_out", "third", "validation", "tuning")


@dataclass(frozen=True, slots=True)
class Case:
    """One definition to describe; of each group in `needs` at least one word must begin a word of the sentence."""

    source: str
    needs: tuple[tuple[str, ...], ...]
    forbidden: tuple[str, ...]

    def is_true(self, sentence: str) -> bool:
        """Judge a sentence by its words alone."""
        enough = all(any(_says(sentence, word) for word in group) for group in self.needs)
        return enough and not any(_says(sentence, word) for word in self.forbidden)


def load(name: str) -> list[Case]:
    """Read one of the sets that stand beside this file."""
    text = (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8")
    return [_case(part) for part in text.split("### ")[1:]]


def _case(part: str) -> Case:
    head, _, source = part.partition("\n")
    needs, _, forbidden = head.partition("!")
    groups = tuple(_words(group, "|") for group in _words(needs, ";"))
    return Case(source.rstrip() + "\n", groups, _words(forbidden, "|"))


def _words(text: str, mark: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(mark) if word.strip())


def _says(sentence: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", sentence, re.IGNORECASE) is not None
