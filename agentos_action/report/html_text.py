"""Text → HTML in which it stays text; the type says what has been made harmless."""

from __future__ import annotations

import re
from typing import NewType

from agentos_action.report.visible import visible

#: A piece of HTML of our own making; foreign text becomes one through `text` or `shown` only.
Html = NewType("Html", str)

NOTHING = Html("")

# html.escape does the same, and its module reads a table of 2,231 entities that nobody needs here.
_SIGNS = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#x27;"}
_UNUSUAL = re.compile(r"[^\n\t\x20-\x7e]")
#: Drawn as nothing, or as a blank that is none, besides what `visible` marks: fillers, joiners, other blanks.
_BLANK = frozenset(
    "\u00a0\u034f\u115f\u1160\u1680\u17b4\u17b5\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f"
    "\u205f\u2800\u3000\u3164\uffa0"
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))


def text(value: str) -> Html:
    r"""Return text as HTML; each character that steers or cannot be seen is a mark `<i>\uNNNN</i>`."""
    escaped = value.translate(_SIGNS)
    return Html(escaped if escaped.isascii() and escaped.isprintable() else _UNUSUAL.sub(_mark, escaped))


def plain(value: str) -> Html:
    """Return text for an element that holds no others, such as a title: what steers stands there unmarked."""
    return Html(visible(value).translate(_SIGNS))


def shown(value: str, most: int) -> Html:
    """Return at most so many characters of a text as HTML, and how many more there are."""
    if len(value) <= most:
        return text(value)
    return Html(f"{text(value[:most])}<b>… {len(value) - most:,} more characters</b>")


def element(name: str, *inside: Html, **attributes: str) -> Html:
    """Return an element of these pieces; `class_` is the attribute `class`, and `_` in a name is a hyphen."""
    told = "".join(f' {_attribute(key)}="{value.translate(_SIGNS)}"' for key, value in attributes.items())
    return Html(f"<{name}{told}>{''.join(inside)}</{name}>")


def joined(*inside: Html) -> Html:
    """Return pieces one after the other."""
    return Html("".join(inside))


def size(piece: Html) -> int:
    """Return how many bytes a piece of HTML takes."""
    return len(piece) if piece.isascii() else len(piece.encode())


def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _mark(match: re.Match[str]) -> str:
    char = match[0]
    told = visible(char)
    if told == char and char in _BLANK:
        code = ord(char)
        told = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - the last of four digits
    return char if told == char else f"<i>{told}</i>"
