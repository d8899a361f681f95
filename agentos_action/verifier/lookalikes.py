"""Words that mix Latin letters of ASCII with others that look like them: of another script, in a ring, raised."""

from __future__ import annotations

import builtins
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache

# Letters in a ring or a square are no letters to Unicode, and part of the word to a reader.
_WORDS = re.compile(r"[\w\u24b6-\u24e9\U0001f130-\U0001f149]+")
_ASCII_LETTER = re.compile(r"[A-Za-z]")

# The letter of an escape (`\n`) or of a placeholder (`%s`) is none of the word that follows it at once.
_ESCAPES = re.compile(
    r"\\[abfnrtv0]"
    r"|%(?:[0-9]{1,2}\$)?(?:\([A-Za-z_][A-Za-z0-9_]{0,60}\))?[-+#0]{0,2}[0-9]{0,3}(?:\.[0-9]{1,3})?[sdifuxgc]"
)
# The end of a range and the beginning of the next, a hyphen before and behind: `[A-Za-z…-…]`.
_BETWEEN_RANGES = re.compile(r"[A-Za-z][0-9_]?[^\W\x00-\x7f]|[^\W\x00-\x7f][0-9_]?[A-Za-z]")

# Letters of science that readers know as such (TNF-alpha, sigma-max): they imitate where what they imitate is near.
_SIGNS = frozenset("αγικνρσυℓℂℍℕℙℚℝℤ")
# In science they begin or end a word, or stand in a short one (NF-kappa-B).
_INSIDE = re.compile(r"[A-Za-z]+[αγικνρσυ][A-Za-z]+")
_SHORT = 4
# Words of prose that a sign beside a letter makes by chance; to imitate one of them gains nothing.
_PROSE = frozenset({"am", "an", "as", "at", "is", "of", "on", "or", "vs"})
# A name of Python's own that is longer than `id`, `abs` or `sum` needs not stand anywhere to be imitated.
_LONG = 4
_BUILTINS = frozenset(name for name in map(str.casefold, dir(builtins)) if len(name) >= _LONG)

# Latin letters of phonetics which look like those of ASCII in most fonts.
_PHONETIC = dict(zip("\u0251\u0261\u1d04\u1d0f\u1d1c\u1d20\u1d21\u1d22\ua731", "agcouvwzs", strict=True))
_PHONETICS = re.compile(r"[\u0250-\u02ff\u1d00-\u1d7f]")
# `Nº`, `Mª` end a word so; `ⓒ`, `ⓘ`, `ⓡ`, `Ⓜ` stand before or behind one.
_ORDINALS = "ªº"
_RINGS = "\u24d2\u24d8\u24e1\u24c2"
_ROMAN = range(0x2160, 0x2180)
# Where the letters with a decomposition end: those in squares.
_DECOMPOSED = range(0x80, 0x1F14A)

#: So many letters of one word are told.
_TOLD = 3


def lookalikes(line: str, stands: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """Yield (column from 1, word) for every mixed word all of whose foreign letters imitate Latin ones.

    `stands` says whether the file holds a word; it is asked for words with signs of science and raised letters.
    """
    line = _ESCAPES.sub(lambda match: " " * len(match[0]), line)
    for match in _WORDS.finditer(line):
        word = match[0]
        if word.isascii() or not _ASCII_LETTER.search(word):
            continue
        if line[match.start() - 1 : match.end() + 1] == f"-{word}-" and _BETWEEN_RANGES.fullmatch(word):
            continue
        odd = _imitations(word)
        if odd and not _honest(word, odd, stands):
            yield match.start() + 1, word


def _imitations(word: str) -> tuple[str, ...]:
    """Return the foreign letters of a mixed word if they all look like Latin ones, else none."""
    odd: dict[str, None] = {}
    last = len(word) - 1
    for at, char in enumerate(word):
        if char.isascii() or (char in _RINGS and at in {0, last}):
            continue
        if char in _ORDINALS and not _ASCII_LETTER.match(word, at + 1):
            continue
        if char in _table():
            odd[char] = None
        elif char.isalpha() and not _is_latin(char):
            return ()
    # A word with other letters of phonetics is written in phonetics.
    if odd.keys() <= _PHONETIC.keys() and any(char not in _PHONETIC for char in _PHONETICS.findall(word)):
        return ()
    return tuple(odd)


def _honest(word: str, odd: tuple[str, ...], stands: Callable[[str], bool]) -> bool:
    """Return whether signs of science and raised letters are all there is, and the word imitates none that is known."""
    if not all(char in _SIGNS or _is_raised(char) for char in odd):
        return False
    twin = plain(word)
    if twin in _BUILTINS or any(sum(map(str.isascii, part)) > _SHORT for part in _INSIDE.findall(word)):
        return False
    # An index that ends a word (x with a small i, beside `xi`) is how formulas are written.
    index = _SIGNS.isdisjoint(odd) and not _ASCII_LETTER.search(word, min(map(word.index, odd)))
    return index or twin in _PROSE or not stands(twin)


@cache
def _is_raised(char: str) -> bool:
    # The long s too: readers know it, and Python reads it as the short one.
    return unicodedata.decomposition(char).startswith(("<super>", "<sub>")) or char == "\u017f"


def plain(word: str) -> str:
    """Return a word in small Latin letters, each foreign letter as the one it imitates."""
    return word.translate(_plain()).casefold()


@cache
def _plain() -> Mapping[int, str]:
    return {ord(char): like for char, like in _table().items()}


def letters(word: str) -> str:
    """Return the letters of a word that imitate Latin ones, by number and name."""
    odd = _imitations(word)
    told = [f"U+{ord(char):04X} {unicodedata.name(char)} (like {_table()[char]!r})" for char in odd[:_TOLD]]
    more = [f"{len(odd) - _TOLD} more"] if len(odd) > _TOLD else []
    return ", ".join([*told, *more])


@cache
def _is_latin(char: str) -> bool:
    return "LATIN" in unicodedata.name(char, "") or char in _ORDINALS


@cache
def _table() -> Mapping[str, str]:
    """Return every letter that looks like one of ASCII, with that one (Unicode's confusables, TR39, and NFKC)."""
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415 - a megabyte that few diffs need

    table = dict(_PHONETIC)
    for char, likes in confusables_data.items():
        if len(char) == 1 and not char.isascii() and char.isalpha() and not _of_latin_script(char):
            like = next((one["c"] for one in likes if len(one["c"]) == 1 and one["c"].isascii()), "")
            if like.isalpha():
                table[char] = like
    # Python reads these as the narrow, plain or level ones: full width, mathematical, in rings, numerals, raised.
    for code in _DECOMPOSED:
        if unicodedata.decomposition(chr(code)):
            like = unicodedata.normalize("NFKC", chr(code))
            if like.isascii() and like.isalpha() and (len(like) == 1 or code in _ROMAN):
                table[chr(code)] = like
    return table


def _of_latin_script(char: str) -> bool:
    # `FULLWIDTH LATIN …` and `MATHEMATICAL …` imitate Latin letters; `LATIN SMALL LETTER DOTLESS I` is one.
    return unicodedata.name(char, "").startswith(("LATIN ", "MODIFIER ", "SUPERSCRIPT "))
