"""More answers that must be refused: operations on the wrong files, and the other formats' failures."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

from benchmarks.patches import formats, operations
from benchmarks.patches.corpus import Case, Edit
from benchmarks.patches.draft import begin
from benchmarks.patches.negatives import STRANGE

ELISIONS = ("# ... rest of the file unchanged ...", "// ... existing code ...", "...", "[rest of file stays the same]")


def create_existing(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Create a file where there is one with other content."""
    edit = replace(case.edits[0], old=None)
    answer = rng.choice(sorted(operations.CREATIONS))
    if answer == "whole-file-create":
        return None
    text = operations.CREATIONS[answer](edit)
    return (case, text) if text else None


def delete_mismatch(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Show another content in a deletion than the file has."""
    edit = case.edits[0]
    lines = (edit.old or "").split("\n")
    if len(lines) < 4:  # noqa: PLR2004 - something is left that is right
        return None
    lines[rng.randrange(len(lines) - 1)] = STRANGE.format(rng.random())
    wrong = replace(edit, old="\n".join(lines), new=None)
    return case, operations.DELETIONS[rng.choice(("delete", "delete-plain"))](wrong) or ""


def delete_missing(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Delete a file that is not there."""
    edit = replace(case.edits[0], new=None, old_path=f"gone/{STRANGE[:3]}.txt", path=f"gone/{STRANGE[:3]}.txt")
    text = operations.DELETIONS[rng.choice(sorted(operations.DELETIONS))](edit)
    return (case, text) if text else None


def rename_onto(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Give a file the name of another one."""
    own = {edit.path for edit in case.edits}
    others = sorted(set(case.base) - own)
    if not others:
        return None
    edit = replace(case.edits[0], path=rng.choice(others))
    return case, operations.RENAMES[rng.choice(sorted(operations.RENAMES))](edit) or ""


def search_absent(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Search for a text that is not in the file."""
    old = "".join(f"{STRANGE.format(rng.random())}\n" for _ in range(3))
    return case, _in_form(case.edits[0], old, "something new\n", rng)


def search_twice(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Search for a text that stands in two places of the file."""
    lines = (case.edits[0].old or "").split("\n")
    twice = [line for line in lines if len(line.strip()) > 3 and lines.count(line) == 2]  # noqa: PLR2004 - see the name
    text = "\n".join(lines)
    twice = [line for line in twice if text.count(line) == 2 and not line.startswith(formats.MARKS)]  # noqa: PLR2004
    if not twice or "\r" in text:
        return None
    return case, _in_form(case.edits[0], f"{rng.choice(twice)}\n", "something new\n", rng)


def elided_whole(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Write a whole file whose middle is only spoken of."""
    edit = case.edits[0]
    lines = (edit.new or "").split("\n")
    if len(lines) < 30 or "\r" in lines[0]:  # noqa: PLR2004 - long enough that somebody would
        return None
    short = "\n".join([*lines[:8], rng.choice(ELISIONS), *lines[-6:]])
    return case, f"{edit.path}\n````\n{short.removesuffix(chr(10))}\n````\n"


def cut_envelope(case: Case, rng: Random) -> tuple[Case, str] | None:
    """Break a codex envelope, a block or JSON off before its end."""
    form = rng.choice(("codex", "search-replace-bare", "json"))
    text = formats.FORMS[form](begin(case), rng)
    ends = {"codex": "*** End Patch", "search-replace-bare": ">>>>>>> REPLACE", "json": '"}'}
    stop = text.rfind(ends[form]) if text else -1
    if text is None or stop < 0:
        return None
    return case, text[: stop - rng.randint(4, 12)]


def _in_form(edit: Edit, old: str, new: str, rng: Random) -> str:
    if rng.random() < 1 / 4:
        return json.dumps({"edits": [{"op": "replace", "path": edit.path, "old": old, "new": new}]})
    return f"{edit.path}\n```\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n```\n"
