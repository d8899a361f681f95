"""(base, new) → the one canonical unified diff, as git would write it: headers, modes, three lines of context."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import TypeAlias

from agentos_action.patches.names import quote
from agentos_action.patches.text import decode, encode, split_lines
from agentos_action.records.patch import FileChange, FileVersion

CONTEXT = 3
#: One change: what it is, the old lines it takes (from, to), the new lines it brings (from, to).
Code: TypeAlias = tuple[str, int, int, int, int]

NO_NEWLINE = "\\ No newline at end of file\n"


def render(changes: Iterable[FileChange]) -> str:
    """Return the canonical diff of the changes, in the order of their names; `` for none."""
    return "".join(_section(change) for change in sorted(changes, key=lambda change: change.path))


def digest(diff: str) -> str:
    """Return the sha256 (hex) of a diff's bytes."""
    return hashlib.sha256(encode(diff)).hexdigest()


def _section(change: FileChange) -> str:
    old_name = change.old_path or change.path
    lines = [f"diff --git {quote('a/' + old_name)} {quote('b/' + change.path)}\n", *_extended(change)]
    if _is_binary(change.old) or _is_binary(change.new):
        if _content(change.old) != _content(change.new):
            lines.append(f"Binary files {_side('a/', change.old_path)} and {_side('b/', change.new_path)} differ\n")
        return "".join(lines)
    hunks = _hunks(split_lines(decode(_content(change.old))), split_lines(decode(_content(change.new))))
    if hunks:
        lines.append(f"--- {_side('a/', change.old_path)}\n+++ {_side('b/', change.new_path)}\n")
    return "".join([*lines, *hunks])


def _extended(change: FileChange) -> list[str]:
    if change.old is None and change.new is not None:
        return [f"new file mode {change.new.mode:06o}\n"]
    if change.new is None and change.old is not None:
        return [f"deleted file mode {change.old.mode:06o}\n"]
    if change.old is None or change.new is None:
        return []
    lines = []
    if change.old.mode != change.new.mode:
        lines += [f"old mode {change.old.mode:06o}\n", f"new mode {change.new.mode:06o}\n"]
    if change.kind == "rename":
        lines += [f"rename from {quote(change.old_path or '')}\n", f"rename to {quote(change.new_path or '')}\n"]
    return lines


def _side(prefix: str, path: str | None) -> str:
    if path is None:
        return "/dev/null"
    name = quote(prefix + path)
    # Git ends a name that holds a blank with a tab, so that a reader knows where it ends.
    return f"{name}\t" if " " in name else name


def _content(version: FileVersion | None) -> bytes:
    return version.content if version else b""


def _is_binary(version: FileVersion | None) -> bool:
    return b"\0" in _content(version)[:8_000]


def _hunks(old: Sequence[str], new: Sequence[str]) -> list[str]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    middle = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    codes: list[Code] = [
        (tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in middle.get_opcodes() if tag != "equal"
    ]
    return [text for group in _groups(codes) for text in _hunk(group, old, new)]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for left, right in zip(old, new, strict=False):
        if left != right:
            break
        count += 1
    return count


def _groups(codes: Sequence[Code]) -> list[list[Code]]:
    groups: list[list[Code]] = []
    for code in codes:
        if groups and code[1] - groups[-1][-1][2] <= 2 * CONTEXT:
            groups[-1].append(code)
        else:
            groups.append([code])
    return groups


def _hunk(group: list[Code], old: Sequence[str], new: Sequence[str]) -> list[str]:
    start = max(group[0][1] - CONTEXT, 0)
    stop = min(group[-1][2] + CONTEXT, len(old))
    new_start = group[0][3] - (group[0][1] - start)
    new_stop = group[-1][4] + (stop - group[-1][2])
    lines = [f"@@ -{_range(start, stop)} +{_range(new_start, new_stop)} @@\n"]
    at = start
    for _, a, b, c, d in group:
        lines += [_line(" ", text) for text in old[at:a]]
        lines += [_line("-", text) for text in old[a:b]]
        lines += [_line("+", text) for text in new[c:d]]
        at = b
    return [*lines, *(_line(" ", text) for text in old[at:stop])]


def _range(start: int, stop: int) -> str:
    count = stop - start
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"


def _line(sign: str, text: str) -> str:
    return f"{sign}{text}" if text.endswith("\n") else f"{sign}{text}\n{NO_NEWLINE}"
