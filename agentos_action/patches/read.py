"""From an answer's lines to sections: which format it is in, and that nothing else in it reads as a patch."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TypeAlias

from agentos_action.patches.answer import Answer
from agentos_action.patches.diff_header import at_header
from agentos_action.patches.frames import outdented
from agentos_action.patches.marks import DIFF, ENVELOPE, SEARCH
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Reading, Section
from agentos_action.records.task import EditFormat

_Reader: TypeAlias = Callable[[Answer, list[str], tuple[str, ...]], Reading]

_QUOTE = re.compile(r"^ {0,3}> ?")
_COMMENT = re.compile(r"^\s*(<!--|</?(?:think|thinking|thought|reasoning)>)|(-->)", re.IGNORECASE)
_TAKES_BACK = re.compile(
    r"\b(?:use (?:this|the following)(?: (?:diff|patch|one))? instead|disregard (?:that|the|my)|scratch that"
    r"|instead of the (?:\w+ )?(?:diff|patch|one) (?:above|before)|(?:corrected|revised) (?:diff|patch|answer)"
    r"|(?:the above|(?:that|the (?:first|above|previous)|my first) (?:diff|patch|answer))"
    r" (?:is|was) (?:wrong|incorrect)"
    r"|i made a mistake above|(?:wait|no), that(?: is|'s) (?:wrong|not right)"
    r"|ignore (?:the above|(?:that|the (?:previous|first)|my (?:first|previous)) (?:diff|patch|one|answer)))\b",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(
    r"\b(?:do not|don.t|never) (?:apply|use|merge|commit) "
    r"(?:(?:the|this|that|my|any of the) (?:above |previous )?(?:patch|diff|answer|edits?|changes?)\b"
    r"|(?:it|this|that)\b)(?: above)?(?! \w)",
    re.IGNORECASE,
)
_DIFF_FENCE = re.compile(r"\s{0,3}(?:```|~~~)(?:diff|patch|udiff)\s*$", re.IGNORECASE)
#: First signs of the lines that are marks of any format; most lines of an answer have another one.
_MARKED = frozenset("<-*@+dnrcoGB")
#: What a second patch may hide behind: marks of a quoted mail, a list, a table, a comment, a string.
_QUOTED = re.compile(
    r"^(?:[\s>|│»;#/*\"'`.\u200b\ufeff+-]|\d{1,3}[.)]|&gt;|<!--){1,12}?"
    r"(?=diff --git |--- \S|\+\+\+ \S|@@ -\d|\*\*\* (?:Begin Patch|(?:Add|Update|Delete) File)"
    r"|<{5,9} ?(?:SEARCH|search))"
)


def _reader(name: EditFormat) -> _Reader:
    """Return the reader of a format; the others are not loaded."""
    module = import_module(f"agentos_action.patches.formats.{name}")
    if name == "unified_diff":
        return lambda answer, lines, files: module.read(lines, files, answer.crs, ended=answer.ended)
    return lambda _, lines, files: module.read(lines, files)


@dataclass(frozen=True, slots=True)
class Read:
    """An answer's sections, the format they are in, and whole files that the answer shows beside them."""

    sections: list[Section]
    edit_format: EditFormat
    beside: list[Section] = field(default_factory=list)


def sections_of(answer: Answer, edit_format: EditFormat, files: tuple[str, ...]) -> Read:
    """Return what the answer means to do.

    Raises Refused (`patch.no-diff`) where the answer holds none, and (`patch.mixed`) where something in it reads as a
    patch beside them.
    """
    lines = outdented(answer.lines)
    marked = marks(lines)
    if not marked and _ends_quoted(lines):
        # A patch that stands in a quotation as a whole, with nothing said of it below, is as good as another.
        lines = [_QUOTE.sub("", line) for line in lines]
        marked = marks(lines)
    formats: list[EditFormat] = [edit_format]
    if edit_format == "auto":
        formats = list(marked) or ["unified_diff", "whole_file"]
    for name in formats:
        reading = _reader(name)(answer, lines, files)
        if reading.sections:
            _check_hidden(lines, reading)
            rest = _rest(lines, reading)
            _check_rest(rest)
            if name == "whole_file":
                return Read(reading.sections, name)
            _check_drafts(rest, reading)
            _check_withdrawn(rest, reading)
            return Read(reading.sections, name, _whole_files(rest, files))
    if not marked and edit_format in {"auto", "unified_diff"} and _empty_diff(lines):
        return Read([], "unified_diff")
    beside = f"; it reads as {', '.join(marked)}" if marked else ""
    what = "patch" if edit_format == "auto" else edit_format.replace("_", " ")
    hint = "Answer with one ```diff block." if edit_format in {"auto", "unified_diff"} else f"Answer with a {what}."
    raise refuse("patch.no-diff", f"the answer holds no {what}{beside}", hint)


