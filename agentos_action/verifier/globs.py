"""Globs of the two sides: the allowed side anchored with `**`, the forbidden side as gitignore, folded for case."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pathspec

#: Parts that `**` does not match (wcmatch overlooks a line's end behind them).
_DOTS = frozenset({".", "..", ".\n", "..\n"})
_WILD = re.compile(r"[*?\[]")
#: How wcmatch, and pathspec, write `**` between other parts of a pattern, and pathspec a star in front of another.
_ACROSS = re.compile(r"(\(\?:\(\?!\(\?:\[/\]\|\^\)\(\?:\\\.\{1,2\}\)\(\?:\$\|\[/\]\)\)\.\)\*\?)")
_FOLDERS = re.compile(r"(\(\?:\.\+/\)\?|\(\?:/\.\+\)\?)")
_STAR = re.compile(r"\[\^/\]\*((?:\[\^/\](?![*+])|(?!\[\^/\])[^/])*)(?=\[\^/\]\*)")
_LAZY = {"(?:.+/)?": "(?:.+?/)??", "(?:/.+)?": "(?:/.+?)??"}


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    from wcmatch import glob  # noqa: PLC0415 - most policies say `**`, which needs no help

    # `*` stays within a folder, `**` crosses; a leading dot is nothing special; case counts; no braces, no negation.
    flags = glob.GLOBSTAR | glob.DOTGLOB | glob.CASE | glob.FORCEUNIX
    # Without a limit: wcmatch's own (1,000) is against brace expansion, which is off.
    included, _ = glob.translate(list(patterns), flags=flags, limit=0)
    quick = (_first_only(part, _ACROSS) for part in included)
    return re.compile("|".join(f"(?:{part})" for part in quick)) if included else None


def _first_only(regex: str, stars: re.Pattern[str], end: str = "") -> str:
    """Return a pattern that looks no further where what stands behind a star, but the last one, was found once.

    If what follows does not match behind the first place it does not behind a later one; without this, the time grows
    with the power of the stars, and who writes a task can make a run hang.
    """
    head, *parts = stars.split(regex)
    before = zip(parts[:-2:2], parts[1:-2:2], strict=True)
    return "".join((head, *(f"(?>{_LAZY.get(star, star)}{part}{end})" for star, part in before), *parts[-2:]))


def allows(patterns: Iterable[str], path: str) -> bool:
    """Return whether an allowed-side pattern matches the whole path."""
    known = tuple(patterns)
    if "**" in known and _DOTS.isdisjoint(path.split("/")):
        return True
    compiled = _compiled(known)
    return compiled is not None and compiled.fullmatch(path) is not None


@lru_cache(maxsize=64)
def _ignore(patterns: tuple[str, ...]) -> pathspec.GitIgnoreSpec:
    import pathspec  # noqa: PLC0415 - most names meet no forbidden pattern, and a hook pays for its import

    spec = pathspec.GitIgnoreSpec.from_lines(_spelled(pattern) for pattern in patterns)
    quick = [*spec.patterns]
    for pattern in quick:
        if pattern.regex is not None and str(pattern.pattern).count("*") > 1:
            in_parts = _STAR.sub(r"(?>[^/]*?\1)", pattern.regex.pattern)
            pattern.regex = re.compile(_first_only(in_parts, _FOLDERS, "(?=/)"))
    return pathspec.GitIgnoreSpec(quick)


def forbids(patterns: Iterable[str], path: str) -> bool:
    """Return whether the forbidden side (gitignore's meaning; case and accents in any spelling) matches the path."""
    told = tuple(patterns)
    if not told:
        return False
    spec, name = _ignore(told), _spelled(path)
    if any(pattern.startswith("!") for pattern in told):
        # git looks at folders first: below one that is excluded nothing is taken in again.
        ends = (at for at, char in enumerate(name) if char == "/")
        if any(spec.match_file(name[: at + 1]) for at in ends):
            return True
    return bool(spec.match_file(name))


def _spelled(text: str) -> str:
    # Canonical forms only: a compatible one would make a wildcard of a full-width star in somebody's file name.
    return (
        text.lower() if text.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    )


def literal_part(pattern: str) -> str:
    """Return what stands before the pattern's first wildcard."""
    found = _WILD.search(pattern)
    return pattern[: found.start()] if found else pattern
