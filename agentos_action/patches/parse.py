"""The canonical diff as unidiff reads it (its only importer), with every name that any header carries."""

from __future__ import annotations

import re
from collections.abc import Iterable

from unidiff.constants import LINE_TYPE_ADDED, LINE_TYPE_REMOVED
from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from agentos_action.patches.names import git_names, header_name, plain_name, quote, unprefixed
from agentos_action.patches.refusal import Refused
from agentos_action.patches.render import digest, render
from agentos_action.records.patch import ChangeKind, DiffFile, DiffLine, FileChange, Patch

_MODE = re.compile(r"^(new file|deleted file|old|new) mode ([0-7]{6})$")


def to_patch(changes: Iterable[FileChange]) -> Patch:
    """Render changes to the canonical diff and parse it back; no-op changes are left out."""
    real = tuple(change for change in changes if change.old != change.new or change.old_path != change.new_path)
    text = render(real)
    return Patch(text=text, sha256=digest(text), changes=real, files=parse(text))


def parse(text: str) -> tuple[DiffFile, ...]:
    """Parse a canonical diff with unidiff; raises ValueError where the two readings of it disagree."""
    sections = _sections(text)
    files = []
    for section in sections:
        try:
            # Names are read below, as git reads them; unidiff keeps quotes and stumbles over a name like `p b/q`.
            body = next((at for at, line in enumerate(section) if line.startswith("--- ")), len(section))
            parsed = PatchSet(section[body:])
        except UnidiffParseError as error:
            message = f"unidiff cannot read the canonical diff: {error}"
            raise ValueError(message) from error
        if len(parsed) > 1:
            message = "unidiff sees more than one file in one section"
            raise ValueError(message)
        files.append(_file(section, parsed[0] if len(parsed) else None))
    return tuple(files)


def _sections(text: str) -> list[list[str]]:
    sections: list[list[str]] = []
    for line in text.split("\n")[:-1]:
        if line.startswith("diff --git "):
            sections.append([])
        if not sections:
            message = "the canonical diff does not begin with a header"
            raise ValueError(message)
        sections[-1].append(line + "\n")
    return sections


def _file(section: list[str], parsed: PatchedFile | None) -> DiffFile:
    header = _header(section)
    hunks = list(parsed) if parsed is not None else []
    added = tuple(
        DiffLine(line.target_line_no or 0, line.value)
        for hunk in hunks
        for line in hunk
        if line.line_type == LINE_TYPE_ADDED
    )
    removed = tuple(
        DiffLine(line.source_line_no or 0, line.value)
        for hunk in hunks
        for line in hunk
        if line.line_type == LINE_TYPE_REMOVED
    )
    modes = {match[1]: int(match[2], 8) for line in header if (match := _MODE.match(line))}
    old, new = _ends(header, modes)
    renamed = old is not None and new is not None and old != new
    kind: ChangeKind = "create" if old is None else "delete" if new is None else "rename" if renamed else "modify"
    return DiffFile(
        old_path=old,
        new_path=new,
        names=_names(header),
        kind=kind,
        old_mode=modes.get("old", modes.get("deleted file")),
        new_mode=modes.get("new", modes.get("new file")),
        binary=any(line.startswith("Binary files ") for line in header),
        hunks=len(hunks),
        added=added,
        removed=removed,
    )


def _header(section: list[str]) -> list[str]:
    header = []
    for line in section:
        if line.startswith("@@ "):
            break
        header.append(line.removesuffix("\n"))
    return header


def _ends(header: list[str], modes: dict[str, int]) -> tuple[str | None, str | None]:
    old, new = _git_names(header)
    return (None if "new file" in modes else old), (None if "deleted file" in modes else new)


def _git_names(header: list[str]) -> tuple[str | None, str | None]:
    renames = dict(line.split(" ", 2)[1:] for line in header if line.startswith(("rename from ", "rename to ")))
    if renames:
        return plain_name(renames["from"]), plain_name(renames["to"])
    return _first_names(header[0])


def _first_names(line: str) -> tuple[str | None, str | None]:
    try:
        first, second = git_names(line.removeprefix("diff --git "))
    except Refused as refused:
        raise ValueError(str(refused)) from refused
    return unprefixed(first), unprefixed(second)


def _names(header: list[str]) -> tuple[str, ...]:
    old, new = _git_names(header)
    found: dict[str | None, None] = dict.fromkeys((old, new))
    if header[0] != f"diff --git {quote(f'a/{old}')} {quote(f'b/{new}')}":
        # Asked only then: two names of a rename that hold ` b/` cannot be told apart again.
        found.update(dict.fromkeys(_first_names(header[0])))
    for line in header:
        names = [header_name(line.removeprefix(start)) for start in ("--- ", "+++ ") if line.startswith(start)]
        names += [
            plain_name(line.removeprefix(start)) for start in ("rename from ", "rename to ") if line.startswith(start)
        ]
        found.update(dict.fromkeys(name for name in names if name is not None))
    return tuple(name for name in found if name is not None)
