"""Diff sections applied to base contents, exactly: what is not found is refused."""

from __future__ import annotations

from collections import Counter, defaultdict

from agentos_action.patches.formats.unified_diff import Hunk, Section
from agentos_action.patches.locate import index_of, locate
from agentos_action.patches.refusal import refuse
from agentos_action.patches.text import decode, encode, line_end, split_lines
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, FileVersion


def apply(sections: list[Section], base: Base) -> list[FileChange]:
    """Return the changes of all sections; raises Refused for the first that does not fit the base."""
    told: dict[tuple[str | None, str | None], dict[tuple[object, ...], Hunk]] = defaultdict(dict)
    for section in sections:
        known = told[section.old_path, section.new_path]
        for hunk in section.hunks:
            known.setdefault(hunk.key, hunk)
    merged = {pair: Section(*pair, hunks=list(known.values())) for pair, known in told.items()}
    names = Counter(name for pair in merged for name in dict.fromkeys(pair) if name is not None)
    for name, count in names.items():
        if count > 1:
            raise refuse(
                "patch.contradiction", f"{name!r} is changed in two ways at once", "Change it once.", path=name
            )
    return [_change(section, base) for section in merged.values()]


def _change(section: Section, base: Base) -> FileChange:
    path = section.new_path or section.old_path
    if path is None:
        raise refuse("patch.bad-name", "a section goes from /dev/null to /dev/null", "Name the file.")
    if section.old_path is None:
        if base.mode(path) is not None:
            raise refuse(
                "patch.file-exists", f"{path!r} is there already", "Change it instead of creating it.", path=path
            )
        return FileChange(None, path, None, FileVersion(encode(_created(section, path))))
    old = base.read(section.old_path)
    if old is None:
        hint = "Name a file that is there, or create it with --- /dev/null."
        raise refuse("patch.file-missing", f"there is no file {section.old_path!r}", hint, path=section.old_path)
    if section.new_path not in {None, section.old_path} and base.mode(section.new_path or "") is not None:
        raise refuse("patch.file-exists", f"{path!r} is there already", "Choose another name.", path=path)
    text = _patched(decode(old.content), section)
    if section.new_path is None:
        if text:
            message = f"the deletion of {path!r} does not take all of its lines away"
            raise refuse("patch.delete-mismatch", message, "Show every line of the file as removed.", path=path)
        return FileChange(section.old_path, None, old, None)
    return FileChange(section.old_path, section.new_path, old, FileVersion(encode(text), old.mode))


def _created(section: Section, path: str) -> str:
    lines = [text for hunk in section.hunks for sign, text in hunk.lines if sign == "+"]
    if any(sign == "-" or (sign == " " and text) for hunk in section.hunks for sign, text in hunk.lines):
        raise refuse(
            "patch.file-missing", f"{path!r} is new, so no line of it can stay or go", "Add lines only.", path=path
        )
    unterminated = bool(section.hunks) and section.hunks[-1].new_unterminated
    return "\n".join(lines) + ("" if unterminated or not lines else "\n")


def _patched(text: str, section: Section) -> str:
    lines = split_lines(text)
    bare = [line.removesuffix("\n").removesuffix("\r") for line in lines]
    path = section.old_path or ""
    index = index_of(bare)
    placed = sorted(
        ((locate(hunk, bare, index, path, number), hunk) for number, hunk in enumerate(section.hunks, 1)),
        key=lambda pair: pair[0],
    )
    result: list[str] = []
    at = 0
    end = line_end(text)
    for start, hunk in placed:
        if start < at:
            raise refuse("patch.overlap", f"two hunks change the same lines of {path!r}", "Join them.", path=path)
        result += lines[at:start]
        at = start + _emit(hunk, lines, start, end, result)
    result += lines[at:]
    return _terminated(result, lines, placed[-1][1] if placed and at == len(lines) else None, end)


def _emit(hunk: Hunk, lines: list[str], start: int, end: str, result: list[str]) -> int:
    """Append the hunk's new lines to `result` and return how many old lines it covers."""
    taken = 0
    for sign, text in hunk.lines:
        if sign == "+":
            result.append(text + end)
            continue
        if sign == " ":
            result.append(lines[start + taken])
        taken += 1
    return taken


def _terminated(result: list[str], lines: list[str], last: Hunk | None, end: str) -> str:
    """Join the lines; the final newline stays as it was unless the hunk at the file's end plainly changed it."""
    whole = [line if line.endswith("\n") else line + end for line in result]
    had = not lines or lines[-1].endswith("\n")
    wants = had
    if (last is not None and last.new_unterminated != last.old_unterminated) or (last is not None and not lines):
        wants = not last.new_unterminated
    text = "".join(whole)
    return text if wants or not text else text.removesuffix("\n").removesuffix("\r" if end == "\r\n" else "")
