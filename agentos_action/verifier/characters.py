"""Text → the characters in it that a reader does not see, or sees as another text than a program reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

#: Every line without a hit here is honest: printable ASCII, tabs and form feeds.
_SUSPECT = re.compile(r"[^\t\f\x20-\x7e]")

# One letter of every script that joins or splits by (zero width) joiners is enough for the block around it.
_JOINING = (
    (0x0600, 0x0DFF),  # Arabic, Syriac, Thaana, N'Ko, the scripts of India, Sinhala
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1780, 0x18AF),  # Khmer, Mongolian
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x1B00, 0x1C4F),  # Balinese, Sundanese, Batak, Lepcha
    (0xA800, 0xA8FF),  # Syloti Nagri, Phags-pa, Saurashtra, Devanagari Extended
    (0xA930, 0xAADF),  # Rejang, Javanese, Cham, Myanmar Extended
    (0xABC0, 0xABFF),  # Meetei Mayek
    (0xFB50, 0xFDFF),  # Arabic presentation forms
    (0xFE70, 0xFEFE),
    (0x10D00, 0x10D3F),  # Hanifi Rohingya
    (0x11000, 0x11FFF),  # Brahmi and its children
    (0x1E900, 0x1E95F),  # Adlam
)
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_MONGOLIAN = ((0x1820, 0x18AA),)
# Letters with standard variants: Myanmar and Phags-pa; the CJK marks too.
_VARIED = (*_IDEOGRAPHS, (0x1000, 0x109F), (0xA840, 0xA87F), (0xAA60, 0xAA7F), (0x3000, 0x303F), (0xFF00, 0xFF1F))

_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = r"\x00-\x08\x0b\r\x0e-\x1f\x7f-\x9f\u2028\u2029"
_INVISIBLE = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff"
    r"\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_ODD = re.compile(f"(?P<bidi>[{_BIDI}])|(?P<control>[{_CONTROL}])|(?P<invisible>[{_INVISIBLE}])")
# A letter of ASCII beside one of another alphabet, digits and underscores between them or not.
_MIXED = re.compile(r"[A-Za-z][0-9_]*[^\W\x00-\x7f]|[^\W\x00-\x7f][0-9_]*[A-Za-z]")
# The flags of England, Scotland and Wales are written with tag characters; nothing else is.
_TAG_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")

#: unicodedata has no names for these.
_NAMES = {0x00: "NULL", 0x08: "BACKSPACE", 0x0D: "CARRIAGE RETURN", 0x1B: "ESCAPE", 0x7F: "DELETE", 0x85: "NEXT LINE"}


class Odd(NamedTuple):
    """One find: the finding's id, the character or the word, and its column from 1."""

    id: str
    key: str
    column: int

    @property
    def said(self) -> str:
        """What a message says of it; nothing in that is raw."""
        if self.id != "text.lookalike":
            return f"{named(self.key)} at column {self.column}"
        from agentos_action.verifier.lookalikes import letters  # noqa: PLC0415 - its table is large

        return f"a word at column {self.column} that mixes Latin letters with {letters(self.key)}"


def odd_characters(line: str, *, first: bool) -> Iterator[Odd]:
    """Yield what is odd in a line; `first` where it is the first of its file, which a byte order mark may begin."""
    line = line.removesuffix("\n").removesuffix("\r")
    if not _SUSPECT.search(line):
        return
    flags = [match.span() for match in _TAG_FLAG.finditer(line)]
    for match in _ODD.finditer(line):
        at, kind = match.start(), str(match.lastgroup)
        char = match[0]
        if kind == "invisible" and (
            _needed(line, at) or (char == "\ufeff" and first and not at) or any(a < at < b for a, b in flags)
        ):
            continue
        yield Odd(f"text.{kind}", char, at + 1)
    if _MIXED.search(line):
        from agentos_action.verifier.lookalikes import lookalikes  # noqa: PLC0415 - its table is large

        for column, word in lookalikes(line):
            yield Odd("text.lookalike", word, column)


def named(char: str) -> str:
    """Return a character's number and name, as `U+200B ZERO WIDTH SPACE`."""
    code = ord(char)
    return f"U+{code:04X} {unicodedata.name(char, _NAMES.get(code, 'unnamed'))}"


def _needed(line: str, at: int) -> bool:
    """Return whether an invisible character stands where its script or emoji needs it."""
    char, code = line[at], ord(line[at])
    before, after = line[at - 1 : at], line[at + 1 : at + 2]
    if not before:
        return False
    if char in "\u200c\u200d":
        joins = _within(before, _JOINING) and _within(after, _JOINING)
        return joins or (char == "\u200d" and _pictured(before) and _pictured(after) and after != "\ufe0f")
    if char in "\ufe0e\ufe0f":
        return _has_emoji_form(before, after)
    if char in "\u180b\u180c\u180d\u180f":
        return _within(before, _MONGOLIAN)
    if 0xFE00 <= code <= 0xFE0D:  # noqa: PLR2004 - variation selectors
        return _within(before, _VARIED) or unicodedata.category(before) == "Sm" or before == "0"
    # Variants of ideographs.
    return 0xE0100 <= code <= 0xE01EF and _within(before, _IDEOGRAPHS)  # noqa: PLR2004


def _within(char: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    return bool(char) and any(low <= ord(char) <= high for low, high in blocks)


def _pictured(char: str) -> bool:
    # A picture, its colour of skin, or the selector that makes a sign a picture.
    return bool(char) and (unicodedata.category(char) in {"So", "Sm", "Sk"} or char == "\ufe0f") and not char.isascii()


def _has_emoji_form(before: str, after: str) -> bool:
    if before in "0123456789#*":
        return after == "\u20e3"
    return unicodedata.category(before) in {"So", "Sm"} or before in "\u203c\u2049\u2139\u3030\u303d"
