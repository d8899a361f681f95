"""Damages to the lines of a hunk: blanks, indents, tabs, punctuation, signs, line ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.patches.corpus import Edit
from benchmarks.patches.draft import LOOKALIKES, Draft, with_hunks
from benchmarks.patches.hunks import Hunk, Line

_PLAIN = LOOKALIKES | {ord("…"): "..."}


def trailing_blanks(draft: Draft, rng: Random) -> Draft | None:
    """Let some context and deleted lines end in blanks that the file has not."""
    texts = ("  ", " ", "\t", "    ")
    return _on_old(draft, lambda text: text + rng.choice(texts) if rng.random() < 1 / 2 and "\r" not in text else text)


def trailing_stripped(draft: Draft, rng: Random) -> Draft | None:
    """Take the blanks at the end of context and deleted lines away."""
    del rng
    return _on_old(draft, lambda text: re.sub(r"[ \t]+(\r?)$", r"\1", text))


def plain_punctuation(draft: Draft, rng: Random) -> Draft | None:
    """Put ASCII into context and deleted lines where the file has curly quotes, dashes, dots."""
    del rng
    return _on_old(draft, lambda text: text.translate(_PLAIN))


def curly_punctuation(draft: Draft, rng: Random) -> Draft | None:
    """Put curly quotes into context and deleted lines where the file has straight ones."""
    del rng
    return _on_old(draft, _curly)


def _curly(text: str) -> str:
    text = re.sub(r'(?<!")"([^"]+)"(?!")', r"“\1”", text)
    text = re.sub(r"(?<![\w'])'([^']+)'(?![\w'])", "\u2018\\1\u2019", text)
    return re.sub(r"(?<=\w)'(?=\w)", "\u2019", text)


def _on_old(draft: Draft, change: Callable[[str], str]) -> Draft | None:
    return with_hunks(draft, lambda hunk, _: _mapped(hunk, change, " -"))


def _mapped(hunk: Hunk, change: Callable[[str], str], signs: str) -> Hunk | None:
    lines = tuple(replace(line, text=change(line.text)) if line.sign in signs else line for line in hunk.lines)
    return replace(hunk, lines=lines) if lines != hunk.lines else None


def dedented(draft: Draft, rng: Random) -> Draft | None:
    """Take the indent that all lines of a hunk share away from each of them."""
    del rng
    return with_hunks(draft, lambda hunk, _: _dedent(hunk))


def _dedent(hunk: Hunk) -> Hunk | None:
    width = min((len(line.text) - len(line.text.lstrip(" ")) for line in hunk.lines if line.text.strip()), default=0)
    if not width or not any(line.text.strip() for line in hunk.olds()):
        return None
    return _mapped(hunk, lambda text: text[width:] if text.strip() else text, " -+")


def indented(draft: Draft, rng: Random) -> Draft | None:
    """Give every line of every hunk four blanks more."""
    if any(line.text.startswith("\t") for hunks in draft.hunks for hunk in hunks for line in hunk.lines):
        return None
    if any(not any(line.text.strip() for line in hunk.olds()) for hunks in draft.hunks for hunk in hunks):
        return None
    del rng
    return with_hunks(
        draft, lambda hunk, _: _mapped(hunk, lambda text: " " * 4 + text if text.strip() else text, " -+")
    )


def tabs_to_spaces(draft: Draft, rng: Random) -> Draft | None:
    """Write so many blanks for every tab; only where the file indents by tabs alone and the hunk shows their width."""
    if any(re.search(r"^\t* ", edit.old or "", re.MULTILINE) for edit in draft.case.edits):
        return None
    width = rng.choice((2, 4, 8))
    return with_hunks(draft, lambda hunk, _: _untabbed(hunk, width))


def _untabbed(hunk: Hunk, width: int) -> Hunk | None:
    inner = any("\t" in line.text.lstrip("\t") or line.text.startswith("\t" * 9) for line in hunk.lines)
    mixed = any(line.sign == "+" and re.match(r"\t* ", line.text) for line in hunk.lines)
    if inner or mixed or not any(re.match(r"\t+\S", line.text) for line in hunk.olds()):
        return None
    return _mapped(hunk, lambda text: text.expandtabs(width), " -+")


def empty_bare(draft: Draft, rng: Random) -> Draft | None:
    """Take their one blank from empty context lines."""
    del rng
    return _raw(draft, lambda line: line.text if line.sign == " " and not line.text.strip("\r") else None)


def sign_dropped(draft: Draft, rng: Random) -> Draft | None:
    """Take the leading blank from context lines; only where none looks like another kind of line then."""
    del rng
    lines = [line for hunks in draft.hunks for hunk in hunks for line in hunk.lines if line.sign == " "]
    if any(line.text.startswith(("+", "-", "@", "\\", "diff ", "```", "~~~")) for line in lines):
        return None
    return _raw(draft, lambda line: line.text if line.sign == " " else None)


def _raw(draft: Draft, write: Callable[[Line], str | None]) -> Draft | None:
    def change(hunk: Hunk, edit: Edit) -> Hunk | None:
        del edit
        raws = [write(line) for line in hunk.lines]
        if all(raw is None for raw in raws):
            return None
        return replace(hunk, lines=tuple(replace(line, raw=raw) for line, raw in zip(hunk.lines, raws, strict=True)))

    return with_hunks(draft, change)


def marker_lost(draft: Draft, rng: Random) -> Draft | None:
    """Leave the remark on the missing line feed at the end out; only where neither side ends in a line feed."""
    del rng
    ends = [line.sign for hunks in draft.hunks for hunk in hunks for line in hunk.lines if not line.ended]
    if not ends or any((edit.old or "").endswith("\n") != (edit.new or "").endswith("\n") for edit in draft.case.edits):
        return None
    return replace(draft, marker=False)


def lf_for_crlf(draft: Draft, rng: Random) -> Draft | None:
    """Let the answer's lines end in LF where the file's end in CR LF."""
    del rng
    if not all(_is_crlf(side) for edit in draft.case.edits for side in (edit.old, edit.new)):
        return None
    return with_hunks(draft, lambda hunk, _: _mapped(hunk, lambda text: text.removesuffix("\r"), " -+"))


def _is_crlf(text: str | None) -> bool:
    return bool(text) and "\n" in (text or "") and not re.search(r"(?<!\r)\n", text or "")
