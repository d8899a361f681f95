"""Sections applied to base contents, all or nothing: the new contents of named files, and where each hunk went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from agentos_action.patches.built import Changes, Unfit
from agentos_action.patches.names import check_free, check_length
from agentos_action.patches.places.fit import fitted
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Section
from agentos_action.patches.text import BOM, FileText, encode
from agentos_action.patches.whole import check_is_whole, check_written, whole_content
from agentos_action.records.base import Base
from agentos_action.records.patch import MODE_FILE, FileChange, FileVersion, Placed

#: What stands before the names instead of git's a/ and b/.
_PREFIXES = frozenset(
    {("i", "w"), ("c", "i"), ("c", "w"), ("o", "w"), ("o", "i"), ("old", "new"), ("orig", "new"), ("before", "after")}
    | {("original", "modified"), ("original", "new")}
)

#: What tools put behind the name of a file's new version.
_NEW = frozenset({".new", ".modified", ".updated", ".patched", ".orig", ".bak", "~"})


def apply(sections: Iterable[Section], base: Base, answer: str, *, guarded: bool = False) -> Changes:
    """Return the changes of all sections; `answer` is the text they were read from.

    `guarded` asks that a whole content keeps most of the file: nobody said that it is one, so it may be a part.

    Raises Refused with the findings of every section that does not fit the base.
    """
    merged = _merged([_named(section, base) for section in sections])
    _check_names(merged)
    changes = Changes()
    unfit = Unfit()
    for section in merged:
        names = (section.old_path, section.new_path)
        if unfit.enough:
            unfit.add(*names)
            continue
        try:
            if guarded:
                check_is_whole(section, base)
            changes.files.append(_change(section, base, answer, changes.placements))
            changes.sources += [section.old_path] if section.copy and section.old_path else []
        except Refused as refused:
            unfit.add(*names, refused.findings)
    unfit.check(changes)
    return changes


def _named(section: Section, base: Base) -> Section:
    """Return the section under the names the base knows: `a/x` may be a prefix and a name, or just a name."""
    if section.as_written is None or section.old_path is None:
        return section
    old, new = section.as_written
    if old == new and old != section.old_path and base.mode(old) is not None:
        # The same letter on both sides is a folder of that name, not git's two prefixes.
        return replace(section, old_path=old, new_path=None if section.new_path is None else new)
    if base.mode(section.old_path) is not None:
        return _kept_name(section)
    cut = _mnemonic(old, new)
    for here, there in (cut, (_without_backup(section.old_path), section.new_path)):
        if here is not None and here != section.old_path and base.mode(here) is not None:
            same = here if section.old_path == section.new_path else there
            return _kept_name(replace(section, old_path=here, new_path=None if section.new_path is None else same))
    if _makes(section):
        return replace(section, old_path=None)
    return section


def _kept_name(section: Section) -> Section:
    """Return a section under its old name where the new one only says that it is new; raises Refused for another."""
    old, new = section.old_path, section.new_path
    if section.renames or section.copy or old is None or new is None or old == new:
        return section
    if new.removeprefix(old) in _NEW:
        return replace(section, new_path=old)
    message = f"--- names {old!r} and +++ names {new!r}"
    hint = "Write one name on both lines; to give a file another name, write rename from and rename to."
    raise refuse("patch.name-mismatch", message, hint, path=new)


def _mnemonic(old: str, new: str) -> tuple[str | None, str | None]:
    """Return the names without git's other prefixes (`i/`, `w/`, `c/`, `o/`) or those of other tools."""
    (one, _, here), (other, _, there) = old.partition("/"), new.partition("/")
    return (here, there) if (one, other) in _PREFIXES else (None, None)


def _without_backup(path: str) -> str | None:
    """Return the name of the file that `x.orig` was kept of."""
    cut = path.removesuffix(".orig").removesuffix(".bak").removesuffix(".old").removesuffix("~")
    return cut if cut != path else None


def _makes(section: Section) -> bool:
    """Return whether a section about a missing file can only mean to make it: it adds, and names no place."""
    if section.old_path != section.new_path or section.copy:
        return False
    if section.content is not None:
        return True
    return bool(section.hunks) and all(not hunk.old and hunk.from_nothing for hunk in section.hunks)


