"""What a person who approves a text may not see in it, taken out: comments, unused definitions, hidden characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from agentos_action.errors import UsageError
from agentos_action.records.verdict import Finding
from agentos_action.tasks.line import bounded
from agentos_action.tasks.markdown import BARLESS, FOOTNOTE, SPAN, START, marked, parse_markdown, unmarked
from agentos_action.tasks.own import MARK
from agentos_action.tasks.spans import CLOSES, COMMENT, OPENS, TAG, forgotten, hidden_spans, spills
from agentos_action.tasks.tags import reduced
from agentos_action.tasks.unseen import spelled_out, without_unseen

if TYPE_CHECKING:
    from markdown_it.token import Token

#: A comment that has nothing in it.
_WHOLE = re.compile(r"<!---?>")
#: Not the sign of a quotation, with which a line begins.
_ENDS = re.compile(r"(?<=[^\s>])[ \t]*>")
#: Blocks whose lines a reader sees, or that are looked into below.
_LEAVES = frozenset({"inline", "heading_open", "fence", "code_block", "html_block", "hr", FOOTNOTE, BARLESS})
#: What ends a cell of a table.
_BAR = re.compile(r"(?<!\\)\|")
#: A head that is indented, and what stands below it: in a paragraph a table to the forge, and to nobody else.
_INDENTED_HEAD = re.compile(r"\n(?: {4}| {0,3}\t)[^\n]*\n {0,3}[|:-][|: \t-]*(?:\n|$)")
#: A task's box in a list, and what the forge reads behind it as if it began there: a definition, a table.
_BOX = re.compile(r"\[[ xX]\]\s+(?:\[(?:[^\]\\]|\\.)+\]:|[^\n]*\n[|:-][|: \t-]*(?:\n|$))", re.DOTALL)
#: A line that is a blank one to the parser, and none to the forge.
_FEEDS = re.compile(r"[\s>*+.)\d-]*[\v\f]\s*")
#: The address of a definition ends here to the forge, which drops what follows on the line.
_ENDED_EARLY = re.compile(r"(?>.*?\]:)[^\v\f]*+[\v\f]", re.DOTALL)
#: What may begin right below a footnote in a list or a quotation, and goes on with it.
_GOES_ON = frozenset({"paragraph_open", "heading_open", "table_open", "code_block", BARLESS})
_PLAIN = frozenset({"", "="})
#: A language has a short name; the page shows neither it nor what else is written in its place.
_LANGUAGE = re.compile(r"[\w.,+#*-]{0,24}")
_SAYS = re.compile(r"\w")

#: A parser's time grows with their square.
MAX_BRACKETS = 10_000

_UNSEEN = "invisible character"
_BEHIND = "all that follows a tag or comment without an end"
_DEFINITION, _INFO = "link definition", "remark behind a fence"
_NOTE, _CELL, _TABLE = "footnote", "cell without a column", "table without bars"


def without_hidden(text: str, where: str, *, plain: bool = False) -> tuple[str, tuple[Finding, ...]]:
    """Return the text as its reader sees it, and a warning for what was taken out; `plain` text has no Markdown.

    Raises UsageError for a text that is too long, or has too many brackets.
    """
    # To the page it is a character like others.
    given = bounded(text.replace("\0", "\u200b"), where).replace("\r\n", "\n").replace("\r", "\n")
    left = given.removeprefix("\ufeff")
    taken: Counter[str] = Counter({_UNSEEN: len(given) - len(left)})
    if not plain:
        if left.count("[") > MAX_BRACKETS:
            raise UsageError(f"{where} has more than {MAX_BRACKETS} square brackets", "Shorten it.")
        # A line of nothing but characters that nobody sees is no empty one to the page: these go last.
        left = unmarked(_Lines(marked(left), taken).rest)
    shown, unseen = without_unseen(left)
    taken[_UNSEEN] += unseen
    told = ", ".join(f"{name} ({count})" for name, count in taken.items() if name and count)
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
        tokens, known = parse_markdown(text)
        # The lines below definitions.
        self._defined = {item["map"][1] for item in known.get("references", {}).values()}
        self._defined |= {item["map"][1] for item in known.get("duplicate_refs", ())}
        self._definitions(tokens, known.get("references", {}))
        blocks = iter(tokens)
        # Where the last block ends that was taken out whole, and may go on below.
        self._dropped = -1
        for token in blocks:
            if token.map is None:
                continue
            if token.type == FOOTNOTE or (
                token.map[0] == self._dropped and token.type in _GOES_ON and token.markup in _PLAIN
            ):
                # The forge shows no footnote that nobody refers to, and others far from where they stand.
                self._drop(token.map, _NOTE)
            elif token.map[0] >= self._dropped:
                self._look(token, blocks)
        self.rest = "\n".join(line for line in self._lines if line is not None)

    def _look(self, token: Token, blocks: Iterator[Token]) -> None:
        """Look into a block; those of a table's row, and those behind a comment, are taken from `blocks`."""
        first, end = token.map or (0, 0)
        if token.type == "tr_open":
            row = takewhile(lambda one: one.type != "tr_close", blocks)
            cells = [cell for cell in row if cell.type == "inline"]
            if any(map(spills, cells)):
                self._cut(first)
            else:
                self._row(token, cells)
        elif token.type == "inline" and spills(token):
            self._cut(first)
        elif token.type == "inline":
            self._paragraph(token)
        elif token.type == BARLESS:
            self._drop([first, end], _TABLE)
        elif token.type == "code_block" and first in self._defined:
            # The forge takes it for the paragraph that the definition began.
            self._drop([first, end], _DEFINITION)
        elif token.type == "fence":
            self._fence(token)
        elif token.type == "html_block" and self._html(first, end):
            self._up_to_close(token, blocks)

    def _definitions(self, tokens: list[Token], references: dict[str, dict[str, list[int]]]) -> None:
        """Take out the lines that make nothing a reader sees, but for definitions that a link uses."""
        links = (child for token in tokens for child in (token.children or ()))
        # A picture, and a link that says more than it shows, gets the address below instead of a definition.
        used = {link.meta.get("label") for link in links if SPAN not in link.meta}
        shown = {line for label, item in references.items() if label in used for line in range(*item["map"])}
        for token in tokens:
            if token.map and token.type in _LEAVES:
                shown |= set(range(*token.map))
        for number, line in enumerate(self._lines):
            if number not in shown and line and _SAYS.search(line) and not re.fullmatch(r"[\s>*+-]*\d+[.)]\s*", line):
                self._take(number, "", _DEFINITION)

    def _take(self, number: int, left: str, what: str) -> None:
        self._lines[number] = left if left.strip(" \t>") else None
        self._taken[what] += 1

    def _drop(self, lines: list[int], what: str) -> None:
        first, end = lines
        self._dropped = end
        self._lines[first:end] = [None] * (end - first)
        self._taken[what] += 1

    def _cut(self, first: int) -> None:
        """Take out this line and all below it."""
        if any(line and line.strip() for line in self._lines[first:]):
            self._drop([first, len(self._lines)], _BEHIND)

    def _fence(self, token: Token) -> None:
        first = (token.map or [0])[0]
        line = self._lines[first]
        language, *more = token.info.split() or ("",)
        known = _LANGUAGE.fullmatch(language)
        if line is not None and (more or not known):
            at = line.find(token.markup) + len(token.markup)
            self._take(first, line[:at] + (language if known else ""), _INFO)

    def _row(self, token: Token, cells: list[Token]) -> None:
        """Take out what is hidden in a row of a table, each cell by itself, and cells that the table does not show."""
        number, start = (token.map or [0])[0], token.meta[START]
        line = self._lines[number] or ""
        parts = _BAR.split(line[start:])
        lead = line[start : start + 1] == "|"
        for at, cell in enumerate(cells[: len(parts) - lead], lead):
            spans = sorted(hidden_spans(cell.children or ()))
            left, kept = "", 0
            for begin, stop, instead, what in spans:
                left += cell.content[kept : max(begin, kept)] + (instead if begin >= kept else "")
                kept = max(stop, kept)
                self._taken[what] += 1
            if spans:
                left += cell.content[kept:]
                parts[at] = f" {left.replace('|', chr(92) + '|')} "
        end = lead + len(cells)
        if any(part.strip() for part in parts[end:]):
            self._taken[_CELL] += 1
            parts[end:] = [""]
        self._lines[number] = line[:start] + "|".join(parts)

    def _paragraph(self, token: Token) -> None:
        if token.map and _INDENTED_HEAD.search(token.content):
            self._drop(token.map, _TABLE)
            return
        if token.map and token.level > 1 and _BOX.match(token.content):
            self._drop(token.map, _DEFINITION if "]:" in token.content else _TABLE)
            return
        if token.map and any(_FEEDS.fullmatch(line or "") for line in self._lines[slice(*token.map)]):
            self._drop(token.map, _UNSEEN)
            return
        if token.map and _ENDED_EARLY.match("\n".join(line or "" for line in self._lines[slice(*token.map)])):
            self._drop(token.map, _DEFINITION)
            return
        if token.map and forgotten(token):
            self._drop(token.map, _NOTE)
            return
        spans = sorted(hidden_spans(token.children or ()))
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
        """Take comments and tags out of a block of raw HTML; returns whether the last comment goes on behind it."""
        block = "\n".join(line or "" for line in self._lines[first:end])
        text, goes_on = self._without_comments(spelled_out(block))
        text, lost, unclosed = reduced(text, quoted=all(line.lstrip().startswith(">") for line in block.split("\n")))
        self._taken[TAG] += lost
        if text != block:
            self._set(first, end, text)
        if unclosed:
            # To a browser all that follows is in the tag.
            self._cut(end)
        return goes_on and not unclosed

    def _without_comments(self, block: str) -> tuple[str, bool]:
        left, at = "", 0
        while found := OPENS.search(block, at):
            left += block[at : found.start()]
            # Our own mark in a pull request of ours is nothing to warn of.
            self._taken[COMMENT] += not block.startswith(MARK, found.start())
            if found[0] == "<!--":
                closes = _WHOLE.match(block, found.start()) or CLOSES.search(block, found.end())
            else:
                closes = _ENDS.search(block, found.end())
            if closes is None:
                return left, found[0] == "<!--"
            at = closes.end()
        return left + block[at:], False

    def _set(self, first: int, end: int, left: str) -> None:
        kept = [line for line in left.split("\n") if line.strip(" \t>")]
        rest: list[str | None] = [*kept, *[None] * (end - first)]
        self._lines[first:end] = rest[: end - first]

    def _up_to_close(self, token: Token, blocks: Iterator[Token]) -> None:
        """Take out the blocks behind a comment that stays open, up to the raw HTML that closes it."""
        start = (token.map or [0, 0])[1]
        for following in blocks:
            if following.type == "html_block" and following.map and (closes := CLOSES.search(following.content)):
                first, end = following.map
                self._lines[start:first] = [None] * (first - start)
                self._set(first, end, following.content[closes.end() :])
                if not self._html(first, end):
                    return
                start = end
        self._cut(start)
