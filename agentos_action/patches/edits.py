"""Structured edits applied to base contents: every old text must be found exactly once, else as lines on the ladder."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from agentos_action.patches.built import Changes, Unfit
from agentos_action.patches.compare import Comparer
from agentos_action.patches.elision import is_elision
from agentos_action.patches.formats.structured import Create, Delete, Edits, InsertAfter, Rename, Replace
from agentos_action.patches.names import check_free, check_length
from agentos_action.patches.places.fit import fitted
from agentos_action.patches.refusal import Refused, refuse
from agentos_action.patches.sections import Hunk
from agentos_action.patches.text import FileText, encoded, encoding_of, line_end, with_line_end
from agentos_action.patches.whole import check_written
from agentos_action.records.base import Base
from agentos_action.records.patch import FileChange, FileVersion, Placed

_WORD = re.compile(r"[^\W_]")
_TextEdit: TypeAlias = Replace | InsertAfter


def apply(answer: Edits, base: Base) -> Changes:
    """Return the changes of all edits; raises Refused with what does not fit the base."""
    by_path: dict[str, list[Replace | InsertAfter | Create | Delete | Rename]] = defaultdict(list)
    for edit in dict.fromkeys(answer.edits):
        by_path[edit.path].append(edit)
    changes = Changes()
    comparer = Comparer()
    unfit = Unfit()
    for path, edits in by_path.items():
        target = next((edit.to for edit in edits if isinstance(edit, Rename)), path)
        names = (
            path if not isinstance(edits[0], Create) else None,
            target if not isinstance(edits[0], Delete) else None,
        )
        if unfit.enough:
            unfit.add(*names)
            continue
        try:
            changes.files.append(_change(path, edits, base, comparer, changes.placements))
        except Refused as refused:
            unfit.add(*names, refused.findings)
    unfit.check(changes)
    targets = Counter(change.new_path for change in changes.files if change.new_path is not None)
    for path, count in targets.items():
        if count > 1:
            raise refuse("patch.contradiction", f"two edits both make {path!r}", "Make it once.", path=path)
    return changes


def _change(
    path: str,
    edits: list[Replace | InsertAfter | Create | Delete | Rename],
    base: Base,
    comparer: Comparer,
    placements: list[Placed],
) -> FileChange:
    first = edits[0]
    for name in (path, *(edit.to for edit in edits if isinstance(edit, Rename))):
        check_length(name)
    if isinstance(first, Create):
        _alone(edits, path)
        check_free(path, base)
        check_written(first.content.split("\n"), path)
        return FileChange(None, path, None, FileVersion(_as_utf8(first.content)))
    old = base.read(path)
    if old is None:
        raise refuse("patch.file-missing", f"there is no file {path!r}", "Name a file that is there.", path=path)
    if isinstance(first, Delete):
        _alone(edits, path)
        return FileChange(path, None, old, None)
    renames = [edit for edit in edits if isinstance(edit, Rename)]
    texts = [edit for edit in edits if isinstance(edit, Replace | InsertAfter)]
    if len(renames) > 1 or len(renames) + len(texts) != len(edits):
        raise refuse("patch.contradiction", f"{path!r} is changed in two ways at once", "Change it once.", path=path)
    target = renames[0].to if renames else path
    if renames:
        check_free(target, base)
    try:
        content, placed = _replaced(old.content, texts, path)
    except Refused as refused:
        if any(finding.id != "patch.context-not-found" for finding in refused.findings):
            raise
        content, placed = _by_lines(old.content, texts, path, comparer)
    placements += placed
    return FileChange(path, target, old, FileVersion(content, old.mode))


def _by_lines(content: bytes, edits: Sequence[_TextEdit], path: str, comparer: Comparer) -> tuple[bytes, list[Placed]]:
    """Return the file with the edits put in as whole lines, as hunks of a diff are."""
    hunks = []
    for edit in edits:
        old = _lines(edit.old if isinstance(edit, Replace) else edit.after)
        new = _lines(edit.new) if isinstance(edit, Replace) else [*old, *_lines(edit.new)]
        hunks.append(Hunk(comparer.signed(old, new)))
    file = FileText.of(content, "".join(edit.new for edit in edits))
    lines, placed = fitted(hunks, file, path)
    return file.content(lines, path), placed


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _alone(edits: list[Replace | InsertAfter | Create | Delete | Rename], path: str) -> None:
    if len(edits) > 1:
        raise refuse("patch.contradiction", f"{path!r} is changed in two ways at once", "Change it once.", path=path)


def _as_utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _replaced(content: bytes, edits: Sequence[_TextEdit], path: str) -> tuple[bytes, list[Placed]]:
    encoding = encoding_of(content, "".join(edit.new for edit in edits))
    text = content.decode(encoding, "surrogateescape")
    end = line_end(text)
    spans = []
    placed = []
    for number, edit in enumerate(edits, 1):
        wanted = edit.old if isinstance(edit, Replace) else edit.after
        start, stop = _find(text, wanted, end, path)
        if isinstance(edit, Replace):
            _check_words(text, start, stop, path)
        _check_whole(edit.new, text, path)
        placed.append(Placed(path, number, text.count("\n", 0, start) + 1, "exact"))
        new = with_line_end(_as_utf8(edit.new).decode(), end)
        if isinstance(edit, InsertAfter):
            start = stop = _next_line(text, stop)
            new = new if new.endswith("\n") else new + end
            new = new if start == 0 or text[start - 1] == "\n" else end + new.removesuffix(end)
        spans.append((start, stop, new))
    result = []
    at = 0
    for start, stop, new in sorted(spans, key=lambda span: span[:2]):
        if start < at:
            raise refuse("patch.overlap", f"two edits change the same text of {path!r}", "Join them.", path=path)
        result += [text[at:start], new]
        at = stop
    return encoded("".join([*result, text[at:]]), encoding, path), placed


def _find(text: str, wanted: str, end: str, path: str) -> tuple[int, int]:
    for form in dict.fromkeys((wanted, with_line_end(wanted, end))):
        start = text.find(form)
        if start < 0:
            continue
        if text.find(form, start + 1) >= 0:
            message = f"the text {form.strip()[:60]!r} stands more than once in {path!r}"
            raise refuse("patch.ambiguous", message, "Take more lines around it.", path=path)
        return start, start + len(form)
    message = f"the text {wanted.strip()[:60]!r} is not in {path!r}"
    raise refuse("patch.context-not-found", message, "Copy the file's text exactly.", path=path)


def _check_words(text: str, start: int, stop: int, path: str) -> None:
    """Refuse an old text that begins or ends within a word of the file: it was meant for another place."""
    for at in (start, stop):
        if 0 < at < len(text) and _WORD.match(text[at - 1]) and _WORD.match(text[at]):
            message = f"the text {text[start:stop].strip()[:60]!r} stands in {path!r} only as a part of a word"
            raise refuse("patch.context-not-found", message, "Take whole lines.", path=path)


def _check_whole(new: str, text: str, path: str) -> None:
    elided = next((line for line in new.split("\n") if is_elision(line) and line.strip() not in text), None)
    if elided is not None:
        message = f"{elided.strip()[:80]!r} stands in place of real lines of {path!r}"
        raise refuse("patch.elided", message, "Write every line out.", path=path)


def _next_line(text: str, position: int) -> int:
    if position and text[position - 1] == "\n":
        return position
    newline = text.find("\n", position)
    return len(text) if newline < 0 else newline + 1