def _ends_quoted(lines: Sequence[str]) -> bool:
    """Return whether a quotation begins somewhere and goes on to the answer's end."""
    quoted = [line.lstrip().startswith(">") for line in lines if line.strip()]
    return True in quoted and all(quoted[quoted.index(True) :])


def marks(lines: Sequence[str]) -> dict[EditFormat, int]:
    """Return the formats that the lines show marks of, each with its first line, first ones first."""
    found: dict[EditFormat, int] = {}
    for at, line in enumerate(lines):
        if line.strip()[:1] not in _MARKED:
            continue
        if "search_replace" not in found and SEARCH.match(line.strip()):
            found["search_replace"] = at
        if "codex" not in found and ENVELOPE.match(line.strip()):
            found["codex"] = at
        if "unified_diff" not in found and (at_header(lines, at) or DIFF.match(line)):
            found["unified_diff"] = at
    return found


def _rest(lines: Sequence[str], reading: Reading) -> list[str]:
    """Return the lines with those emptied that the sections were read from."""
    rest = list(lines)
    for start, stop in reading.spans:
        rest[start:stop] = [""] * (stop - start)
    return rest


def _check_rest(rest: Sequence[str]) -> None:
    """Refuse an answer with a second patch that this format's reader did not take up: quoted, or in another format."""
    found = marks([_QUOTED.sub("", line) for line in rest])
    if found:
        name, at = next(iter(found.items()))
        message = f"line {at + 1} of the answer begins something that reads as another patch ({name})"
        raise refuse("patch.mixed", message, "Answer with one patch, and nothing that looks like one beside it.")


def _check_drafts(rest: Sequence[str], reading: Reading) -> None:
    """Refuse an answer that takes an earlier patch back before it gives another one."""
    first, last = min(stop for _, stop in reading.spans), max(start for start, _ in reading.spans)
    for at, line in enumerate(rest[first:last], first):
        if _TAKES_BACK.search(line):
            message = f"line {at + 1} of the answer takes back a patch above it: {line.strip()[:80]!r}"
            raise refuse("patch.contradiction", message, "Answer with the final patch only.")


def _check_withdrawn(rest: Sequence[str], reading: Reading) -> None:
    """Refuse an answer that says below its patch that nobody shall apply it."""
    last = max(stop for _, stop in reading.spans)
    for at, line in enumerate(rest[last:], last):
        if _WITHDRAWN.search(line):
            message = f"line {at + 1} of the answer takes the patch back: {line.strip()[:80]!r}"
            raise refuse("patch.contradiction", message, "Answer with the patch that is meant, and only with that.")


def _empty_diff(lines: Sequence[str]) -> bool:
    """Return whether the answer's fences of diffs are all empty, and there is one: nothing needs to change."""
    opened = [at for at, line in enumerate(lines) if _DIFF_FENCE.match(line)]
    return bool(opened) and all(_closed_at_once(lines, at) for at in opened)


def _closed_at_once(lines: Sequence[str], at: int) -> bool:
    following = next((line for line in lines[at + 1 :] if line.strip()), "")
    return following.strip() in {"```", "~~~"}


def _check_hidden(lines: Sequence[str], reading: Reading) -> None:
    """Refuse a patch in an HTML comment or a later thought: whoever reads the answer as shown does not see it."""
    starts = dict(reading.spans)
    hidden = False
    at = 0
    while at < len(lines):
        if at in starts:
            if hidden:
                hint = "Answer with one patch that everybody can see."
                raise refuse("patch.hidden", f"the patch in line {at + 1} stands in a comment or among thoughts", hint)
            at = max(starts[at], at + 1)
            continue
        for opened, closed in _COMMENT.findall(lines[at]):
            hidden = not closed and not opened.startswith("</")
        at += 1


def _blocks(rest: Sequence[str]) -> bool:
    """Return whether anything is left within a fence."""
    inside = False
    for line in rest:
        if line.lstrip().startswith(("```", "~~~")):
            inside = not inside
        elif inside and line.strip():
            return True
    return False


def _whole_files(rest: list[str], files: tuple[str, ...]) -> list[Section]:
    """Return the files that the answer shows as a whole beside its patch."""
    if not _blocks(rest):
        return []
    from agentos_action.patches.formats import whole_file  # noqa: PLC0415 - few answers show more than their patch

    try:
        return whole_file.read(rest, files).sections
    except Refused:
        # It is no patch, so it need not be a good one.
        return []


def reads_as_patch(text: str) -> bool:
    """Return whether anything in a text reads as a patch, also one that is quoted or would be refused."""
    return bool(marks([_QUOTED.sub("", line) for line in text.splitlines()]))
