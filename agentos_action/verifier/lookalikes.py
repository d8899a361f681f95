"""Words that mix Latin letters of ASCII with letters of another script that look like Latin ones."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache

_WORDS = re.compile(r"\w+")
_PARTS = re.compile(r"[^\W\d_]+")

# Letters of science that readers know as such: honest beside one or two Latin letters, not in a long word.
_SIGNS = frozenset("αγικνρσυℓℂℍℕℙℚℝℤ")
_SHORT = 2

#: So many letters of one word are told.
_TOLD = 3


def lookalikes(line: str) -> Iterator[tuple[int, str]]:
    """Yield (column from 1, word) for every mixed word all of whose foreign letters imitate Latin ones."""
    for match in _WORDS.finditer(line):
        word = match[0]
        if word.isascii():
            continue
        odd = _imitations(word)
        if odd and not _honest(word, odd):
            yield match.start() + 1, word


def _imitations(word: str) -> tuple[str, ...]:
    """Return the foreign letters of a mixed word if they all look like Latin ones, else none."""
    latin = False
    odd: dict[str, None] = {}
    for char in word:
        if char.isascii():
            latin = latin or char.isalpha()
        elif char in _table():
            odd[char] = None
        elif char.isalpha() and not _is_latin(char):
            return ()
    return tuple(odd) if latin else ()


def _honest(word: str, odd: tuple[str, ...]) -> bool:
    """Return whether all of the word's mixed parts are signs of science: the sign alone, or beside two letters."""
    if not _SIGNS.issuperset(odd):
        return False
    parts = [part for part in _PARTS.findall(word) if not part.isascii()]
    return all(sum(map(str.isascii, part)) <= _SHORT for part in parts)


def letters(word: str) -> str:
    """Return the letters of a word that imitate Latin ones, by number and name."""
    odd = _imitations(word)
    told = [f"U+{ord(char):04X} {unicodedata.name(char)} (like {_table()[char]!r})" for char in odd[:_TOLD]]
    more = [f"{len(odd) - _TOLD} more"] if len(odd) > _TOLD else []
    return ", ".join([*told, *more])


def _is_latin(char: str) -> bool:
    return "LATIN" in unicodedata.name(char, "") or char in "ªº"


@cache
def _table() -> Mapping[str, str]:
    """Return every foreign letter that looks like one of ASCII, with that one (Unicode's confusables, TR39)."""
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415 - a megabyte that few diffs need

    table = {}
    for char, likes in confusables_data.items():
        if len(char) == 1 and not char.isascii() and char.isalpha() and not _of_latin_script(char):
            like = next((one["c"] for one in likes if len(one["c"]) == 1 and one["c"].isascii()), "")
            folded = unicodedata.normalize("NFKC", char)
            like = folded if len(folded) == 1 and folded.isascii() else like
            if like.isalpha():
                table[char] = like
    # Full-width letters, most of which TR39 leaves to normalisation: Python reads them as the narrow ones.
    return table | {chr(code + 0xFEE0): chr(code) for code in range(0x41, 0x7B) if chr(code).isalpha()}


def _of_latin_script(char: str) -> bool:
    # `FULLWIDTH LATIN …` and `MATHEMATICAL …` imitate Latin letters; `LATIN SMALL LETTER DOTLESS I` is one.
    return char in "ªº" or unicodedata.name(char, "").startswith(("LATIN ", "MODIFIER ", "SUPERSCRIPT "))
