"""File names: in diff headers, quoted and unquoted exactly as git does it, and which may be written to."""

from __future__ import annotations

import re
from functools import lru_cache

from agentos_action.patches.refusal import refuse
from agentos_action.records.base import Base

NULL = "/dev/null"
_NULLS = frozenset({NULL, "dev/null", "a/dev/null", "b/dev/null", "nul", "NUL"})
_LETTERS = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_PLAIN = frozenset(range(0x20, 0x7F)) - set(b'"\\')
#: Each byte as git writes it within quotes.
_WRITTEN = [f"\\{_LETTERS[n]}" if n in _LETTERS else chr(n) if n in _PLAIN else f"\\{n:03o}" for n in range(256)]
_ESCAPED = re.compile(r'[^\\]*(?:\\(?:[abtnvfr"\\]|[0-3][0-7]{2})[^\\]*)*')
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')
#: No path is longer on any system that git runs on.
LONGEST = 4_096
#: Two such names with their prefixes and quotes, where every byte is written with four signs.
_LONGEST_QUOTED = 8 * LONGEST + 64
_GIT_QUOTED = re.compile(r'^("[^"\\]*(?:\\.[^"\\]*)*"|a/.*?) ("[^"\\]*(?:\\.[^"\\]*)*"|b/.*)$')
# As a text: `re` keeps the pattern, and a diff of git's own needs none.
_NOTE = (
    r"(?i:\s{1,8}(?:\d{4}-\d\d-\d\d[ T]\d\d:\d\d\S*.*|[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d.*"
    r"|\((?:original|modified|updated|new|old|working copy|before|after|revision \d+|deleted|new file)\))$)"
)


def quote(name: str) -> str:
    """Return the name as git writes it in a header: in C quotes if any byte needs it (core.quotePath on)."""
    raw = name.encode("utf-8", "surrogateescape")
    if _PLAIN.issuperset(raw):
        return name
    return '"' + "".join(map(_WRITTEN.__getitem__, raw)) + '"'


@lru_cache(maxsize=16)  # the headers of a section repeat its names
def unquote(text: str) -> str:
    """Return the name that a quoted header text stands for; text without quotes is returned as it is.

    Raises Refused (`patch.bad-name`) for quotes git could not have written.
    """
    if not text.startswith('"'):
        return text
    match = _QUOTED.fullmatch(text)
    if match is None:
        raise refuse("patch.bad-name", f"the file name {text[:200]} is not quoted as git quotes", "Write it plainly.")
    if _ESCAPED.fullmatch(match[1]) is None:
        message = f"the file name {text[:200]} has an escape git does not know"
        raise refuse("patch.bad-name", message, "Write it plainly.")
    # Python knows all of git's escapes, and takes the bytes around them for Latin-1.
    raw = match[1].encode("utf-8", "surrogateescape").decode("unicode_escape").encode("latin-1")
    return raw.decode("utf-8", "surrogateescape")


def check_length(name: str) -> None:
    """Raise Refused (`patch.bad-name`) for a name that is longer than any path may be."""
    size = len(name.encode("utf-8", "replace"))
    if size > LONGEST:
        message = f"a file name has {size:,} bytes, more than the {LONGEST:,} of any path: {name[:80]!r}…"
        raise refuse("patch.bad-name", message, "Choose a short name.")


def check_free(path: str, base: Base) -> None:
    """Raise Refused (`patch.file-exists`) where something stands at `path` already."""
    if base.mode(path) is not None:
        raise refuse("patch.file-exists", f"{path!r} is there already", "Change it instead of creating it.", path=path)


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
    name = re.sub(_NOTE, "", text[:LONGEST].partition("\t")[0].strip()).strip()
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
    if len(text) <= _LONGEST_QUOTED and (both := _GIT_QUOTED.match(text)):
        return plain_name(both[1]), plain_name(both[2])
    raise refuse("patch.bad-name", f"not two file names: {text[:200]!r}", "Write --- and +++ lines.")
