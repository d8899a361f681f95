"""The same edits in the other formats: search and replace blocks, the codex envelope, whole files, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePosixPath
from random import Random

from benchmarks.patches.corpus import Edit
from benchmarks.patches.draft import Draft, is_unique
from benchmarks.patches.hunks import Hunk

LANGUAGES = {".py": "python", ".md": "markdown", ".js": "javascript", ".yml": "yaml", ".toml": "toml", ".html": "html"}
MARKS = ("<<<<<<<", "=======", ">>>>>>>", "***", "```", "~~~", "@@")
Form = Callable[[Draft, Random], str | None]


def search_replace(draft: Draft, rng: Random) -> str | None:
    """Write name, fence, SEARCH and REPLACE, a block for each hunk."""
    if not _is_plain(draft):
        return None
    inside = rng.random() < 1 / 3
    return "\n".join(
        _block(edit, hunk, inside=inside)
        for edit, hunks in zip(draft.case.edits, draft.hunks, strict=True)
        for hunk in hunks
    )


def _block(edit: Edit, hunk: Hunk, *, inside: bool) -> str:
    body = f"<<<<<<< SEARCH\n{_joined(hunk, ' -')}=======\n{_joined(hunk, ' +')}>>>>>>> REPLACE\n"
    name = f"{edit.path}\n"
    return f"```{_language(edit)}\n{name}{body}```\n" if inside else f"{name}```{_language(edit)}\n{body}```\n"


def search_replace_bare(draft: Draft, rng: Random) -> str | None:
    """Write the same without fences, the name once above a file's blocks."""
    del rng
    if not _is_plain(draft):
        return None
    parts = []
    for edit, hunks in zip(draft.case.edits, draft.hunks, strict=True):
        blocks = (
            f"<<<<<<< SEARCH\n{_joined(hunk, ' -')}=======\n{_joined(hunk, ' +')}>>>>>>> REPLACE\n" for hunk in hunks
        )
        parts.append(f"{edit.path}\n{''.join(blocks)}")
    return "\n".join(parts)


def codex(draft: Draft, rng: Random) -> str | None:
    """Write the envelope `*** Begin Patch`, hunks under a bare `@@`."""
    del rng
    if not _is_plain(draft):
        return None
    parts = ["*** Begin Patch\n"]
    for edit, hunks in zip(draft.case.edits, draft.hunks, strict=True):
        parts.append(f"*** Update File: {edit.path}\n")
        parts += ["@@\n" + "".join(f"{line.sign}{line.text}\n" for line in hunk.lines) for hunk in hunks]
    return "".join([*parts, "*** End Patch\n"])


def structured(draft: Draft, rng: Random) -> str | None:
    """Write JSON edits with exact old texts."""
    if not _is_plain(draft) or not _is_exact(draft):
        return None
    edits = [
        {"op": "replace", "path": edit.path, "old": _joined(hunk, " -"), "new": _joined(hunk, " +")}
        for edit, hunks in zip(draft.case.edits, draft.hunks, strict=True)
        for hunk in hunks
    ]
    return _json({"edits": edits}, rng)


def whole_file(draft: Draft, rng: Random) -> str | None:
    """Write every file in full under its name, in a fence longer than any in it."""
    texts = [edit.new or "" for edit in draft.case.edits]
    if any("\r" in text or not text.endswith("\n") or "````" in text for text in texts):
        return None
    title = rng.choice(("{}\n", "`{}`:\n\n", "### {}\n\n", "**{}**\n\n"))
    return "\n".join(f"{title.format(edit.path)}````{_language(edit)}\n{edit.new}````\n" for edit in draft.case.edits)


def _json(value: object, rng: Random) -> str:
    text = json.dumps(value, indent=rng.choice((None, 2)), ensure_ascii=rng.random() < 1 / 2)
    return f"```json\n{text}\n```\n" if rng.random() < 1 / 2 else text


def _joined(hunk: Hunk, signs: str) -> str:
    return "".join(line.text + "\n" for line in hunk.lines if line.sign in signs)


def _language(edit: Edit) -> str:
    return LANGUAGES.get(PurePosixPath(edit.path).suffix, "")


def _is_plain(draft: Draft) -> bool:
    """Say whether every hunk is findable without numbers, ends in a line feed and holds nobody's marks."""
    for edit, hunks in zip(draft.case.edits, draft.hunks, strict=True):
        for hunk in hunks:
            lines = [line for line in hunk.lines if not line.ended or line.text.startswith(MARKS) or "\r" in line.text]
            if lines or not hunk.olds() or not is_unique(hunk, edit):
                return False
    return True


def _is_exact(draft: Draft) -> bool:
    pairs = zip(draft.case.edits, draft.hunks, strict=True)
    return all((edit.old or "").count(_joined(hunk, " -")) == 1 for edit, hunks in pairs for hunk in hunks)


FORMS: dict[str, Form] = {
    "search-replace": search_replace,
    "search-replace-bare": search_replace_bare,
    "codex": codex,
    "json": structured,
    "whole-file": whole_file,
}
#: The formats whose old lines may be damaged as a diff's.
LENIENT = ("search-replace", "search-replace-bare", "codex")
