"""An answer that is the canonical diff of what it does: taken at its word, nothing guessed and nothing undone."""

from __future__ import annotations

import re
from collections import Counter

from agentos_action.patches.built import Changes
from agentos_action.patches.elision import is_elision
from agentos_action.patches.names import git_names, plain_name, unprefixed
from agentos_action.patches.refusal import Refused
from agentos_action.patches.render import render
from agentos_action.patches.text import decode, encode, split_lines
from agentos_action.records.base import Base
from agentos_action.records.patch import MODE_EXEC, MODE_FILE, FileChange, FileVersion, Placed

_BARE = re.compile(r"(?:(?P<fence>`{3,}|~{3,})\w*\n)?(?P<diff>diff --git .*?\n)(?(fence)(?P=fence)\s*)\Z", re.DOTALL)
_MODES = {"100644": MODE_FILE, "100755": MODE_EXEC}
_MODE = re.compile(rf"^new (?:file )?mode ({'|'.join(_MODES)})$", re.MULTILINE)
_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@\n")


def read(answer: str, base: Base) -> Changes | None:
    """Return the changes whose canonical diff is the whole answer, bare or in one fence; None for any other answer.

    What such a diff says holds literally, whatever its lines look like: a header, a fence, an escape, "...".
    """
    match = _BARE.match(answer) if answer.startswith(("diff --git ", "```", "~~~")) else None
    if match is None:
        return None
    text = match["diff"]
    found = Changes()
    for section in re.split(r"^(?=diff --git )", text, flags=re.MULTILINE)[1:]:
        change = _change(section, base, found.placements)
        if change is None:
            return None
        found.files.append(change)
    names = Counter(name for file in found.files for name in {file.old_path, file.new_path} if name is not None)
    alone = all(count == 1 for count in names.values())
    return found if alone and render(found.files) == text else None


def _change(section: str, base: Base, placements: list[Placed]) -> FileChange | None:
    """Return what a section does to the base, None where it cannot be canonical; `render` proves the rest."""
    lines = split_lines(section)
    body = next((at for at, line in enumerate(lines) if line.startswith("@@ ")), len(lines))
    header = "".join(lines[:body])
    names = _names(lines[0], header)
    if names is None:
        return None
    old_path = None if "\nnew file mode " in header else names[0]
    new_path = None if "\ndeleted file mode " in header else names[1]
    old = None if old_path is None else base.read(old_path)
    taken = new_path is not None and new_path != old_path and base.mode(new_path) is not None
    if (old is None) != (old_path is None) or taken:
        return None
    placed: list[Placed] = []
    content = _applied(lines[body:], split_lines(decode(old.content if old else b"")), old_path or "", placed)
    if content is None:
        return None
    if old is not None and new_path is not None:
        placements += placed
    new = FileVersion(
        encode(content), _MODES[said[1]] if (said := _MODE.search(header)) else old.mode if old else MODE_FILE
    )
    if old_path == new_path and new == old:
        return None
    return FileChange(old_path, new_path, old, None if new_path is None else new)


def _names(first: str, header: str) -> tuple[str | None, str | None] | None:
    renamed = re.search(r"^rename from (.*)\nrename to (.*)$", header, re.MULTILINE)
    try:
        if renamed:
            return plain_name(renamed[1]), plain_name(renamed[2])
        one, other = git_names(first.removeprefix("diff --git ").removesuffix("\n"))
    except Refused:
        return None
    return unprefixed(one), unprefixed(other)


def _applied(lines: list[str], old: list[str], path: str, placed: list[Placed]) -> str | None:
    """Return the text after the hunks, None where one is not written as git does."""
    result: list[str] = []
    at = there = 0
    while at < len(lines):
        head = _HUNK.fullmatch(lines[at])
        if head is None:
            return None
        takes, brings = (1 if count is None else int(count) for count in (head[2], head[3]))
        first = int(head[1]) - (takes > 0)
        if first < there:
            return None
        result += old[there:first]
        placed.append(Placed(path, len(placed) + 1, first + 1, "exact"))
        there = first + takes
        start, at = at, at + 1
        while at < len(lines) and (takes > 0 or brings > 0 or lines[at].startswith("\\")):
            sign, text = lines[at][0], lines[at][1:]
            if sign == "\\" and result and lines[at - 1][0] in " +" and at - 1 > start:
                result[-1] = result[-1].removesuffix("\n")
            elif sign in " +":
                result.append(text)
            if sign == "+" and is_elision(text):
                return None
            takes -= sign in " -"
            brings -= sign in " +"
            at += 1
    return "".join([*result, *old[there:]])
