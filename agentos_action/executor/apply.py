"""The canonical diff applied exactly: no fuzz, no offset, every line as written or nothing."""

from __future__ import annotations

import hashlib
import re

from agentos_action.errors import BoundaryError
from agentos_action.records.patch import FileChange
from agentos_action.records.verdict import Accepted

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n$")
_NO_NEWLINE = b"\\ No newline at end of file\n"


def contents(accepted: Accepted) -> dict[str, bytes | None]:
    """Return path → new bytes (None where deleted) by applying the accepted diff to the bytes before.

    Raises BoundaryError where the diff is not the one that was accepted, or does not give the accepted contents.
    """
    diff = accepted.diff.encode("utf-8", "surrogateescape")
    if hashlib.sha256(diff).hexdigest() != accepted.diff_sha256:
        raise BoundaryError("the diff is not the one that was accepted", "Nothing was written. Please report this.")
    sections = _sections(diff)
    if len(sections) != len(accepted.changes):
        raise _disagree("the diff has another number of files than the verdict")
    result: dict[str, bytes | None] = {}
    for lines, change in zip(sections, sorted(accepted.changes, key=lambda change: change.path), strict=True):
        new = _applied(lines, change)
        if new != (change.new.content if change.new else b""):
            raise _disagree(f"the diff of {change.path!r} gives other bytes than the verdict's")
        if change.old_path is not None:
            result.setdefault(change.old_path, None)
        if change.new_path is not None:
            result[change.new_path] = new
    return result


def _disagree(message: str) -> BoundaryError:
    return BoundaryError(message, "Nothing was written. Please report this with the evidence folder.")


def _sections(diff: bytes) -> list[list[bytes]]:
    sections: list[list[bytes]] = []
    for line in diff.split(b"\n")[:-1]:
        if line.startswith(b"diff --git "):
            sections.append([])
        if sections:
            sections[-1].append(line + b"\n")
    return sections


def _applied(lines: list[bytes], change: FileChange) -> bytes:
    old = _split(change.old.content if change.old else b"")
    starts = [at for at, line in enumerate(lines) if _HUNK.match(line)]
    result: list[bytes] = []
    at = 0
    for start, stop in zip(starts, [*starts, len(lines)][1:], strict=True):
        match = _HUNK.match(lines[start])
        if match is None:  # pragma: no cover - `starts` holds only matching lines
            raise _disagree("a hunk header changed while it was read")
        first = int(match[1]) - (0 if match[2] == b"0" else 1)
        if first < at:
            raise _disagree(f"hunks of {change.path!r} overlap")
        result += old[at:first]
        at = first
        for sign, text in _body(lines[start + 1 : stop]):
            if sign in b" -":
                if at >= len(old) or old[at] != text:
                    raise _disagree(f"line {at + 1} of {change.path!r} is not what the diff says")
                at += 1
            if sign in b" +":
                result.append(text)
    return b"".join([*result, *old[at:]])


def _body(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    body: list[tuple[bytes, bytes]] = []
    for line in lines:
        if line == _NO_NEWLINE:
            sign, text = body.pop()
            body.append((sign, text.removesuffix(b"\n")))
        else:
            body.append((line[:1], line[1:]))
    return body


def _split(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