def _merged(sections: list[Section]) -> list[Section]:
    """Return one section for each pair of names, with the hunks of all; whole contents must agree."""
    found: dict[tuple[str | None, str | None, bool], Section] = {}
    for section in sections:
        key = (section.old_path, section.new_path, section.copy)
        known = found.get(key)
        if known is None:
            found[key] = replace(section, hunks=list(section.hunks))
            continue
        same = known.content == section.content and known.explicit_delete == section.explicit_delete
        if not same or (section.content is not None and section.hunks):
            raise _contradiction(section.new_path or section.old_path or "")
        if None not in {known.mode, section.mode} and known.mode != section.mode:
            raise _contradiction(section.new_path or section.old_path or "")
        known.mode = section.mode if known.mode is None else known.mode
        if section.old_path is None and section.content is None:
            if [hunk.lines for hunk in known.hunks] != [hunk.lines for hunk in section.hunks]:
                raise _contradiction(section.new_path or "")
            continue
        known.hunks += section.hunks
    return list(found.values())


def _check_names(sections: list[Section]) -> None:
    names = Counter(
        name
        for section in sections
        for name in dict.fromkeys((None if section.copy else section.old_path, section.new_path))
        if name is not None
    )
    for name, count in names.items():
        if count > 1:
            raise _contradiction(name)


def _contradiction(path: str) -> Refused:
    return refuse("patch.contradiction", f"{path!r} is changed in two ways at once", "Change it once.", path=path)


def _change(section: Section, base: Base, answer: str, placements: list[Placed]) -> FileChange:
    path = section.new_path or section.old_path or ""
    for name in (section.old_path, section.new_path):
        check_length(name or "")
    if section.old_path is None:
        check_free(path, base)
        return FileChange(None, path, None, FileVersion(_created(section, path), section.mode or MODE_FILE))
    old = base.read(section.old_path)
    if old is None:
        if section.content is not None and section.old_path == section.new_path and base.mode(path) is None:
            return FileChange(None, path, None, FileVersion(_created(section, path), section.mode or MODE_FILE))
        hint = "Name a file that is there; to make one, write --- /dev/null."
        what = section.old_path
        raise refuse("patch.file-missing", f"there is no file {what!r}", hint, path=what)
    if section.new_path not in {None, section.old_path}:
        check_free(path, base)
    if section.new_path is None:
        _check_deleted(section, old, path, answer)
        return FileChange(section.old_path, None, old, None)
    new = FileVersion(_content(section, old, answer, placements), section.mode or old.mode)
    return FileChange(None, path, None, new) if section.copy else FileChange(section.old_path, path, old, new)


def _created(section: Section, path: str) -> bytes:
    if section.content is not None:
        check_written(section.content.split("\n"), path)
        return encode(section.content)
    check_written((text for hunk in section.hunks for _, text in hunk.lines), path)
    signed = [(sign, text) for hunk in section.hunks for sign, text in hunk.lines]
    if any(sign == "-" or (sign == " " and text) for sign, text in signed):
        message = f"{path!r} is new, so no line of it can stay or go"
        raise refuse("patch.file-missing", message, "Add lines only, or name a file that is there.", path=path)
    _check_whole(section, path)
    lines: list[str] = []
    for hunk in section.hunks:
        crs = hunk.crs or frozenset()
        # What is no `+` is an empty line whose sign got lost.
        lines += [text + ("\r\n" if at in crs else "\n") for at, (_, text) in enumerate(hunk.lines)]
    text = "".join(lines)
    unterminated = bool(section.hunks) and section.hunks[-1].new_unterminated
    return encode(text.removesuffix("\n") if unterminated else text)


def _check_whole(section: Section, path: str) -> None:
    if any(hunk.cut for hunk in section.hunks):
        message = f"the answer ends in the midst of {path!r}: its header counts more lines"
        hint = "It was cut off: ask again for a shorter change, or raise max_tokens."
        raise refuse("patch.truncated", message, hint, path=path)


def _content(section: Section, old: FileVersion, answer: str, placements: list[Placed]) -> bytes:
    path = section.old_path or ""
    if section.content is None and not section.hunks:
        return old.content
    file = FileText.of(old.content, answer)
    if section.content is not None:
        return whole_content(section.content, file, path)
    if file.bom and any(text.startswith(BOM) for hunk in section.hunks for sign, text in hunk.lines if sign != "+"):
        file = file.with_mark_in_line()
    lines, placed = fitted(section.hunks, file, path)
    placements += placed
    return file.content(lines, path)


def _check_deleted(section: Section, old: FileVersion, path: str, answer: str) -> None:
    """Refuse a deletion that does not show the whole file going, where its format has no word for deleting."""
    if section.explicit_delete:
        return
    left = bool(old.content)
    if section.hunks:
        lines, _ = fitted(section.hunks, FileText.of(old.content, answer), path)
        left = bool(lines)
    if left:
        message = f"the deletion of {path!r} does not take all of its lines away"
        raise refuse("patch.delete-mismatch", message, "Show every line of the file as removed.", path=path)
