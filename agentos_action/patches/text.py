"""File bytes as lines and back, without losing a byte: encodings, line endings, a missing final newline."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from agentos_action.patches.refusal import refuse

BOM = "\ufeff"
_ESCAPED = re.compile("[\udc80-\udcff]")
_C1 = re.compile(rb"[\x80-\x9f]")


def decode(content: bytes) -> str:
    """Return the text of a file; bytes that are not UTF-8 become surrogates, so `encode` gives them back."""
    return content.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text that `decode` made, or that a model wrote."""
    return text.encode("utf-8", "surrogateescape")


def encoding_of(content: bytes, answer: str) -> str:
    """Return the encoding in which an answer speaks of a file: UTF-8, or the old Western one its bytes can be."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        # An answer that itself carries stray bytes shows them as they stand in the file.
        if _ESCAPED.search(answer):
            return "utf-8"
        try:
            content.decode("cp1252")
        except UnicodeDecodeError:
            return "latin-1"
        return "cp1252" if _C1.search(content) else "latin-1"
    return "utf-8"


def split_lines(text: str) -> list[str]:
    r"""Return lines with their ends; only `\n` ends a line, as git counts."""
    lines = text.split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def line_end(text: str) -> str:
    r"""Return the line ending most lines of a text have, `\n` for a text without any."""
    crlf = text.count("\r\n")
    return "\r\n" if crlf * 2 > text.count("\n") else "\n"


def with_line_end(text: str, end: str) -> str:
    r"""Return the text with every line ending as `end`."""
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", end) if end != "\n" else plain


@dataclass(slots=True)
class FileText:
    """A file as lines: `bare` without their ends, `ends` beside them (the last may be empty); a BOM stands apart."""

    bare: list[str]
    ends: list[str]
    bom: str = ""
    encoding: str = "utf-8"
    _usual: str = field(default="", repr=False)

    @classmethod
    def of(cls, content: bytes, answer: str = "") -> FileText:
        """Take the bytes of a file apart as the answer speaks of it."""
        encoding = encoding_of(content, answer)
        text = content.decode(encoding, "surrogateescape")
        bom = BOM if text.startswith(BOM) else ""
        lines = text[len(bom) :].split("\n")
        ends = ["\n"] * (len(lines) - 1)
        if lines[-1]:
            ends.append("")
        else:
            lines.pop()
        if "\r" in text:
            for at, line in enumerate(lines):
                if line.endswith("\r") and ends[at]:
                    lines[at], ends[at] = line[:-1], "\r\n"
        return cls(lines, ends, bom, encoding)

    @classmethod
    def again(cls, lines: Sequence[str], before: FileText) -> FileText:
        """Return new lines (with their ends) as a file like the one before."""
        ends = ["\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else "" for line in lines]
        bare = [line[: len(line) - len(end)] for line, end in zip(lines, ends, strict=True)]
        return cls(bare, ends, before.bom, before.encoding)

    @property
    def terminated(self) -> bool:
        """Whether the last line has an end; an empty file counts as such."""
        return not self.ends or self.ends[-1] != ""

    @property
    def usual_end(self) -> str:
        """The line ending most lines have."""
        if not self._usual:
            counts = Counter(self.ends)
            self._usual = "\r\n" if counts["\r\n"] > counts["\n"] else "\n"
        return self._usual

    def content(self, lines: list[str], path: str) -> bytes:
        """Return the bytes of new lines (with their ends) in this file's encoding.

        Raises Refused (`patch.encoding`) where the encoding has no such character.
        """
        # An answer may show the mark with the first line, and mean the one that is there.
        shown = bool(lines) and lines[0].startswith(BOM) and not (self.bare and self.bare[0].startswith(BOM))
        return encoded(("" if shown else self.bom) + "".join(lines), self.encoding, path)

    def with_mark_in_line(self) -> FileText:
        """Return the file with its BOM as the first character of its first line, as an answer may speak of it."""
        if not (self.bom and self.bare):
            return self
        return FileText([self.bom + self.bare[0], *self.bare[1:]], self.ends, "", self.encoding)


def encoded(text: str, encoding: str, path: str) -> bytes:
    """Return a file's text as bytes; raises Refused (`patch.encoding`) where the encoding lacks a character."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError as error:
        wrong = text[error.start : error.start + 1]
        message = f"{path!r} is written in {encoding}, which has no character {wrong!r}"
        raise refuse("patch.encoding", message, "Use characters the file's encoding has.", path=path) from error
