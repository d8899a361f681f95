"""What a reader does not see within a paragraph: comments, tags, names, titles, the text behind pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentos_action.tasks.markdown import SMALL, SPAN, UNDRAWN
from agentos_action.tasks.tags import reduced, shown

if TYPE_CHECKING:
    from markdown_it.token import Token

#: What a browser takes for a comment in raw HTML.
OPENS = re.compile(r"<!--|<!|<\?|</(?![A-Za-z])")
CLOSES = re.compile(r"--!?>")
#: What may begin, or end, something within a declaration that is text to the forge.
_MARKS = re.compile(r"[][`<\\]")
#: What begins as the mark of a footnote does and does not end on its line: the forge forgets some of what follows.
_LOOSE = re.compile(r"\[\^(?![^\[\]\n]*\])")
#: What the forge itself writes behind a picture that is put into a text.
_ITS_OWN = frozenset({"", "image"})

COMMENT, TAG = "HTML comment", "HTML tag or attribute"
#: Counted where the character is taken out.
CHARACTER = ""
_PICTURE, _TITLE, _NAME = "text of a picture", "title of a link", "name of a definition"


def forgotten(paragraph: Token) -> bool:
    """Whether a paragraph has what looks like the mark of a footnote and goes over the end of a line."""
    breaks = {"softbreak", "hardbreak"}
    said = "".join(
        "\n" if child.type in breaks else child.content if child.type == "text" else ""
        for child in paragraph.children or ()
    )
    loose = _LOOSE.search(said)
    return loose is not None and loose.start() < said.rfind("\n", 0, said.rfind("]") + 1)


def spills(paragraph: Token) -> bool:
    """Whether a comment in a paragraph ends earlier for a browser, and what follows in it opens what stays open."""
    return any(child.type == "html_inline" and opens_more(child.content) for child in paragraph.children or ())


def opens_more(comment: str) -> bool:
    """Whether what the parser takes for one comment is to the forge, or a browser, less, and opens what stays open."""
    opens = OPENS.match(comment)
    if opens is None:
        return False
    closes = CLOSES.search(comment, opens.end()) if opens[0] == "<!--" else re.search(">", comment)
    if SMALL.match(comment) and _MARKS.search(comment, opens.end()):
        return True
    rest = comment[closes.end() :] if closes else ""
    # Behind these signs the forge reads on, and an end further on is the one.
    return comment.endswith(("??>", "]]]>")) or bool(OPENS.search(rest)) or reduced(rest, quoted=False)[2]


def hidden_spans(children: list[Token] | tuple[Token, ...]) -> Iterator[tuple[int, int, str, str]]:
    """Yield (start, end, what stays in its place, what it is) of everything in a paragraph that is not seen."""
    for child in children:
        if SPAN not in child.meta:
            continue
        start, end = child.meta[SPAN]
        if child.type == "html_inline" and child.content.startswith(("<!", "<?")):
            yield start, end, "", COMMENT
        elif child.type == "html_inline" and shown(child.content) != child.content:
            yield start, end, shown(child.content), TAG
        elif child.type == "image" and (
            child.content.casefold() not in _ITS_OWN or child.attrs.get("title") or child.meta.get("label")
        ):
            yield start, end, f"![]({child.attrs.get('src', '')})", _PICTURE
        elif child.type == UNDRAWN:
            yield start, end, child.content, CHARACTER
        elif child.type == "link_open":
            yield start, end, f"({child.attrs.get('href', '')})", _TITLE if child.attrs.get("title") else _NAME
