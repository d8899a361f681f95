"""File names in diff headers: quoted and unquoted exactly as git does it."""

from __future__ import annotations

import re

from agentos_action.patches.refusal import refuse

NULL = "/dev/null"
_NULLS = frozenset({NULL, "dev/null", "a/dev/null", "b/dev/null", "nul", "NUL"})
_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\')
_LETTERS = {value: letter for letter, value in _ESCAPES.items()}
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OCTAL = 3
_LONGEST = 4_096
_GIT_QUOTED = re.compile(r'^("(?:[^"\\]|\\.)*"|a/.*?) ("(?:[^"\\]|\\.)*"|b/.*)$')
_NOTE = re.compile(
    r"\s{1,8}(?:\d{4}-\d\d-\d\d[ T]\d\d:\d\d\S*.*|[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d.*"
    r"|\((?:original|modified|updated|new|old|working copy|before|after|revision \d+|deleted|new file)\))$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\\([0-7]{3}|.)", re.DOTALL)


def quote(name: str) -> str:
    """Return the name as git writes it in a header: in C quotes if any byte needs it (core.quotePath on)."""
    raw = name.encode("utf-8", "surrogateescape")
    if all(byte in _PLAIN for byte in raw):
        return name
    return '"' + "".join(_quote_byte(byte) for byte in raw) + '"'


def _quote_byte(byte: int) -> str:
    if byte in _LETTERS:
        return "\\" + _LETTERS[byte]
    return chr(byte) if byte in _PLAIN else f"\\{byte:03o}"


def unquote(text: str) -> str:
    """Return the name that a quoted header text stands for; text without quotes is returned as it is.

    Raises Refused (`patch.bad-name`) for quotes git could not have written.
    """
    if not text.startswith('"'):
        return text
    match = _QUOTED.fullmatch(text)
    if match is None:
        raise refuse("patch.bad-name", f"the file name {text[:200]} is not quoted as git quotes", "Write it plainly.")
    raw = bytearray()
    end = 0
    body = match[1]
    for token in _TOKEN.finditer(body):
        raw += body[end : token.start()].encode("utf-8", "surrogateescape")
        raw.append(_byte_of(token[1], text))
        end = token.end()
    raw += body[end:].encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "surrogateescape")


def _byte_of(escape: str, text: str) -> int:
    if escape in _ESCAPES:
        return _ESCAPES[escape]
    # The pattern takes three octal digits or any one character, and `8` or `²` is a digit to Python.
    if len(escape) == _OCTAL and int(escape, 8) < 256:  # noqa: PLR2004 - a byte
        return int(escape, 8)
    raise refuse("patch.bad-name", f"the file name {text[:200]} has an escape git does not know", "Write it plainly.")


def plain_name(text: str) -> str:
    """Return the name that a header text of ours stands for, with whatever prefix it carries."""
    if not text.startswith('"'):
        return text.partition("\t")[0]
    quoted = _QUOTED.match(text)
    return unquote(quoted[0] if quoted else text)


def header_name(text: str) -> str | None:
    """Return the path a `---`/`+++` header names without its `a/` or `b/`; None for /dev/null."""
    return unprefixed(plain_name(text))


def unprefixed(name: str) -> str | None:
    """Return a name without its `a/`, `b/` or `./`; None for /dev/null."""
    if name == NULL:
        return None
    return name[2:] if name.startswith(("a/", "b/")) else name.removeprefix("./")


def raw_name(text: str) -> str:
    """Return the name in a header that a model wrote: without the time stamp, note or decoration behind or round it."""
    if text.startswith('"'):
        return plain_name(text)
    name = _NOTE.sub("", text[:_LONGEST].partition("\t")[0].strip()).strip()
    name = name.strip("`*") or name
    return NULL if name in _NULLS else name


def git_names(text: str) -> tuple[str, str]:
    """Return the two names (with prefixes) behind `diff --git `.

    Raises Refused (`patch.bad-name`) where they cannot be told apart.
    """
    # Without a rename both names are the same, which finds the blank between two names that hold blanks themselves.
    half = len(text) // 2
    if text.startswith("a/") and text[half : half + 3] == " b/" and text[2:half] == text[half + 3 :]:
        return plain_name(text[:half]), plain_name(text[half + 1 :])
    if len(text) <= 2 * _LONGEST and (both := _GIT_QUOTED.match(text)):
        return plain_name(both[1]), plain_name(both[2])
    raise refuse("patch.bad-name", f"not two file names: {text[:200]!r}", "Write --- and +++ lines.")
