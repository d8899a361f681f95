"""Files that come, go, get another name or are empty, as a diff and in the other formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from benchmarks.patches.corpus import Case, Edit
from benchmarks.patches.draft import begin
from benchmarks.patches.trial import Trial, holds_diff

Answer = Callable[[Edit], str | None]
EMPTY = "e69de29"
SOME = "1234567"
SMALL = 20_000


def _create(edit: Edit) -> str:
    head = f"new file mode 100644\nindex 0000000..{SOME}\n--- /dev/null\n+++ b/{edit.path}\n"
    return _git(edit) + head + _body(edit.new or "", "+")


def _create_plain(edit: Edit) -> str:
    return f"--- /dev/null\n+++ b/{edit.path}\n" + _body(edit.new or "", "+")


def _create_empty(edit: Edit) -> str:
    return f"{_git(edit)}new file mode 100644\nindex 0000000..{EMPTY}\n"


def _delete(edit: Edit) -> str:
    head = f"deleted file mode 100644\nindex {SOME}..0000000\n--- a/{edit.path}\n+++ /dev/null\n"
    return _git(edit) + head + _body(edit.old or "", "-")


def _delete_plain(edit: Edit) -> str:
    return f"--- a/{edit.path}\n+++ /dev/null\n" + _body(edit.old or "", "-")


def _delete_empty(edit: Edit) -> str:
    return f"{_git(edit)}deleted file mode 100644\nindex {EMPTY}..0000000\n"


def _rename(edit: Edit) -> str:
    return f"{_git(edit)}similarity index 100%\nrename from {edit.old_path}\nrename to {edit.path}\n"


def _rename_edited(edit: Edit) -> str:
    draft = begin(Case("", {}, (edit,)))
    head = f"{_git(edit)}similarity index 90%\nrename from {edit.old_path}\nrename to {edit.path}\n"
    return f"{head}index {SOME}..{EMPTY} 100644\n" + replace(draft, git_line=False).text()


def _codex_create(edit: Edit) -> str | None:
    lines = "".join(f"+{line}\n" for line in (edit.new or "").split("\n")[:-1])
    return _lined(edit.new, f"*** Begin Patch\n*** Add File: {edit.path}\n{lines}*** End Patch\n")


def _codex_delete(edit: Edit) -> str:
    return f"*** Begin Patch\n*** Delete File: {edit.path}\n*** End Patch\n"


def _block_create(edit: Edit) -> str | None:
    block = f"<<<<<<< SEARCH\n=======\n{edit.new}>>>>>>> REPLACE\n"
    return _lined(edit.new, f"{edit.path}\n```\n{block}```\n")


def _whole_create(edit: Edit) -> str | None:
    return _lined(edit.new, f"{edit.path}\n````\n{edit.new}````\n")


def _json_create(edit: Edit) -> str:
    return json.dumps({"edits": [{"op": "create", "path": edit.path, "content": edit.new}]})


def _json_delete(edit: Edit) -> str:
    return json.dumps({"edits": [{"op": "delete", "path": edit.path}]})


def _json_rename(edit: Edit) -> str:
    return json.dumps({"edits": [{"op": "rename", "path": edit.old_path, "to": edit.path}]})


CREATIONS: dict[str, Answer] = {
    "create": _create,
    "create-plain": _create_plain,
    "codex-create": _codex_create,
    "search-replace-create": _block_create,
    "whole-file-create": _whole_create,
    "json-create": _json_create,
}
DELETIONS: dict[str, Answer] = {
    "delete": _delete,
    "delete-plain": _delete_plain,
    "codex-delete": _codex_delete,
    "json-delete": _json_delete,
}
RENAMES: dict[str, Answer] = {"rename": _rename, "json-rename": _json_rename}
EMPTIES: dict[str, Answer] = {"create-empty": _create_empty, "delete-empty": _delete_empty}
KINDS = (*CREATIONS, *DELETIONS, *RENAMES, "rename-edited", *EMPTIES)


def trials(kind: str, cases: list[Case], rng: Random) -> Iterator[Trial]:
    """Yield a trial of one operation for every case that it fits."""
    for case in cases:
        edit = case.edits[0]
        if len(edit.old or "") > SMALL:
            continue
        edit, answer = _made(kind, edit, rng)
        # Whether an answer that has CR LF in its new file means it is not ours to say.
        text = None if kind in CREATIONS and "\r" in (edit.new or "") else answer(edit)
        if text is not None:
            base = {path: old for path, old in case.base.items() if path != case.edits[0].path}
            own = base if edit.old is None else base | {edit.old_path: edit.old}
            changed = Case(case.id, own, (edit,))
            yield Trial(kind, changed, text, changed.expected(), is_diff=holds_diff(text))


def _made(kind: str, edit: Edit, rng: Random) -> tuple[Edit, Answer]:
    if kind in CREATIONS:
        return replace(edit, old=None), CREATIONS[kind]
    if kind in DELETIONS:
        return replace(edit, new=None), DELETIONS[kind]
    folder, slash, name = edit.path.rpartition("/")
    other = rng.choice((f"{folder}{slash}new_{name}", f"moved/{name}"))
    if kind in RENAMES:
        return replace(edit, path=other, new=edit.old), RENAMES[kind]
    if kind == "rename-edited":
        return replace(edit, path=other), _rename_edited
    sides = (None, "") if kind == "create-empty" else ("", None)
    return replace(edit, old=sides[0], new=sides[1]), EMPTIES[kind]


def _git(edit: Edit) -> str:
    return f"diff --git a/{edit.old_path} b/{edit.path}\n"


def _body(text: str, sign: str) -> str:
    lines = text.split("\n")
    ended = not lines[-1]
    count = len(lines) - ended
    ranges = f"-0,0 +1,{count}" if sign == "+" else f"-1,{count} +0,0"
    marked = "".join(f"{sign}{line}\n" for line in lines[:count])
    return f"@@ {ranges} @@\n{marked}" + ("" if ended else "\\ No newline at end of file\n")


def _lined(text: str | None, answer: str) -> str | None:
    """Return the answer when a text can stand in it line by line, holding nobody's marks."""
    own = text or ""
    marks = ("\n<<<<<<<", "\n=======", "\n>>>>>>>", "````", "\n***", "\r", "\n```")
    return answer if own.endswith("\n") and not any(mark in f"\n{own}" for mark in marks) else None
