"""A trailer's value: one printable line that acts on nothing; who writes it and who checks it clean it alike."""

from __future__ import annotations

import re
import unicodedata

MAX_VALUE = 300
UNKNOWN = "unknown"

_CLOSING = r"(?:clos\w*|fix\w*|resolv\w*|complet\w*|implement\w*|address\w*|ref\w*|part of)[\s:]+(?:issue\s+)?"
_FAMILIAR = r"(?!(?:utf|sha|iso|rfc|cve|http)-)"
# GH-1 anywhere, and a tracker's key (ENG-1) behind a word that closes: Linear takes small letters too.
_KEYS = re.compile(rf"(?<![a-z0-9_])(gh|{_CLOSING}{_FAMILIAR}[a-z][a-z0-9_]*)-(?=\d)", re.IGNORECASE)
# A value is a name of ours or of a model (`hf.co/org/model:Q4_K_M@main`), so only what acts inside one is taken.
_VALUE_MARKS = re.compile(r"[\[\]#*]|(?<![A-Za-z0-9])@|:(?=//)|(?<=skip-checks)\s*:", re.IGNORECASE)


def trailer_value(text: str) -> str:
    """Return a trailer's value as one printable line that acts on nothing; an empty one is `unknown`."""
    line = _VALUE_MARKS.sub(" ", one_line(text))
    return " ".join(without_keys(line).split())[:MAX_VALUE].strip() or UNKNOWN


def one_line(text: str) -> str:
    """Return text as one line of printable characters: controls, invisible and undefined ones become spaces."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(char if char.isprintable() else " " for char in composed).split())


def without_keys(line: str) -> str:
    """Return a line in which no tracker finds the key of an issue: its hyphen is a space."""
    return _KEYS.sub(r"\1 ", line)
