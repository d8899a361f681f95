"""Rule `protected`: places that steer git, CI, hooks or agents are closed unless a pattern names them on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from agentos_action.records.policy import Policy
from agentos_action.records.verdict import Finding
from agentos_action.verifier.globs import allows, forbids, literal_part
from agentos_action.verifier.names import folded
from agentos_action.verifier.places import MANIFESTS, PROTECTED, Place
from agentos_action.verifier.subject import Subject, every_name

_STEERS = "steers git, CI, hooks, agents or editors"
_INSTALLS = "says what is installed, and protect_manifests is true"


def protected(subject: Subject) -> Iterator[Finding]:
    """Yield a finding for every protected name that policy, and the task's lists, do not open on purpose."""
    yield from _closed(subject, PROTECTED, "protected.place", _STEERS)
    if subject.policy.protect_manifests:
        yield from _closed(subject, MANIFESTS, "protected.manifest", _INSTALLS)


def _closed(subject: Subject, places: tuple[Place, ...], code: str, said: str) -> Iterator[Finding]:
    for name in every_name(subject):
        place = _place(places, name)
        if place is None:
            continue
        opened = _opens((*subject.policy.allowed_paths, *subject.exceptions), name, place)
        narrower = (given for given in (subject.task_allowed, subject.task_within) if given)
        if opened and all(_opens(given, name, place) for given in narrower):
            continue
        yield Finding(
            id=code,
            path=name.encode("utf-8", "replace").decode(),
            message=f"{name!r} {said}, and is closed under wide patterns",
            hint=f"If a model may really change it, {_way(subject, name)}.",
        )


def _way(subject: Subject, name: str) -> str:
    """Return how a name is opened; a first list of allowed paths without `**` would close all others."""
    if subject.policy.allowed_paths == Policy().allowed_paths:
        return f"write allowed_paths = ['**', {name!r}] in agentos.toml"
    return f"list it in allowed_paths as {name!r}"


def _place(places: tuple[Place, ...], name: str) -> str | None:
    """Return the place a name lies in (the name itself where a single file is protected), None if it is open.

    Every spelling that some file system takes for a protected name is one.
    """
    spelled = folded(name)
    words, beginnings, endings = _marks(places)
    parts = spelled.lower().split("/")
    if not any(part in words or part.startswith(beginnings) or part.endswith(endings) for part in parts):
        # Most names: no part of them is the first of any pattern, so no pattern has to be compiled.
        return None
    for patterns, folder in places:
        if forbids(patterns, spelled):
            return folder if folder is not None else name
    return None


@lru_cache(maxsize=4)
def _marks(places: tuple[Place, ...]) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]:
    """Return the first part of every pattern: whole ones, how those with a wildcard begin, or how they end."""
    firsts = {
        pattern.removeprefix("/").removeprefix("**/").partition("/")[0].lower()
        for patterns, _ in places
        for pattern in patterns
    }
    wild = {part: literal_part(part) for part in firsts if literal_part(part) != part}
    # A pattern that begins with its wildcard (`*.gemspec`) says with its end what it is about.
    endings = tuple(part.rpartition("*")[2] for part, begins in wild.items() if not begins)
    return frozenset(firsts - wild.keys()), tuple(filter(None, wild.values())), endings


def _opens(patterns: Iterable[str], name: str, place: str) -> bool:
    return any(allows((pattern,), name) and _inside(literal_part(pattern), place) for pattern in patterns)


def _inside(literal: str, place: str) -> bool:
    # A place inside any folder (`tools/.claude/`) is named by a pattern that spells the folder out.
    return literal.startswith(place) or f"/{place}" in literal
