"""Characters that nobody sees: taken out of a text that somebody approved by reading it."""

from __future__ import annotations

import re
import sys
import unicodedata
from html import unescape

_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
# Fillers, selectors, tags, what fonts are to leave out: nobody sees these, whatever Unicode counts them among.
_UNSEEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
#: Format characters that are drawn: signs that stand under or around Arabic, Syriac and Kaithi numbers.
_DRAWN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_JOINERS = frozenset("\u200c\u200d")
_SELECTORS = frozenset("\ufe0e\ufe0f")
_CODE = re.compile(r"&#([xX]?)([0-9A-Fa-f]{1,8});")
_REFERENCE = re.compile(r"&(?:#[xX]?[0-9A-Fa-f]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});?")
_KEYCAPS = frozenset("0123456789#*")


def referred(reference: str) -> str:
    """Return what a character reference of Markdown (`&#8203;`, `&shy;`) stands for."""
    code = _CODE.fullmatch(reference)
    if code is None:
        return unescape(reference)
    number = int(code[2], 16 if code[1] else 10)
    return chr(number) if 0 < number <= sys.maxunicode else "\ufffd"


def spelled_out(raw_html: str) -> str:
    """Return raw HTML in which references to characters that nobody sees are such characters."""

    def char(found: re.Match[str]) -> str:
        said = unescape(found[0]) or "\u200b"
        return said if any(map(unseen, said)) else found[0]

    return _REFERENCE.sub(char, raw_html)


def without_unseen(text: str) -> tuple[str, int]:
    """Return the text without characters that nobody sees, and how many they were.

    A joiner between two letters or signs of a script that needs it, and one selector behind a picture, stay.
    """
    if not _SUSPECT.search(text):
        return text, 0
    plain = text.replace("\u2028", "\n").replace("\u2029", "\n")
    kept: list[str] = []
    for at, char in enumerate(plain):
        if not unseen(char) or _needed(char, kept[-1] if kept else "", plain[at + 1 : at + 2]):
            kept.append(char)
    return "".join(kept), len(plain) - len(kept)


def unseen(char: str) -> bool:
    """Return whether a character is not drawn."""
    if char in "\n\t" or " " <= char <= "~":
        return False
    category = unicodedata.category(char)
    return (category in {"Cc", "Cf"} and char not in _DRAWN) or _UNSEEN.match(char) is not None


def _needed(char: str, before: str, after: str) -> bool:
    """Whether a character that is not seen itself shapes its neighbours."""
    if char in _SELECTORS:
        return before in _KEYCAPS if before.isascii() else not unseen(before) and not before.isspace()
    if char not in _JOINERS or not after:
        return False
    behind_selector = before in _SELECTORS
    return (behind_selector or _shaped(before)) and _shaped(after)


def _shaped(char: str) -> bool:
    return bool(char) and not char.isascii() and not char.isspace() and not unseen(char)
