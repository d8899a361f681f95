"""Where a script, a picture or a word needs a character that nobody sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import cached_property

_Blocks = tuple[tuple[int, int], ...]

# Blocks of scripts whose letters are joined or split by zero width joiners.
_JOINING: _Blocks = (
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
# Thai, Lao, Myanmar, Khmer, Tai Lue, Tai Tham: zero width spaces say where a line may end, as no blanks part words.
_UNSPACED: _Blocks = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x1980, 0x19FF),
    (0x1A20, 0x1AAF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
)
# Format characters that are seen: signs around Arabic, Syriac, Kaithi numbers, how hieroglyphs and shorthand are put.
_SIGNED: tuple[_Blocks, ...] = (
    ((0x0600, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF)),
    ((0x0700, 0x074F),),
    ((0x11080, 0x110CF),),
    ((0x13000, 0x1345F),),
    ((0x1BC00, 0x1BCAF),),
)
_IDEOGRAPHS: _Blocks = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_MONGOLIAN: _Blocks = ((0x1820, 0x18AA),)
# Letters with standard variants: Myanmar and Phags-pa; the CJK marks too.
_VARIED: _Blocks = (
    *_IDEOGRAPHS,
    (0x1000, 0x109F),
    (0xA840, 0xA87F),
    (0xAA60, 0xAA7F),
    (0x3000, 0x303F),
    (0xFF00, 0xFF1F),
)
#: Pictures, also those that a newer Unicode may add.
PICTURES: _Blocks = ((0x1F000, 0x1FAFF),)
# The flags of England, Scotland and Wales are written with tag characters; nothing else is.
_TAG_FLAG = re.compile(
    "\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074"
    "|\U000e0077\U000e006c\U000e0073))\U000e007f"
)


class Line:
    """One line whose odd characters are known; asked place by place, it reads itself once for all of them."""

    def __init__(self, text: str, odd: Container[str], *, prose: bool) -> None:
        self._text = text
        self._odd = odd
        self._prose = prose

    def needs(self, at: int) -> bool:
        """Return whether the odd character at `at` stands where its script, picture or word needs it."""
        char, code = self._text[at], ord(self._text[at])
        before, after = self._text[at - 1 : at] if at else "", self._text[at + 1 : at + 2]
        if char in "\u200e\u200f\u061c":
            # Beside Hebrew or Arabic a mark keeps brackets and signs where they belong; two at one place do no more.
            return self._rightward and before not in self._odd and after not in self._odd
        if char in "\u200c\u200d":
            joins = within(before, _JOINING) or within(after, _JOINING)
            single = before not in self._odd and after not in self._odd
            return (joins and single) or (char == "\u200d" and _pictured(before) and _pictured(after, last=True))
        if char == "\u200b":
            return within(before, _UNSPACED) and within(after, _UNSPACED)
        if char == "\u00ad":
            return self._prose and before.isalpha() and after.isalpha()
        if 0xE0020 <= code <= 0xE007F:  # noqa: PLR2004 - tags
            return at in self._flagged
        return _selects(char, before, after) or _is_sign(char, before, after)

    @cached_property
    def _rightward(self) -> bool:
        return any(unicodedata.bidirectional(char) in {"R", "AL"} and char.isalpha() for char in set(self._text))

    @cached_property
    def _flagged(self) -> frozenset[int]:
        return frozenset(at for match in _TAG_FLAG.finditer(self._text) for at in range(*match.span()))


def within(char: str, blocks: _Blocks) -> bool:
    """Return whether there is a character and one of the blocks holds it."""
    return bool(char) and any(low <= ord(char) <= high for low, high in blocks)


def _selects(char: str, before: str, after: str) -> bool:
    """Return whether a variation selector stands behind what has variants."""
    code = ord(char)
    if char in "\ufe0e\ufe0f":
        return _has_emoji_form(before, after)
    if char in "\u180b\u180c\u180d\u180f":
        return within(before, _MONGOLIAN)
    if 0xFE00 <= code <= 0xFE0D:  # noqa: PLR2004 - variation selectors
        return within(before, _VARIED) or _is_symbol(before, "Sm")
    # Variants of ideographs.
    return 0xE0100 <= code <= 0xE01EF and within(before, _IDEOGRAPHS)  # noqa: PLR2004


def _is_sign(char: str, before: str, after: str) -> bool:
    """Return whether a sign around numbers or letters of its script stands beside one of them."""
    return any(
        within(char, blocks)
        and any(within(beside, blocks) and unicodedata.category(beside) != "Cf" for beside in (before, after))
        for blocks in _SIGNED
    )


def _pictured(char: str, *, last: bool = False) -> bool:
    # A picture, its colour of skin, or (before a joiner) the selector that makes a sign a picture.
    return (char == "\ufe0f" and not last) or _is_symbol(char, "So", "Sm", "Sk") or within(char, PICTURES)


def _is_symbol(char: str, *categories: str) -> bool:
    return bool(char) and not char.isascii() and unicodedata.category(char) in categories


def _has_emoji_form(before: str, after: str) -> bool:
    if not before or before.isascii():
        return bool(before) and before in "0123456789#*" and after == "\u20e3"
    return _is_symbol(before, "So", "Sm") or before in "\u203c\u2049\u2139\u3030\u303d" or within(before, PICTURES)
