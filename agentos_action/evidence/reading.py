"""Reads a bundle that may be hostile: no link is followed, no size trusted, no JSON but our own canonical form."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.evidence.canonical import parse_canonical
from agentos_action.evidence.layout import FOLDERS

#: The largest file of a bundle that is read, the most files it may hold, the deepest JSON.
MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 10_000
MAX_DEPTH = 64
#: The longest line of a JSONL file: an answer of the largest size, every sign of it escaped.
MAX_LINE = 16 * 1024 * 1024
#: So much of a JSON file may be other than texts: of brackets and numbers a reader makes many times their size.
MAX_STRUCTURE = 4 * 1024 * 1024
#: One that does not end goes up to the end, so that no place is looked at twice; with those that follow at once, of
#: which there may be half as many as bytes.
_TEXT = re.compile(rb'(?:"(?:[^"\\]++|\\.)*+"?)++', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: which file, which line (from 1, 0 for the whole file), what."""

    file: str
    line: int
    message: str

    @property
    def told(self) -> str:
        """What is wrong, behind the file and the line as far as they are known."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" if place else self.message


def read(folder: Path, name: str, problems: list[Problem]) -> bytes | None:
    """Return the bytes of a regular file of the bundle; None, and a problem, where there is no such file."""
    parts = name.split("/")
    if not set(parts).isdisjoint({"", ".", ".."}):
        problems.append(Problem(name, 0, "is not a name inside the bundle"))
        return None
    try:
        content = _read(folder, parts)
    except OSError as error:
        why = "a link stands there, and none is followed" if error.errno == errno.ELOOP else error.strerror
        problems.append(Problem(name, 0, f"cannot be read: {why}"))
    except ValueError:
        problems.append(Problem(name, 0, "cannot be read: no file has such a name"))
    else:
        if content is None:
            problems.append(Problem(name, 0, "is not a regular file"))
        elif len(content) > MAX_BYTES:
            problems.append(Problem(name, 0, f"is larger than {MAX_BYTES} bytes"))
        else:
            return content
    return None


def _read(folder: Path, parts: list[str]) -> bytes | None:
    """Return at most one byte more than allowed; None for what is no regular file. Follows no link below `folder`."""
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            # Without O_NONBLOCK the opening of a FIFO would wait for ever.
            below = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
            os.close(at)
            at = below
        status = os.fstat(at)
        if not stat.S_ISREG(status.st_mode):
            return None
        with os.fdopen(at, "rb", closefd=False) as file:
            # Room is made for all that is asked for, so no more is than there is.
            return file.read(min(status.st_size, MAX_BYTES) + 1)
    finally:
        os.close(at)


def names(folder: Path, problems: list[Problem]) -> set[str]:
    """Return the name of everything in the bundle that is no folder, links to folders among it."""
    found: set[str] = set()
    folders = [""]
    seen = 0
    while folders:
        prefix = folders.pop()
        empty = True
        try:
            for entry in (folder / prefix).iterdir():
                seen += 1
                empty = False
                if seen > MAX_FILES:
                    problems.append(Problem(prefix, 0, f"the bundle holds more than {MAX_FILES} files and folders"))
                    return found
                if stat.S_ISDIR(entry.lstat().st_mode):
                    folders.append(f"{prefix}{entry.name}/")
                else:
                    found.add(prefix + entry.name)
        except OSError as error:
            problems.append(Problem(prefix, 0, f"cannot be listed: {error.strerror}"))
            continue
        if empty and prefix.removesuffix("/") not in FOLDERS:
            problems.append(Problem(prefix, 0, "is an empty folder, which no bundle has"))
    return found


def rows(folder: Path, name: str, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a JSONL file; stops with a problem at the first that is not as we write them."""
    content = read(folder, name, problems)
    yield from rows_of(content, name, problems) if content is not None else ()


def rows_of(content: bytes, name: str, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a JSONL file's bytes, as `rows` does."""
    if _too_much(content):
        problems.append(Problem(name, 0, f"has more than {MAX_STRUCTURE} bytes besides its texts"))
        return
    for number, line in enumerate(io.BytesIO(content), 1):
        if not line.endswith(b"\n"):
            problems.append(Problem(name, number, "the last line is not complete"))
            return
        parsed = parse(line[:-1]) if len(line) <= MAX_LINE else None
        if parsed is None:
            problems.append(Problem(name, number, "not one line of canonical JSON"))
            return
        yield parsed


def parse(line: bytes) -> dict[str, Any] | None:
    """Return the object that stands in a line, None unless the line is its canonical form."""
    if _too_much(line):
        return None
    try:
        parsed = parse_canonical(line)
        # Whoever handles the value later recurses into it, from another depth of the stack.
        return None if parsed is None or _too_deep(parsed) else parsed
    except RecursionError:
        return None


def document(folder: Path, name: str, problems: list[Problem]) -> dict[str, Any] | None:
    """Return the one object of a JSON file; None, and a problem, where there is none in the form we write."""
    content = read(folder, name, problems)
    if content is None:
        return None
    parsed = parse(content[:-1]) if content.endswith(b"\n") and len(content) <= MAX_LINE else None
    if parsed is None:
        problems.append(Problem(name, 0, "is not a JSON object in canonical form"))
    return parsed


def _too_much(content: bytes) -> bool:
    """Return whether more of a JSON file than we write is no text."""
    at = between = 0
    for text in _TEXT.finditer(content) if len(content) > MAX_STRUCTURE else ():
        between += text.start() - at
        at = text.end()
        if between > MAX_STRUCTURE:
            return True
    return between + len(content) - at > MAX_STRUCTURE


def _too_deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
