"""The head of one file's section in a diff: git's extended lines, `---` and `+++`, in the forms models write."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agentos_action.patches.names import git_names, plain_name, raw_name, unprefixed
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Section
from agentos_action.records.patch import MODE_EXEC, MODE_FILE

_EXTENDED = re.compile(
    r"^(?:old mode \d{6}|new mode \d{6}|new file mode \d{6}|deleted file mode \d{6}|similarity index \d+%?"
    r"|dissimilarity index \d+%?|rename (?:from|to) .+|copy (?:from|to) .+"
    r"|index [0-9a-f]+\.\.[0-9a-f]+(?: \d{6})?|Binary files .+ differ|GIT binary patch)\s*$"
)
_PATHLIKE = re.compile(r'^(?:--- |\+\+\+ )(?:"[^"]+"|[^\s:]+)[ \t]*$')
_LONGEST = 4_096
#: First signs of the lines that a section may begin with; most lines of an answer have another one.
_BEGINS = frozenset("d-+rcnoGB")
#: Lines that tell a mode, and what is kept of them.
_MODES = {
    "new file mode": "new file",
    "deleted file mode": "deleted file",
    "old mode": "old mode",
    "new mode": "new mode",
}
_NAMED = {"120000": "a symbolic link", "160000": "a submodule"}
#: The modes of plain files; the digit is what their owner may do.
_REGULAR = re.compile(r"100([0-7])[0-7]{2}")


def is_extended(line: str) -> bool:
    """Return whether a line is one of git's extended header lines."""
    return line[:1] in "onsdrciBG" and _EXTENDED.match(line) is not None


def _pathlike(line: str) -> bool:
    name = line[4:].partition("\t")[0]
    return (
        len(line) <= _LONGEST and _PATHLIKE.match(line.partition("\t")[0]) is not None and ("/" in name or "." in name)
    )


def at_header(lines: Sequence[str], at: int) -> bool:
    """Return whether a file's section begins at a line."""
    line = lines[at]
    if line[:1] not in _BEGINS or line.startswith("diff --git "):
        return line[:1] in _BEGINS
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if line.startswith("--- "):
        if below.startswith("+++ "):
            return True
        return _pathlike(line) and (
            below.startswith("@@") or (line.startswith("--- a/") and below[:1] in {" ", "+", "-"})
        )
    if line.startswith("+++ "):
        return below.startswith("@@") and _pathlike(line)
    if line.startswith(("rename from ", "copy from ")):
        return below.startswith(("rename to ", "copy to "))
    return is_extended(line) and line.startswith(("new file", "deleted file", "old mode", "GIT binary", "Binary files"))


def read_header(lines: Sequence[str], at: int) -> tuple[Section, int]:
    """Return the section whose head begins at a line, without hunks yet, and the line after the head.

    Raises Refused for what a model may not propose: binary changes and modes of what is no file.
    """
    first = at
    git = lines[at].removeprefix("diff --git ") if lines[at].startswith("diff --git ") else None
    at += git is not None
    facts: dict[str, str] = {}
    while at < len(lines) and is_extended(lines[at]):
        if lines[at].startswith(("rename from ", "copy from ")) and any(name.endswith(" from") for name in facts):
            # The next file's section, without a `diff --git` line between.
            break
        _fact(lines[at], facts)
        at += 1
    old = new = None
    end = at
    if end < len(lines) and lines[end].startswith("--- "):
        old = lines[end][4:]
        end += 1
    if end < len(lines) and lines[end].startswith("+++ "):
        new = lines[end][4:]
        end += 1
    if _is_whole(git, facts, _pair(old, new)):
        # What follows is the next file's section, without a `diff --git` line between.
        old = new = None
    else:
        at = end
    section = _section(git, facts, old, new)
    section.line = first + 1
    said = facts.get("new file", facts.get("new mode"))
    if said is None and section.old_path is None:
        # Of a file that is there already, the line `index` tells the mode it has.
        said = facts.get("index")
    section.mode = _regular(said or "")
    return section, at


def _is_whole(git: str | None, facts: dict[str, str], pair: tuple[str | None, str | None]) -> bool:
    """Return whether a head says all of its file without names that follow: those are another file's."""
    if any(name.startswith(("rename", "copy")) for name in facts):
        return pair != tuple(facts.get(f"rename {end}", facts.get(f"copy {end}")) for end in ("from", "to"))
    if git is None or not {"new file", "deleted file"}.intersection(facts):
        return False
    try:
        own = set(map(_told, _both(git)))
    except Refused:
        return False
    return bool(set(pair) - {None}) and not own.intersection(set(pair) - {None})


