"""Hostile text made harmless to look at: control characters become visible, nothing steers a terminal or a log."""

from __future__ import annotations

import re
import unicodedata

#: What GitHub's runner takes for a command: `::name` where a line begins, `##[name` anywhere.
_COMMAND = re.compile(r"^[ \t]*::(?=[A-Za-z])|##\[(?=[A-Za-z])", re.MULTILINE)
_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")

#: Control, format (bidirectional, invisible, tags), lone surrogate, line and paragraph separator.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str) -> str:
    r"""Return the text with every character that steers as `\xNN`, `\uNNNN` or `\UNNNNNNNN`."""
    return _SUSPECT.sub(_escape, text)


def forms_command(text: str) -> bool:
    """Return whether a CI runner that reads this text would find a command of its own in it."""
    return _COMMAND.search(text) is not None


def unobeyed(text: str) -> str:
    r"""Return the text in which a CI runner finds no command: `:\x3a` and `##\x5b` stand in its place."""
    return _COMMAND.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    return match[0].replace("::", ":\\x3a").replace("##[", "##\\x5b")


def visible_line(text: str) -> str:
    """Return the text on one line, visible."""
    return " ".join(visible(text).split())


def harmless_line(text: str) -> str:
    """Return the text on one line, visible, and obeyed by no CI runner that reads along."""
    return unobeyed(visible_line(text))


def _escape(match: re.Match[str]) -> str:
    if unicodedata.category(match[0]) not in _STEERING:
        return match[0]
    code = ord(match[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004
