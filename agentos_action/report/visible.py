"""Hostile text made harmless to look at: control characters become visible, nothing steers a terminal or a log."""

from __future__ import annotations

import re

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return the text with every control, bidirectional and lone surrogate character as `\xNN` or `\uNNNN`."""
    return _STEERING.sub(_escape, text)


def visible_line(text: str) -> str:
    """Return the text on one line, visible."""
    return " ".join(visible(text).split())


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
