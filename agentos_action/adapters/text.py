"""A stranger's text, made harmless before a person or a log sees it."""

from __future__ import annotations

import re
import unicodedata

_QUOTE_CHARS = 200


def one_line(text: str, limit: int = _QUOTE_CHARS) -> str:
    """Make a stranger's text harmless to print: one line, no control or format characters, at most `limit` long."""
    # Twice the limit is enough to fill it, and a megabyte is not walked for a sentence.
    shown = "".join(" " if c.isspace() else c if _printable(c) else "\ufffd" for c in text[: 2 * limit])
    # Two colons begin a command to the GitHub runner.
    shown = re.sub(r" +", " ", shown).strip().replace("::", ": :")
    return shown if len(shown) <= limit and len(text) <= 2 * limit else shown[: limit - 1] + "…"


def _printable(char: str) -> bool:
    return not unicodedata.category(char).startswith("C")