def _fact(line: str, facts: dict[str, str]) -> None:
    """Keep what an extended line says; raises Refused for a change that is none of text."""
    if line.startswith(("GIT binary patch", "Binary files ")):
        raise _unapplied("patch.binary", "a binary change")
    word, _, value = line.rstrip().rpartition(" ")
    if word.startswith("index ") and ".." in word:
        if _regular(value) is None:
            raise _unapplied("patch.mode-change", _NAMED.get(value, f"the file mode {value}"))
        facts["index"] = value
    if word in _MODES:
        if word != "old mode" and _regular(value) is None:
            what = _NAMED.get(value, f"the file mode {value}")
            raise _unapplied("patch.mode-change", f"the deletion of {what}" if word.startswith("deleted") else what)
        facts[_MODES[word]] = value
    for start in ("rename from ", "rename to ", "copy from ", "copy to "):
        if line.startswith(start):
            facts[start.strip()] = plain_name(line.removeprefix(start).rstrip())


def _regular(value: str) -> int | None:
    """Return the mode git gives a file of this one: executable or not is all it keeps; None for what is no file."""
    match = _REGULAR.fullmatch(value)
    if match is None:
        return None
    return MODE_EXEC if int(match[1]) & 1 else MODE_FILE


def _unapplied(code: str, what: str) -> Exception:
    return refuse(code, f"the answer holds {what}, which a model may not propose", "Propose text edits only.")


def _pair(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    return (None if old is None else _told(raw_name(old)), None if new is None else _told(raw_name(new)))


def _section(git: str | None, facts: dict[str, str], old: str | None, new: str | None) -> Section:
    _check_names(git, facts, old, new)
    copied = "copy from" in facts and "copy to" in facts
    if copied:
        return Section(facts["copy from"], facts["copy to"], copy=True)
    if "rename from" in facts and "rename to" in facts:
        return Section(facts["rename from"], facts["rename to"], renames=True)
    written = _written(git, old, new)
    names = (_told(written[0]), _told(written[1]))
    if names == (None, None):
        raise refuse("patch.bad-name", "a section goes from /dev/null to /dev/null", "Name the file.")
    section = Section(*names, as_written=written)
    if "new file" in facts:
        section.old_path = None
    if "deleted file" in facts:
        section.new_path = None
    return section


def _check_names(git: str | None, facts: dict[str, str], old: str | None, new: str | None) -> None:
    """Refuse a section whose headers speak of different files: which one is meant nobody can know."""
    told = {name for name in _pair(old, new) if name is not None}
    told |= {value for key, value in facts.items() if key.startswith(("rename", "copy"))}
    if git is None or not told:
        return
    try:
        names = {name for name in map(_told, _both(git)) if name is not None}
    except Refused:
        return
    bare = {name: name.removeprefix("a/").removeprefix("b/") for name in names}
    odd = (told - names - set(bare.values())) or {name for name in names if told.isdisjoint({name, bare[name]})}
    if odd:
        other = min(odd)
        message = f"the headers of one section name both {min((names | told) - odd)!r} and {other!r}"
        raise refuse("patch.name-mismatch", message, "Name one file in all headers of a section.", path=other)


def _told(name: str) -> str | None:
    """Return the path a name that a model wrote means: `a/./x` is `x`."""
    bare = unprefixed(name)
    return bare if bare is None else bare.removeprefix("./") or name


def _written(git: str | None, old: str | None, new: str | None) -> tuple[str, str]:
    if old is not None and new is not None:
        return raw_name(old), raw_name(new)
    only = new if old is None else old
    if only is not None:
        return raw_name(only), raw_name(only)
    if git is None:
        raise refuse("patch.no-file", "a section of the diff names no file", "Write --- and +++ lines.")
    return _both(git)


def _both(git: str) -> tuple[str, str]:
    """Return the two names behind `diff --git `, also where a model left their prefixes out."""
    words = git.split()
    if len(words) == 2 and not git.startswith(("a/", '"')):  # noqa: PLR2004 - the two names
        return words[0], words[1]
    return git_names(git)
