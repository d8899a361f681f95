"""Markdown as CommonMark reads it: blocks by their lines, and where in a paragraph raw HTML and pictures stand."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

#: The key of a token's `meta` that holds (start, end) in its paragraph's own text: of itself, of a link's address.
SPAN = "span"


def parse_markdown(text: str) -> tuple[list[Token], dict[str, Any]]:
    """Return the blocks of a text, and what the parser knows of its link definitions."""
    known: dict[str, Any] = {}
    return _parser().parse(text, known), known


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - most runs get no text of a stranger
    from markdown_it.rules_inline import html_inline, image, link  # noqa: PLC0415 - the same

    parser = MarkdownIt("commonmark", {"store_labels": True})
    parser.inline.ruler.at("html_inline", _placed(html_inline))
    parser.inline.ruler.at("image", _placed(image))
    parser.inline.ruler.at("link", _addressed(link))
    return parser


def _placed(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return the rule, whose tokens also tell where they stand."""

    def placed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own signature
        start = state.pos
        found = rule(state, silent)
        if found and not silent:
            state.tokens[-1].meta[SPAN] = (start, state.pos)
        return found

    return placed


def _addressed(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """Return the rule for links, of which those with a title also tell where their address stands."""

    def addressed(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own signature
        start, before = state.pos, len(state.tokens)
        found = rule(state, silent)
        if found and not silent:
            opened = next(token for token in state.tokens[before:] if token.type == "link_open")
            if opened.attrs.get("title"):
                opened.meta[SPAN] = (state.md.helpers.parseLinkLabel(state, start, disableNested=True) + 1, state.pos)
        return found

    return addressed
