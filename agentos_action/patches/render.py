"""(base, new) → the one canonical unified diff, as git would write it: headers, modes, three lines of context."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from agentos_action.patches.difference import Span, differences
from agentos_action.patches.names import quote
from agentos_action.patches.text import decode, encode, split_lines
from agentos_action.records.patch import FileChange, FileVersion

CONTEXT = 3
NO_NEWLINE = "\\ No newline at end of file\n"


def render(changes: Iterable[FileChange]) -> str:
    """Return the canonical diff of the changes, in the order of their names; `` for none."""
    return "".join(_section(change) for change in sorted(changes, key=lambda change: change.path))


def shortest(changes: Iterable[FileChange]) -> int:
    """Return a number of bytes that the canonical diff of the changes has at least, without looking for the lines."""
    # What a text grows or shrinks by stands in its diff as added or removed lines.
    return sum(
        abs(len(_content(change.new)) - len(_content(change.old)))
        for change in changes
        if not _is_binary(change.old) and not _is_binary(change.new)
    )


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
    return [text for group in _groups(differences(old, new)) for text in _hunk(group, old, new)]


def _groups(spans: Sequence[Span]) -> list[list[Span]]:
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span[0] - groups[-1][-1][1] <= 2 * CONTEXT:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _hunk(group: list[Span], old: Sequence[str], new: Sequence[str]) -> list[str]:
    start = max(group[0][0] - CONTEXT, 0)
    stop = min(group[-1][1] + CONTEXT, len(old))
    new_start = group[0][2] - (group[0][0] - start)
    new_stop = group[-1][3] + (stop - group[-1][1])
    lines = [f"@@ -{_range(start, stop)} +{_range(new_start, new_stop)} @@\n"]
    at = start
    for a, b, c, d in group:
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
