"""Private keys in the new text of a file, of which at least one line is added."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from agentos_action.records.patch import DiffFile

_HEADER = re.compile(
    r"-----(BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----"
    r"|---- (BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY) ----"
    r"|\b(Private-Lines): ?[0-9]{1,4}\b"
)
_END = re.compile(r"-----END |---- END |\bPrivate-MAC:|-----BEGIN |---- BEGIN |\bPrivate-Lines:")
# `Proc-Type: 4,ENCRYPTED`, `Comment: "…"` before the body.
_FIELD = re.compile(r"(?:^|\\n)[\s\"'#*/+]*[A-Z][A-Za-z-]{2,30}: [^\n\\]*", re.MULTILINE)
# How the lines of a key are joined in code and data: escapes, quotes, commas, comment signs, indentation.
_JOINTS = re.compile(r"\\[nrt]|[\s\"'`,;|>#*()]+")
_BODY = re.compile(r"[+\\]{0,4}([A-Za-z0-9+/]{40,})")
# A line that may be the middle of a key: the header stood there already.
_MIDDLE = re.compile(r"[A-Za-z0-9+/]{40}")

#: A body is not further from its header, and a key without its end is not read further.
_REACH = 1000
_LONGEST = 16384
_SAMPLE = 40
_LEAST_SIGNS = 12


class PrivateKey(NamedTuple):
    """A key: its first added line, the header's words (`BEGIN RSA PRIVATE KEY`), its body without what joins it.

    The `sample`, how the body begins, is much the same in all keys of a kind; the whole body is one key's own.
    """

    line: int
    header: str
    sample: str
    body: str


def private_keys(file: DiffFile, added: str, before: Callable[[], str]) -> Iterator[PrivateKey]:
    """Yield the private keys in the new text; `added` is all added lines in one, `before` reads the old text."""
    # Most diffs hold neither, and then the file before is not even read.
    if not _HEADER.search(added) and not (_MIDDLE.search(added) and _HEADER.search(before())):
        return
    old = before()
    numbers = {line.number: line.text.rstrip("\n") for line in file.added if line.number > 0}
    lines = _new_lines(file, numbers, old)
    for key, last in _keys("\n".join(lines)):
        first = next((number for number in range(key.line, last + 1) if number in numbers), None)
        if first is not None:
            yield key._replace(line=first)


def gone_keys(file: DiffFile, old: str) -> Iterator[PrivateKey]:
    """Yield the private keys in the old text of which lines are removed, with the lines of their headers."""
    gone = {line.number for line in file.removed}
    for key, last in _keys(old) if gone else ():
        if any(number in gone for number in range(key.line, last + 1)):
            yield key


def _keys(text: str) -> Iterator[tuple[PrivateKey, int]]:
    """Yield (key with the line of its header, its last line)."""
    line, at = 1, 0
    for header in _HEADER.finditer(text):
        sample, end = _sample(text, header.end())
        line, at = line + text.count("\n", at, header.start()), header.start()
        if sample:
            last = line + text.count("\n", header.start(), end)
            words = next(filter(None, header.groups()))
            yield PrivateKey(line, words, sample, squeezed(text[header.end() : end])), last


def squeezed(text: str) -> str:
    """Return a text without what joins the lines of a key in it, so that a sample can be looked for."""
    return _JOINTS.sub("", text)


def _new_lines(file: DiffFile, added: Mapping[int, str], old: str) -> list[str]:
    gone = {line.number for line in file.removed}
    kept = iter([line for number, line in enumerate(old.split("\n"), 1) if number not in gone])
    lines: list[str] = []
    missing = len(added)
    while True:
        number = len(lines) + 1
        line = added.get(number)
        if line is not None:
            missing -= 1
        else:
            line = next(kept, None)
            if line is None and not missing:
                return lines
        # A gap cannot be in a diff that was parsed; where a caller makes one, it is an empty line.
        lines.append(line or "")


def _sample(text: str, start: int) -> tuple[str, int]:
    """Return (the beginning of a key's body, where the key ends); "" where no real body follows the header."""
    found = _END.search(text, start, start + _LONGEST)
    end = found.start() if found else min(start + _REACH, len(text))
    window = text[start : min(end, start + _REACH)]
    match = _BODY.match(squeezed(_FIELD.sub("\n", window)))
    if match is None:
        return "", end
    sample = match[1][:_SAMPLE]
    kinds = (any(map(str.isdigit, match[1])), any(map(str.islower, sample)), any(map(str.isupper, sample)))
    # Prose after a header (`… and nothing else follows here`) has no digits and capitals; `AAAA…` is a placeholder.
    return (sample if all(kinds) and len(set(sample)) >= _LEAST_SIGNS else ""), end
