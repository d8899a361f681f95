"""File bytes as lines and back, without losing a byte: line endings, a missing final newline, odd encodings."""

from __future__ import annotations

from collections import Counter


def decode(content: bytes) -> str:
    """Return the text of a file; bytes that are not UTF-8 become surrogates, so `encode` gives them back."""
    return content.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Return the bytes of a text that `decode` made, or that a model wrote."""
    return text.encode("utf-8", "surrogateescape")


def split_lines(text: str) -> list[str]:
    r"""Return lines with their ends; only `\n` ends a line, as git counts."""
    lines = text.split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def line_end(text: str) -> str:
    r"""Return the line ending most lines of a text have, `\n` for a text without any."""
    ends = Counter("\r\n" if line.endswith("\r\n") else "\n" for line in split_lines(text) if line.endswith("\n"))
    return ends.most_common(1)[0][0] if ends else "\n"


def with_line_end(text: str, end: str) -> str:
    r"""Return the text with every line ending as `end`."""
    plain = text.replace("\r\n", "\n")
    return plain.replace("\n", end) if end != "\n" else plain
