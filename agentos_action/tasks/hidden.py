"""What a person who approves a text may not see in it, taken out: comments, unused definitions, hidden characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agentos_action.errors import UsageError
from agentos_action.records.verdict import Finding
from agentos_action.tasks.line import bounded
from agentos_action.tasks.markdown import SPAN, parse_markdown
from agentos_action.tasks.own import MARK
from agentos_action.tasks.unseen import without_unseen

if TYPE_CHECKING:
    from markdown_it.token import Token

#: What a browser takes for a comment in raw HTML.
_OPENS = re.compile(r"<!--|<!|<\?|</(?![A-Za-z])")
_CLOSES = re.compile(r"--!?>")
_ENDS = re.compile(">")
#: Blocks whose lines a reader sees, or that are looked into below.
_LEAVES = frozenset({"inline", "heading_open", "fence", "code_block", "html_block", "hr"})
_FOOTNOTE = re.compile(r"[\s>*+-]*(?:\d+[.)]\s+)?\[\^[^\]\s]+\]:")
_SAYS = re.compile(r"\w")

#: A parser's time grows with their square.
MAX_BRACKETS = 10_000

_COMMENT, _DEFINITION, _INFO = "HTML comment", "link definition", "remark behind a fence"
_PICTURE, _TITLE, _NOTE = "text of a picture", "title of a link", "footnote"


def without_hidden(text: str, where: str, *, plain: bool = False) -> tuple[str, tuple[Finding, ...]]:
    """Return the text as its reader sees it, and a warning for what was taken out; `plain` text has no Markdown.

    Raises UsageError for a text that is too long, or has too many brackets.
    """
    shown, unseen = without_unseen(bounded(text.replace("\0", ""), where).replace("\r\n", "\n").replace("\r", "\n"))
    taken: Counter[str] = Counter({"invisible character": unseen + text.count("\0")})
    if not plain:
        if shown.count("[") > MAX_BRACKETS:
            raise UsageError(f"{where} has more than {MAX_BRACKETS} square brackets", "Shorten it.")
        shown = _Lines(shown, taken).rest
    told = ", ".join(f"{name} ({count})" for name, count in taken.items() if count)
    if not told:
        return shown, ()
    message = f"taken out of {where}, because who reads it may not see it: {told}"
    hint = "Where it belongs to the task, write it so that it shows."
    return shown, (Finding(id="task.hidden", severity="warning", message=message, hint=hint),)


class _Lines:
    """The lines of a text while what is hidden in them is taken out, counted by its name in `taken`."""

    def __init__(self, text: str, taken: Counter[str]) -> None:
        self._lines: list[str | None] = list(text.split("\n"))
        self._taken = taken
        # Where footnotes end; the indented blocks that follow belong to them.
        self._noted: set[int] = set()
        tokens, known = parse_markdown(text)
        self._definitions(tokens, known.get("references", {}))
        blocks = iter(tokens)
        for token in blocks:
            if token.map is None:
                continue
            if token.type == "inline":
                self._paragraph(token)
            elif token.type == "code_block":
                self._below_footnote(*token.map)
            elif token.type == "fence":
                self._fence(token)
            elif token.type == "html_block" and self._html(*token.map):
                self._up_to_close(token, blocks)
        self.rest = "\n".join(line for line in self._lines if line is not None)

    def _definitions(self, tokens: list[Token], references: dict[str, dict[str, list[int]]]) -> None:
        """Take out the lines that make nothing a reader sees, but for definitions that a link uses."""
        links = (child for token in tokens for child in (token.children or ()))
        # A link that has a title, or a picture a text, loses it below, and gets the address instead of a definition.
        used = {link.meta.get("label") for link in links if not (link.attrs.get("title") or link.content)}
        shown = {line for label, item in references.items() if label in used for line in range(*item["map"])}
        for token in tokens:
            if token.map and token.type in _LEAVES:
                shown |= set(range(*token.map))
        for number, line in enumerate(self._lines):
            if number not in shown and line and _FOOTNOTE.match(line):
                self._footnote(number, number + 1)
            elif number not in shown and line and _SAYS.search(line) and not re.fullmatch(r"[\s>*+-]*\d+[.)]\s*", line):
                self._take(number, "", _DEFINITION)

    def _take(self, number: int, left: str, what: str) -> None:
        self._lines[number] = left if left.strip(" \t>") else None
        self._taken[what] += 1

    def _footnote(self, first: int, end: int) -> None:
        """Take out a footnote: the forge shows none that nobody refers to, and others far from where they stand."""
        self._lines[first:end] = [None] * (end - first)
        self._taken[_NOTE] += 1
        self._noted.add(end)

    def _below_footnote(self, first: int, end: int) -> None:
        for number in range(first, -1, -1):
            if number in self._noted:
                self._footnote(first, end)
                return
            if number and (self._lines[number - 1] or "").strip():
                return

    def _fence(self, token: Token) -> None:
        first = (token.map or [0])[0]
        line = self._lines[first]
        words = token.info.split()
        if line is not None and len(words) > 1:
            at = line.find(token.markup) + len(token.markup)
            self._take(first, line[:at] + words[0], _INFO)

    def _paragraph(self, token: Token) -> None:
        first, end = token.map or (0, 0)
        for number in range(first, end):
            if _FOOTNOTE.match(self._lines[number] or ""):
                self._footnote(number, end)
                break
        spans = sorted(_hidden_spans(token.children or ()))
        at, first, start = 0, (token.map or [0])[0], 0
        for number, said in enumerate(token.content.split("\n"), first):
            end, left, kept = start + len(said), "", start
            while at < len(spans) and spans[at][0] <= end:
                begin, stop, instead, _ = spans[at]
                left += token.content[kept : max(begin, kept)] + (instead if begin >= start else "")
                kept = min(stop, end)
                if stop > end:
                    break
                at += 1
            left += token.content[kept:end]
            line = self._lines[number] if number < len(self._lines) else None
            if line is not None and left != said:
                place = max(line.rfind(said), 0)
                self._lines[number] = line[:place] + left + line[place + len(said) :] if left.strip() else None
            start = end + 1
        self._taken.update(what for *_, what in spans)

    def _html(self, first: int, end: int) -> bool:
        """Take the comments out of a block of raw HTML; returns whether the last one goes on behind it."""
        block = "\n".join(line or "" for line in self._lines[first:end])
        left, at = "", 0
        while found := _OPENS.search(block, at):
            left += block[at : found.start()]
            # Our own mark in a pull request of ours is nothing to warn of.
            self._taken[_COMMENT] += not block.startswith(MARK, found.start())
            if found[0] == "<!--":
                # `<!-->` is a whole comment.
                closes = _CLOSES.search(block, found.start() + 2)
            else:
                closes = _ENDS.search(block, found.end())
            if closes is None:
                self._set(first, end, left)
                return found[0] == "<!--"
            at = closes.end()
        if at:
            self._set(first, end, left + block[at:])
        return False

    def _set(self, first: int, end: int, left: str) -> None:
        kept = [line for line in left.split("\n") if line.strip(" \t>")]
        rest: list[str | None] = [*kept, *[None] * (end - first)]
        self._lines[first:end] = rest[: end - first]

    def _up_to_close(self, token: Token, blocks: Iterator[Token]) -> None:
        """Take out the blocks behind a comment that stays open, up to the raw HTML that closes it."""
        start = (token.map or [0, 0])[1]
        for following in blocks:
            if following.type == "html_block" and following.map and (closes := _CLOSES.search(following.content)):
                first, end = following.map
                self._lines[start:first] = [None] * (first - start)
                self._set(first, end, following.content[closes.end() :])
                return
        self._lines[start:] = [None] * (len(self._lines) - start)


def _hidden_spans(children: list[Token] | tuple[Token, ...]) -> Iterator[tuple[int, int, str, str]]:
    """Yield (start, end, what stays in its place, what it is) of everything in a paragraph that is not seen."""
    for child in children:
        if SPAN not in child.meta:
            continue
        start, end = child.meta[SPAN]
        if child.type == "html_inline" and child.content.startswith(("<!", "<?")):
            yield start, end, "", _COMMENT
        elif child.type == "image" and (child.content or child.attrs.get("title")):
            yield start, end, f"![]({child.attrs.get('src', '')})", _PICTURE
        elif child.type == "link_open":
            yield start, end, f"({child.attrs.get('href', '')})", _TITLE
