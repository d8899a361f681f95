"""How the sentence of a yes-or-no answer begins."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

from agentos_action.recipes.docstrings.inflect import article, describes, is_plural, phrase
from agentos_action.recipes.docstrings.opening import Opening, noun, subject
from agentos_action.recipes.docstrings.shape import parameters
from agentos_action.recipes.docstrings.source import Definition
from agentos_action.recipes.docstrings.words import ASKING, STOPPERS

_COPULAS = {"is": ("is", "are"), "are": ("are", "are"), "was": ("was", "were"), "has": ("has", "have")}
_RELATIONS = frozenset("between inside within before after above below near outside like than".split())
_EVENTS = {"overlaps": "an overlap", "intersects": "an intersection", "matches": "a match", "exists": "one"}
_SAME = {"can": "can", "should": "should", "must": "must"}
_NO_ARTICLE = STOPPERS | {"not", "up", "fully", "already", "too", "all", "any", "no"}


def of_truth(definition: Definition, name: list[str]) -> Opening:  # noqa: PLR0911 - a table of cases
    """Return `Return True if the text is empty`: the subject is the first parameter, or the class of a method."""
    prefix, rest = (name[0], name[1:]) if name else ("", [])
    if prefix in ASKING and (definition.owner is not None or rest):
        about = subject(definition, own=not rest or not parameters(definition.node))
        verb = prefix.removesuffix("s") if is_plural(about) else prefix
        return Opening((f"Return True if {about} {verb} {f'{phrase(rest)} ' if rest else ''}",))
    if prefix in {"all", "any"} and rest and parameters(definition.node):
        return Opening((f"Return True if {prefix} of {subject(definition)} are {phrase(rest)}",), "tail")
    if prefix in ASKING and len(names := parameters(definition.node)) == len("ab"):
        return Opening((f"Return True if {noun(names[0])} {prefix} {noun(names[1])}",), "nothing")
    if name and name[0] in _EVENTS and not rest:
        return Opening((f"Return True if there is {_EVENTS[name[0]]}",), "nothing")
    about = subject(definition)
    if name and about != "the" and prefix not in {*_COPULAS, *_SAME, *ASKING} and name[-1] not in STOPPERS:
        return _of_noun(about, name)
    if (prefix not in _COPULAS and prefix not in _SAME) or not rest or about == "the":
        return Opening(("Return True if ",), "clause")
    verb = _SAME.get(prefix) or _COPULAS[prefix][is_plural(about) or " and " in about]
    start = f"Return True if {about} {verb}"
    if rest[-1] in STOPPERS | _RELATIONS:
        bare = len(rest) == 1 or describes(rest[0])
        said = phrase(rest) if bare else f"{article(rest[0])} {phrase(rest)}"
        return Opening((f"{start} {said} ",), "things", (), tuple(parameters(definition.node)[:1]))
    told = ("file", *parameters(definition.node)[:1])
    more = len(parameters(definition.node)) > 1 and not about.count(" and ")
    return Opening(
        tuple(f"{start} {each}" for each in _predicates(prefix, rest)), "value" if more else "nothing", (), told
    )


def _of_noun(about: str, name: list[str]) -> Opening:
    """Return the opening for a yes-or-no answer whose name does not ask: `env_flag`, `valid_email`, `balanced`."""
    if name[-1] in {"flag", "status", "mode"}:
        return Opening((f"Return True if the {phrase(name)} is set",), "nothing")
    if len(name) == 1 or describes(name[0]):
        verb = "are" if is_plural(about) else "is"
        return Opening(tuple(f"Return True if {about} {verb} {each}" for each in _predicates("is", name)), "tail")
    return Opening(("Return True if ",), "clause")


def _predicates(prefix: str, rest: list[str]) -> tuple[str, ...]:
    """Return `in range`, `empty` or `a digit`: an article only before what may be a singular noun phrase."""
    said = phrase(rest)
    bare = (
        prefix in _SAME
        or rest[0] in _NO_ARTICLE
        or is_plural(rest[-1])
        or describes(rest[-1])
        or rest[-1].endswith(("ic", "ous", "less"))
    )
    if bare:
        return (said,)
    with_article = f"{article(said)} {said}"
    return (said, with_article) if len(rest) == 1 else (with_article,)
