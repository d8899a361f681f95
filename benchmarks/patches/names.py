"""Damages to file headers: prefixes, timestamps, missing git lines, names that git quotes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from benchmarks.patches.corpus import Case
from benchmarks.patches.draft import Draft


def no_prefix(draft: Draft, rng: Random) -> Draft:
    """Write names without `a/` and `b/`."""
    del rng
    return replace(draft, prefixes=("", ""))


def dot_prefix(draft: Draft, rng: Random) -> Draft:
    """Let names begin with `./`, alone or after `a/` and `b/`."""
    return replace(draft, prefixes=rng.choice((("./", "./"), ("a/./", "b/./"))), git_line=False)


def stamped(draft: Draft, rng: Random) -> Draft:
    """Write a tab and a time behind names, as GNU diff writes them."""
    stamps = "\t2024-03-01 10:00:00.000000000 +0100", "\t2024-03-02 11:30:05.123456789 +0100"
    return replace(draft, stamps=stamps, git_line=rng.random() < 1 / 2)


def no_git_line(draft: Draft, rng: Random) -> Draft:
    """Leave the `diff --git` line out."""
    del rng
    return replace(draft, git_line=False)


def quoted(draft: Draft, rng: Random) -> Draft:
    """Put a letter beyond ASCII into the path and write it in C's quotes, as git does."""
    del rng
    return replace(_renamed(draft, "é"), quote=quote)


def unquoted(draft: Draft, rng: Random) -> Draft:
    """Put a letter beyond ASCII into the path and write it as it is."""
    del rng
    return _renamed(draft, "é")


def with_blank(draft: Draft, rng: Random) -> Draft:
    """Put a blank into the path; git ends such a name with a tab, models do not."""
    return replace(_renamed(draft, " "), stamps=rng.choice((("", ""), (" ", " "))))


def quote(name: str) -> str:
    """Return a name as git quotes it."""
    if name.isascii():
        return name
    body = "".join(chr(byte) if byte < 128 else f"\\{byte:03o}" for byte in name.encode())  # noqa: PLR2004 - ASCII
    return f'"{body}"'


def _renamed(draft: Draft, mark: str) -> Draft:
    names = {edit.path: _marked(edit.path, mark) for edit in draft.case.edits}
    base = {names.get(path, path): text for path, text in draft.case.base.items()}
    edits = tuple(replace(edit, old_path=names[edit.path], path=names[edit.path]) for edit in draft.case.edits)
    return replace(draft, case=Case(draft.case.id, base, edits))


def _marked(path: str, mark: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name[:1]}{mark}{name[1:]}"
