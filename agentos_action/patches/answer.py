"""An answer's text as lines, freed from what its way to us did to it: a BOM, thoughts, line ends, HTML escapes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentos_action.patches.refusal import refuse

_THOUGHTS = re.compile(r"\A\s*<(think|thinking)>.*?</\1>[ \t]*\n?", re.DOTALL | re.IGNORECASE)
_CLOSED = re.compile(r"^</think(?:ing)?>[ \t]*\n?", re.MULTILINE | re.IGNORECASE)
_OPENED = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_UNFINISHED = re.compile(r"\A\s*<think(?:ing)?>", re.IGNORECASE)
_SPARE = 100
_STRUCTURE = re.compile(r"^\s*(?:@@|--- |\+\+\+ |diff --git |`{3}|~{3}|\*\*\* |<{5}|>{5})")
_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "#39": "'", "#x27": "'", "#34": '"'}
_ENTITY = re.compile(rf"&({'|'.join(_ENTITIES)});", re.IGNORECASE)
_PAGE = re.compile(
    r"^<pre[^<>]{0,200}>(?:\s{0,50}<code[^<>]{0,200}>)?([^<]*)(?:</code>\s{0,50})?</pre>", re.IGNORECASE | re.MULTILINE
)
_DIFFED = re.compile(r"^(?:@@ |\+\+\+ |diff --git |\*\*\* Begin Patch)", re.MULTILINE)
_RAW = re.compile(r"<(?!/?(?:patch|diff)>)|&(?!#?\w+;)")


@dataclass(frozen=True, slots=True)
class Answer:
    r"""An answer's lines without ends; `crs` are those that had a `\r` which is the files' and not the transport's.

    `crs` is None where the answer says nothing about line ends. `ended` tells whether the last line had an end.
    `thoughts` is what stood before and was taken away.
    """

    lines: list[str]
    crs: frozenset[int] | None
    ended: bool
    thoughts: str = ""


def plain(text: str) -> Answer:
    """Take an answer apart; raises Refused (`patch.truncated`) for one that is nothing but unfinished thoughts."""
    whole = text.removeprefix("\ufeff")
    text = _THOUGHTS.sub("", whole, count=1)
    closed = _CLOSED.search(text)
    if closed is not None and not _OPENED.search(text, 0, closed.start()) and not _CLOSED.search(text, closed.end()):
        # Where the prompt itself opened the thoughts, the answer only closes them.
        text = text[closed.end() :]
    if _UNFINISHED.match(text):
        hint = "It was cut off: raise max_tokens, or ask for less thinking."
        raise refuse("patch.truncated", "the answer ends in the midst of its thoughts", hint)
    thoughts = whole[: len(whole) - len(text)]
    lines = text.split("\n")
    ended = lines[-1] == ""
    if ended:
        lines.pop()
    said = len(lines)
    while said and not lines[said - 1].strip():
        said -= 1
    # Nobody's hunk ends in so many empty lines.
    del lines[said + _SPARE :]
    if "\r" not in text:
        return Answer(lines, None, ended, thoughts)
    marked = [at for at, line in enumerate(lines) if line.endswith("\r")]
    for at in marked:
        lines[at] = lines[at][:-1]
    ends = frozenset(marked)
    first = next((at for at, line in enumerate(lines) if _STRUCTURE.match(line)), None)
    if first is None or first in ends:
        return Answer(lines, None, ended, thoughts)
    return Answer(lines, ends, ended, thoughts)


def unpaged(text: str) -> str:
    """Return the text with each `<pre>` block of a page as it is shown there: without tags and HTML escapes."""
    return _PAGE.sub(_shown, text) if "<pre" in text.lower() else text


def _shown(match: re.Match[str]) -> str:
    # A page in a file that is changed may hold such a block too.
    return f"\n{_ENTITY.sub(_plain, match[1])}\n" if _DIFFED.search(match[1]) else match[0]


def _plain(match: re.Match[str]) -> str:
    return _ENTITIES[match[1].lower()]


def unescaped(text: str) -> str | None:
    """Return the text with its HTML escapes undone, None where it cannot have been escaped as a whole."""
    if not _ENTITY.search(text) or _RAW.search(text):
        return None
    return _ENTITY.sub(_plain, text)
