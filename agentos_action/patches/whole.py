"""Whole texts that stand for files: as the file writes its lines, and only if they are whole."""

from __future__ import annotations

from collections.abc import Iterable

from agentos_action.patches.elision import is_dots, is_elision, may_elide
from agentos_action.patches.numbered import bare_lines
from agentos_action.patches.refusal import refuse
from agentos_action.patches.sections import Section
from agentos_action.patches.text import FileText
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, FileVersion


def whole_content(content: str, file: FileText, path: str) -> bytes:
    """Return a whole text as the file's bytes: with its line ends, its encoding, its last newline or the lack of it."""
    new = content.split("\n")
    if new[-1] == "":
        new.pop()
    new = _unnumbered(new, file, path)
    lines = [line + file.usual_end for line in new]
    if lines and not file.terminated:
        lines[-1] = new[-1]
    return file.content(lines, path)


def _unnumbered(new: list[str], file: FileText, path: str) -> list[str]:
    """Return a whole text without numbers copied from a prompt, where the file knows the lines better so.

    Raises Refused (`patch.malformed`) where only most of them carry one.
    """
    bare, most = bare_lines(new)
    had = set(file.bare)
    if not most or sum(line in had for line in bare) <= sum(line in had for line in new):
        return new
    if any(line == given for line, given in zip(bare, new, strict=True) if given.strip()):
        message = f"most lines of {path!r} carry a line number, and some do not"
        raise refuse("patch.malformed", message, "Write the lines without numbers.", path=path)
    return bare


def check_is_whole(section: Section, base: Base) -> None:
    """Raise Refused (`patch.partial`, `patch.elided`) for a text that may be only a part of the file it stands for."""
    old = base.read(section.old_path or "")
    if old is None or section.content is None:
        return
    had = [line.strip() for line in old.content.decode("utf-8", "replace").split("\n") if line.strip()]
    new = [line.strip() for line in section.content.split("\n") if line.strip()]
    has = set(new)
    dots = next((line for line in has if is_dots(line) and line not in had), None)
    if dots is not None and len(has) < len(set(had)):
        message = f"{dots!r} stands in place of real lines of {section.new_path!r}"
        raise refuse("patch.elided", message, "Write every line out.", path=section.new_path)
    if _reads_as_hunk(section.content) and not _reads_as_hunk(old.content.decode("utf-8", "replace")):
        message = f"the block under {section.new_path!r} reads as lines of a diff"
        raise refuse(
            "patch.malformed", message, "Say that it is a diff: ```diff, --- and +++ lines.", path=section.new_path
        )
    kept = sum(line in has for line in had) * 2
    ends = bool(had) and (had[0], had[-1]) == (new[0] if new else "", new[-1] if new else "")
    part = kept < len(had) if not section.named else len(has) * 3 < len(had) * 2 and not (ends and kept >= len(had))
    if part:
        path = section.new_path
        message = f"the block under {path!r} lacks many of the file's lines: it may be only a part of it, or none"
        raise refuse("patch.partial", message, "Answer with a diff, or with the whole file.", path=path)


def _reads_as_hunk(text: str) -> bool:
    signs = {line[0] for line in text.split("\n") if line.strip()}
    return signs <= {" ", "+", "-"} and len(signs) > 1 and bool(signs & {"+", "-"})


def check_written(lines: Iterable[str], path: str) -> None:
    """Raise Refused (`patch.elided`) where a new file's text says that lines were left out."""
    text = None if may_elide(path) else next((line for line in lines if is_elision(line)), None)
    if text is not None:
        message = f"{text.strip()[:80]!r} stands in place of real lines of {path!r}"
        raise refuse("patch.elided", message, "Write every line out.", path=path)


def check_beside(shown: Iterable[Section], changed: Iterable[FileChange], base: Base, answer: str) -> None:
    """Raise Refused where the answer also shows a file as a whole, and not as its patch leaves it."""
    after = {change.new_path: change.new for change in changed}
    for section in shown:
        path = section.new_path or ""
        old, new = base.read(path), after.get(path)
        if old is None and new is None and section.named and base.mode(path) is None:
            message = f"the answer shows a new file {path!r} beside its patch, which does not make it"
            raise refuse("patch.mixed", message, "Make the file in the patch too.", path=path)
        if old is None or not _is_most(section, old):
            continue
        if new is None:
            new = old
        if whole_content(section.content or "", FileText.of(old.content, answer), path) not in {
            new.content,
            old.content,
        }:
            message = f"the answer shows {path!r} as a whole otherwise than its patch leaves it"
            raise refuse("patch.contradiction", message, "Answer with one of the two.", path=path)


def _is_most(section: Section, old: FileVersion) -> bool:
    """Return whether a text has most lines of a file, so that it is no part of it that is explained."""
    had = [line.strip() for line in old.content.decode("utf-8", "replace").split("\n") if line.strip()]
    new = [line.strip() for line in (section.content or "").split("\n") if line.strip()]
    has = set(new)
    kept = sum(line in has for line in had)
    # A block that begins and ends as the file does shows all of it.
    ends = bool(had) and (had[0], had[-1]) == (new[0] if new else "", new[-1] if new else "")
    return kept * 5 >= len(had) * 4 or (ends and kept * 2 >= len(had))
