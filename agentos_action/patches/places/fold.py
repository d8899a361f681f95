"""How a line is compared on each rung: from byte for byte to "a person would read the same"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from agentos_action.records.patch import Rung

#: Characters that models write for one another: quotes, dashes, points, blanks that look alike.
_ALIKE = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4\u02bc", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", None),
        "\u2026": "...",
        "\u00d7": "x",
        "\u2022": "*",
        "\u2192": "->",
        "\u2190": "<-",
        "\u21d2": "=>",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2260": "!=",
    }
)
_BLANKS = re.compile(r"\s+")
_DASHES = re.compile(r"-{2,3}")


def _same(line: str) -> str:
    return line


def alike(line: str) -> str:
    """Return what is left of a line when look-alikes, blanks within it and its indentation do not count."""
    line = line.strip()
    if not line.isascii():
        line = unicodedata.normalize("NFKC", line.translate(_ALIKE))
        line = _DASHES.sub("-", line).strip()
    elif "--" in line:
        line = _DASHES.sub("-", line)
    return _BLANKS.sub(" ", line)


#: The rungs on which all old lines stand together in the file, and what of a line counts there.
FOLDS: dict[Rung, Callable[[str], str]] = {
    "exact": _same,
    "blanks": str.rstrip,
    "indent": str.strip,
    "lookalikes": alike,
}


def indent_of(line: str) -> str:
    """Return the blanks at the head of a line."""
    return line[: len(line) - len(line.lstrip())]


def telling(line: str) -> bool:
    """Return whether a line says enough to be recognised by: some letters or digits, not only brackets."""
    return sum(char.isalnum() for char in line) > 2  # noqa: PLR2004 - `fi`, `});` and `"]` stand everywhere
