"""Markdown as CommonMark reads it: blocks by their lines, and where in a paragraph raw HTML and pictures stand."""

from __future__ import annotations

import re
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

from agentos_action.errors import UsageError
from agentos_action.tasks.unseen import referred, unseen

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt
    from markdown_it.helpers.parse_link_destination import _Result
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

    _BlockRule: TypeAlias = Callable[[StateBlock, int, int, bool], bool]

#: The key of a token's `meta` that holds (start, end) in its paragraph's own text: of itself, of a link's address.
SPAN = "span"
#: The key that holds where in its line a row of a table begins.
START = "start"
#: The type of the token of a character reference (`&#8203;`) that draws nothing.
UNDRAWN = "undrawn"
#: The types of a footnote's token, and of a table whose head has no bar, which only the forge knows for one.
FOOTNOTE, BARLESS = "footnote", "barless"
#: How deep things may stand in each other: the parser takes what is deeper for plain text, and the forge does not.
MAX_NESTED = 50
#: What stands behind the text of a link that is the name of its definition.
_SAME = frozenset({"", "[]"})
#: How a declaration begins that the forge takes for text.
SMALL = re.compile(r"<![a-z]")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:")
_ONE_COLUMN = re.compile(r"(?:\|[ \t]*:?-+:?|:-+:?|-+:)[ \t]*\|?[ \t]*|-+[ \t]*\|[ \t]*")
#: The row below a table's head, and the key of the lines that follow, in a paragraph, one that made no table.
_DELIMITERS = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_TRIED = "tried"
_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")
#: Blanks to Python, and to its regular expressions, but not to the forge; and what stands for them while they are read.
_BLANKS = (
    "\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_STANDS = {ord(blank): chr(0xFDD0 + at) for at, blank in enumerate(_BLANKS)}
_BLANK = {0xFDD0 + at: blank for at, blank in enumerate(_BLANKS)}


def marked(text: str) -> str:
    """Return a text in which a blank that is a letter to the forge is none to the parser; `unmarked` undoes it."""
    return text.translate(_STANDS)


def unmarked(text: str) -> str:
    """Return a text that `marked` was given."""
    return text.translate(_BLANK)


def parse_markdown(text: str) -> tuple[list[Token], dict[str, Any]]:
    """Return the blocks of a text, and what the parser knows of its link definitions.

    Raises UsageError where brackets stand in each other too deep.
    """
    known: dict[str, Any] = {}
    return _parser().parse(text, known), known


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt, helpers  # noqa: PLC0415 - most runs get no text of a stranger
    from markdown_it.rules_block import html_block, reference, table  # noqa: PLC0415 - the same
    from markdown_it.rules_inline import entity, html_inline, image, link  # noqa: PLC0415 - the same

    options = {"store_labels": True, "maxNesting": 2 * MAX_NESTED}
    parser = MarkdownIt("commonmark", options).disable(["table", "reference"])
    # The forge makes links of all addresses, and drops those it does not like from the page.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - the parser's own signature
    parser.helpers = SimpleNamespace(  # type: ignore[assignment]
        parseLinkDestination=_destination(helpers.parseLinkDestination),
        parseLinkLabel=helpers.parseLinkLabel,
        parseLinkTitle=helpers.parseLinkTitle,
    )
    # In the forge's own order: raw HTML and a heading go before a table, and that before a definition.
    inside: list[str] = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.at("html_block", _declared(html_block), {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.before("lheading", FOOTNOTE, _footnote, {"alt": inside})
    parser.block.ruler.before("lheading", "rows", _rows(table), {"alt": inside[:2]})
    parser.block.ruler.before("lheading", "definition", reference)
    parser.inline.ruler.at("entity", _undrawn(entity))
    parser.inline.ruler.at("html_inline", _placed(html_inline))
    parser.inline.ruler.at("image", _placed(image))
    parser.inline.ruler.at("link", _addressed(link))
    return parser


def _destination(rule: Callable[[str, int, int], _Result]) -> Callable[[str, int, int], _Result]:
    """Return the rule for addresses, which takes one without angle brackets as the forge does, whose may stay open."""
    from markdown_it.common.utils import unescapeAll  # noqa: PLC0415 - the same

    def destination(text: str, start: int, end: int) -> _Result:
        found = rule(text, start, end)
        if text[start : start + 1] == "<":
            return found
        at, depth = start, 0
        while at < end and text[at] not in " \t\n\v\f\r" and depth <= 32:  # noqa: PLR2004 - the forge's own number
            depth += (text[at] == "(") - (text[at] == ")")
            if depth < 0:
                break
            at += 2 if _ESCAPED.match(text, at, end) else 1
        found.ok, found.pos, found.str = at > start and depth <= 32, at, unescapeAll(text[start:at])  # noqa: PLR2004
        return found

    return destination


def _declared(rule: _BlockRule) -> _BlockRule:
    """Return the rule for blocks of raw HTML, to which a declaration in small letters is a text, as to the forge."""

    def declared(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's own
        return not SMALL.match(_line(state, first)) and rule(state, first, end, silent)

    return declared


def _footnote(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's own
    """Read a footnote, with the lines that go on with it and what is indented below."""
    if state.is_code_block(first) or not _FOOTNOTE.match(_line(state, first)):
        return False
    if silent:
        return True
    around, state.parentType = state.parentType, "paragraph"
    line = first + 1
    while line < end:
        below = next((number for number in range(line, end) if not state.isEmpty(number)), end)
        indented = below < end and state.is_code_block(below)
        if not indented and (below > line or _ended(state, line, end, "paragraph")):
            break
        line = below + 1
    state.parentType, state.line = around, line
    state.push(FOOTNOTE, "", 0).map = [first, line]
    return True


def _rows(rule: _BlockRule) -> _BlockRule:
    """Return the rule for tables, which also tells where rows begin, and knows those whose head has no bar."""

    def rows(state: StateBlock, first: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's own
        before = len(state.tokens)
        below = _line(state, first + 1) if first + 1 < end else ""
        if not below.strip(" \t-"):
            # That underlines a heading.
            return False
        lines = state.env.setdefault(_TRIED, set())
        tried = silent and first in lines
        if tried or not (rule(state, first, end, silent) or _barless(state, first, end, silent=silent)):
            if tried or _DELIMITERS.fullmatch(below):
                # The forge looks for no other table in this paragraph.
                lines.add(first + 1)
            return False
        for token in state.tokens[before:]:
            if token.type == "tr_open" and token.map:
                at = state.bMarks[token.map[0]] + state.tShift[token.map[0]]
                token.meta[START] = at - state.src.rfind("\n", 0, at) - 1
        return True

    return rows


def _barless(state: StateBlock, first: int, end: int, *, silent: bool) -> bool:
    line = first + 1
    if line >= end or state.sCount[line] < state.blkIndent or state.is_code_block(first) or state.is_code_block(line):
        return False
    if "|" in _line(state, first) or not _ONE_COLUMN.fullmatch(_line(state, line)):
        return False
    if silent:
        return True
    line += 1
    while line < end and not state.isEmpty(line) and not _ended(state, line, end, "blockquote"):
        line += 1
    state.line = line
    state.push(BARLESS, "", 0).map = [first, line]
    return True


def _ended(state: StateBlock, line: int, end: int, what: str) -> bool:
    """Whether another block begins at this line; a table does not within a footnote."""
    rules = (rule for rule in state.md.block.ruler.getRules(what) if rule.__name__ != "rows")
    silent = True
    return state.sCount[line] < state.blkIndent or any(rule(state, line, end, silent) for rule in rules)


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _placed(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return the rule, whose tokens also tell where they stand."""

    def placed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own signature
        start = state.pos
        _check_depth(state)
        found = rule(state, silent)
        if found and not silent:
            state.tokens[-1].meta[SPAN] = (start, state.pos)
        return found

    return placed


def _undrawn(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return the rule for character references, of which those that nobody sees have a token of their own."""

    def undrawn(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own signature
        start = state.pos
        found = rule(state, silent)
        if found and not silent and any(map(unseen, said := referred(state.src[start : state.pos]))):
            token = state.tokens[-1]
            token.type, token.content, token.meta[SPAN] = UNDRAWN, said, (start, state.pos)
        return found

    return undrawn


def _addressed(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return the rule for links, of which those whose source says more than they show tell where their address stands.

    That is a title, or the name of a definition: in second brackets, or with raw HTML in it.
    """

    def addressed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own signature
        start, before = state.pos, len(state.tokens)
        _check_depth(state)
        found = rule(state, silent)
        if found and not silent:
            opened = next(token for token in state.tokens[before:] if token.type == "link_open")
            after = state.md.helpers.parseLinkLabel(state, start, disableNested=True) + 1
            named = opened.meta.get("label") and (
                state.src[after : state.pos] not in _SAME or "<" in opened.meta["label"]
            )
            if opened.attrs.get("title") or named:
                opened.meta[SPAN] = (after, state.pos)
        return found

    return addressed


def _check_depth(state: StateInline) -> None:
    if state.level > MAX_NESTED:
        said = f"square brackets stand in each other more than {MAX_NESTED} deep in the text"
        raise UsageError(said, "Put what is no Markdown into a code fence.")
