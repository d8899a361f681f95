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
#: A class in pathspec's regex, behind any sign that is escaped; to git none matches a `/`.
_CLASS = re.compile(r"(\\.)|(?!\[\^/\])(\[\^?\]?[^\]]*\])", re.DOTALL)
#: How pathspec's regex ends: behind a file or a folder, behind a folder, behind the folder that `/**` is below.
_TAIL = re.compile(r"(?:\(\?:\(\?P<ps_d>/\)\|\$\)|\(\?P<ps_d>/\)|/)\Z")
#: To git no more than two stars.
_MANY = re.compile(r"\*{3,}")
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

    spec = pathspec.GitIgnoreSpec.from_lines(_MANY.sub("**", _spelled(pattern)) for pattern in patterns)
    quick = [*spec.patterns]
    for pattern in quick:
        if pattern.regex is not None:
            within = _CLASS.sub(lambda found: found[1] or rf"(?!\x2f){found[2]}", pattern.regex.pattern)
            in_parts = _STAR.sub(r"(?>[^/]*?\1)", within)
            # A name may hold a line's end.
            pattern.regex = re.compile(_first_only(in_parts, _FOLDERS, "(?=/)"), re.DOTALL)
    return pathspec.GitIgnoreSpec(quick)


def forbids(patterns: Iterable[str], path: str) -> bool:
    """Return whether the forbidden side (gitignore's meaning; case and accents in any spelling) matches the path."""
    told = tuple(patterns)
    if not told:
        return False
    name = _spelled(path)
    if not any(pattern.startswith("!") for pattern in told):
        return bool(_ignore(told).match_file(name))
    # git looks at folders first: below one that is excluded nothing is taken in again, and below one that is, not all.
    entries = (name[: at + 1] for at, char in enumerate(f"{name}/") if char == "/")
    rules = _own(told)
    return any(next((excludes for regex, excludes in rules if regex.search(entry)), False) for entry in entries)


@lru_cache(maxsize=64)
def _own(patterns: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], bool], ...]:
    """Return the patterns, the last first, as what matches a file or a folder itself, and whether it excludes."""
    read = [(rule.regex.pattern, bool(rule.include)) for rule in _ignore(patterns).patterns if rule.regex is not None]
    return tuple((re.compile(_TAIL.sub(_its_own, regex), re.DOTALL), excludes) for regex, excludes in reversed(read))


def _its_own(tail: re.Match[str]) -> str:
    return {"/": "/."}.get(tail[0], rf"/{'?' if '$' in tail[0] else ''}\Z")


def _spelled(text: str) -> str:
    # Canonical forms only: a compatible one would make a wildcard of a full-width star in somebody's file name.
    return (
        text.lower() if text.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    )


def literal_part(pattern: str) -> str:
    """Return what stands before the pattern's first wildcard."""
    found = _WILD.search(pattern)
    return pattern[: found.start()] if found else pattern
