"""How the sentence of a yes-or-no answer begins."""

from __future__ import annotations

from agentos_action.recipes.docstrings.inflect import article, is_plural, phrase
from agentos_action.recipes.docstrings.opening import Opening, noun, subject
from agentos_action.recipes.docstrings.shape import parameters
from agentos_action.recipes.docstrings.source import Definition
from agentos_action.recipes.docstrings.words import ASKING, STOPPERS

_COPULAS = {"is": ("is", "are"), "are": ("are", "are"), "was": ("was", "were"), "has": ("has", "have")}
_SAME = {"can": "can", "should": "should", "must": "must"}
_NO_ARTICLE = STOPPERS | {"not", "up", "fully", "already", "too", "all", "any", "no"}


def of_truth(definition: Definition, name: list[str]) -> Opening:
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
    about = subject(definition)
    if len(name) > 1 and prefix not in {*_COPULAS, *_SAME, *ASKING} and name[-1] not in STOPPERS:
        verb = "are" if is_plural(name[-1]) else "is"
        return Opening((f"Return True if the {phrase(name)} {verb} ",), "predicate")
    if (prefix not in _COPULAS and prefix not in _SAME) or not rest or about == "the":
        return Opening(("Return True if ",), "clause")
    verb = _SAME.get(prefix) or _COPULAS[prefix][is_plural(about) or " and " in about]
    start = f"Return True if {about} {verb}"
    if rest[-1] in STOPPERS:
        return Opening((f"{start} {phrase(rest)} ",))
    more = len(parameters(definition.node)) > 1 and not about.count(" and ")
    return Opening(tuple(f"{start} {each}" for each in _predicates(prefix, rest)), "tail" if more else "nothing")


def _predicates(prefix: str, rest: list[str]) -> tuple[str, ...]:
    """Return `in range`, `empty` or `a digit`: an article only before what may be a singular noun phrase."""
    said = phrase(rest)
    bare = prefix in _SAME or rest[0] in _NO_ARTICLE or is_plural(rest[-1]) or rest[-1].endswith(("ed", "able", "ly"))
    if bare:
        return (said,)
    with_article = f"{article(said)} {said}"
    return (said, with_article) if len(rest) == 1 else (with_article,)
