"""Text → the characters in it that a reader does not see, or sees as another text than a program reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from agentos_action.verifier.needed import PICTURES, Line, within

#: Every line without a hit here is honest: printable ASCII, tabs and form feeds.
_SUSPECT = re.compile(r"[^\t\f\x20-\x7e]")

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Patterns as texts: `re` keeps them, and honest lines need none.
# Nobody sees these either, whatever Unicode counts them among: fillers, selectors, what fonts are to leave out.
_UNSEEN = (
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\u2065\U000e0000-\U000e0fff]"
)
# Code points that a newer Unicode may have given to a picture, an ideograph or a currency.
_GROWING = (*PICTURES, (0x20000, 0x3FFFF), (0x20A0, 0x20CF))
# A letter of ASCII beside one of another alphabet or in a ring; digits, underscores, Latin accents between or not.
_FOREIGN = r"(?:[^\W\x00-\x7f\u00c0-\u017e\u0180-\u024f]|[\u24b6-\u24e9\U0001f130-\U0001f149])"
_MIXED = rf"[A-Za-z][0-9_\u00c0-\u024f]*{_FOREIGN}|{_FOREIGN}[0-9_\u00c0-\u024f]*[A-Za-z]"

#: unicodedata has no names for these.
_NAMES = {0x00: "NULL", 0x08: "BACKSPACE", 0x0D: "CARRIAGE RETURN", 0x1B: "ESCAPE", 0x7F: "DELETE", 0x85: "NEXT LINE"}
_NAMELESS = {"Co": "for private use", "Cn": "that Unicode gives no meaning to"}

#: The key of a carriage return at the end of a line; one inside a line is `\r`.
LINE_END = "\r\n"


class Odd(NamedTuple):
    """One find: the finding's id, the character or the word, and its column from 1."""

    id: str
    key: str
    column: int

    @property
    def said(self) -> str:
        """What a message says of it; nothing in that is raw."""
        if self.key == LINE_END:
            return f"{named(self.key[0])} at its end, unlike other lines of the file"
        if self.id != "text.lookalike":
            return f"{named(self.key)} at column {self.column}"
        from agentos_action.verifier.lookalikes import letters  # noqa: PLC0415 - its table is large

        if len(self.key) == 1:
            return f"{named(self.key)} at column {self.column}, where an operator would stand"
        return f"a word at column {self.column} that imitates Latin letters with {letters(self.key)}"


def _nowhere(word: str) -> bool:
    return not word


def odd_characters(
    line: str, *, first: bool, prose: bool = False, stands: Callable[[str], bool] = _nowhere
) -> Iterator[Odd]:
    """Yield what is odd in a line; `first` where it is the first of its file, which a byte order mark may begin.

    `prose` says that words may be cut by soft hyphens, `stands` whether the file holds a word (in small letters).
    """
    line = line.removesuffix("\n").removesuffix("\r")
    if not _SUSPECT.search(line):
        return
    kinds = {char: kind for char in set(line) if (kind := _kind(char))}
    if kinds:
        place = Line(line, kinds, prose=prose)
        for at, char in enumerate(line):
            if char in kinds and not (place.needs(at) or (char == "\ufeff" and first and not at)):
                yield Odd(f"text.{kinds[char]}", char, at + 1)
    if re.search(_MIXED, line):
        from agentos_action.verifier.lookalikes import lookalikes  # noqa: PLC0415 - its table is large

        for column, word in lookalikes(line, stands):
            yield Odd("text.lookalike", word, column)


def named(char: str) -> str:
    """Return a character's number and name, as `U+200B ZERO WIDTH SPACE`."""
    code = ord(char)
    nameless = _NAMELESS.get(unicodedata.category(char), "unnamed")
    return f"U+{code:04X} {unicodedata.name(char, _NAMES.get(code, nameless))}"


@cache
def _kind(char: str) -> str:
    """Return what a character is odd by wherever nothing needs it; "" for an honest one."""
    if char in _BIDI:
        return "bidi"
    category = unicodedata.category(char)
    if category in {"Cc", "Zl", "Zp"}:
        return "" if char in "\t\f" else "control"
    # The last two of every plane are no characters and never will be.
    unknown = category == "Cn" and (not within(char, _GROWING) or ord(char) & 0xFFFE == 0xFFFE)  # noqa: PLR2004
    return "invisible" if unknown or category in {"Cf", "Co"} or re.match(_UNSEEN, char) else ""
