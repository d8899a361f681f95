"""The head of one file's section in a diff: git's extended lines, `---` and `+++`, in the forms models write."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentos_action.patches.names import git_names, plain_name, raw_name, unprefixed
from agentos_action.patches.refusal import refuse
from agentos_action.patches.sections import Section

_EXTENDED = re.compile(
    r"^(?:old mode \d{6}|new mode \d{6}|new file mode \d{6}|deleted file mode \d{6}|similarity index \d+%?"
    r"|dissimilarity index \d+%?|rename (?:from|to) .+|copy (?:from|to) .+|index [0-9a-f]{4,64}\.\.[0-9a-f]{4,64}(?: \d{6})?"
    r"|Binary files .+ differ|GIT binary patch)\s*$"
)
_PATHLIKE = re.compile(r'^(?:--- |\+\+\+ )(?:"[^"]+"|[^\s:]*[./][^\s:]*)\s*(?:\t.*)?$')
_MODES = {"100755": "a new executable file", "120000": "a symbolic link", "160000": "a submodule"}


def is_extended(line: str) -> bool:
    """Return whether a line is one of git's extended header lines."""
    return line[:1] in "onsdrciBG" and _EXTENDED.match(line) is not None


def at_header(lines: Sequence[str], at: int) -> bool:
    """Return whether a file's section begins at a line."""
    line = lines[at]
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if line.startswith("diff --git "):
        return True
    if line.startswith("--- "):
        return below.startswith("+++ ") or (below.startswith("@@") and bool(_PATHLIKE.match(line)))
    if line.startswith("+++ "):
        return below.startswith("@@") and bool(_PATHLIKE.match(line))
    if line.startswith(("rename from ", "copy from ")):
        return below.startswith(("rename to ", "copy to "))
    return is_extended(line) and line.startswith(("new file", "deleted file", "old mode", "GIT binary", "Binary files"))


def read_header(lines: Sequence[str], at: int) -> tuple[Section, int]:
    """Return the section whose head begins at a line, without hunks yet, and the line after the head.

    Raises Refused for what a model may not propose: binary changes and changes of a file's mode.
    """
    first = at
    git = lines[at].removeprefix("diff --git ") if lines[at].startswith("diff --git ") else None
    at += git is not None
    facts: dict[str, str] = {}
    while at < len(lines) and (is_extended(lines[at]) or (lines[at].startswith("diff --git ") and git is None)):
        _fact(lines[at], facts)
        at += 1
    old = new = None
    if at < len(lines) and lines[at].startswith("--- "):
        old = lines[at][4:]
        at += 1
    if at < len(lines) and lines[at].startswith("+++ "):
        new = lines[at][4:]
        at += 1
    section = _section(git, facts, old, new)
    section.line = first + 1
    return section, at


def _fact(line: str, facts: dict[str, str]) -> None:
    """Keep what an extended line says; raises Refused for a change that is none of text."""
    if line.startswith(("GIT binary patch", "Binary files ")):
        raise _unapplied("patch.binary", "a binary change")
    word, _, value = line.rstrip().rpartition(" ")
    if word == "new file mode":
        if value in _MODES:
            raise _unapplied("patch.mode-change", _MODES[value])
        facts["new file"] = value
    elif word == "deleted file mode":
        facts["deleted file"] = value
    elif word in {"old mode", "new mode"}:
        facts[word] = value
        if len({facts.get("old mode", value), facts.get("new mode", value)}) > 1:
            raise _unapplied("patch.mode-change", "a change of the file mode")
    for start in ("rename from ", "rename to ", "copy from ", "copy to "):
        if line.startswith(start):
            facts[start.strip()] = plain_name(line.removeprefix(start).rstrip())


def _unapplied(code: str, what: str) -> Exception:
    return refuse(code, f"the answer holds {what}, which a model may not propose", "Propose text edits only.")


def _section(git: str | None, facts: dict[str, str], old: str | None, new: str | None) -> Section:
    copied = "copy from" in facts and "copy to" in facts
    if copied:
        return Section(facts["copy from"], facts["copy to"], copy=True)
    if "rename from" in facts and "rename to" in facts:
        return Section(facts["rename from"], facts["rename to"])
    written = _written(git, old, new)
    names = (unprefixed(written[0]), unprefixed(written[1]))
    if names == (None, None):
        raise refuse("patch.bad-name", "a section goes from /dev/null to /dev/null", "Name the file.")
    section = Section(*names, as_written=written)
    if "new file" in facts:
        section.old_path = None
    if "deleted file" in facts:
        section.new_path = None
    return section


def _written(git: str | None, old: str | None, new: str | None) -> tuple[str, str]:
    if old is not None and new is not None:
        return raw_name(old), raw_name(new)
    only = new if old is None else old
    if only is not None:
        return raw_name(only), raw_name(only)
    if git is None:
        raise refuse("patch.no-file", "a section of the diff names no file", "Write --- and +++ lines.")
    return git_names(git)
