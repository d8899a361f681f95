"""How a definition's sentence may begin, from its name and its syntax tree."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from agentos_action.recipes.docstrings.inflect import article, indefinite, phrase
from agentos_action.recipes.docstrings.shape import attributes, parameters
from agentos_action.recipes.docstrings.source import Definition
from agentos_action.recipes.docstrings.words import VERBS, words

#: What follows an opening: a noun phrase (of few words: things), prepositional parts, a noun and parts, a clause.
Then: TypeAlias = Literal["phrase", "things", "tail", "noun", "value", "clause", "word", "others", "one", "nothing"]

_ACTIONS = (
    "add call change check close create delete increase open print raise remove run save send set show start stop "
    "store update wait write"
).split()
_NAMED = (ast.Attribute, ast.Name)
_FEW = 3
_BARE = 2  # `n` and `xs` stay bare, `text` becomes `the text`
_ERRORS = ("Error", "Exception", "Warning")


@dataclass(frozen=True, slots=True)
class Opening:
    """The allowed first words, what may follow them, the fixed words before the full stop, the parameters told."""

    texts: tuple[str, ...]
    then: Then = "phrase"
    ends: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def shorter(opening: Opening) -> Opening:
    """Return the opening for a second question: with nothing after it where it can stand alone, else one word."""
    alone = opening.then in {"tail", "noun", "value", "others", "nothing"}
    return replace(opening, then="nothing" if alone else "one")


def of_class(definition: Definition) -> Opening:
    """Return the opening for a class: what it represents, with its attributes when they are few."""
    node, name = definition.node, words(definition.node.name)
    said = phrase(name) or "class"
    if node.name.endswith(_ERRORS):
        return Opening(("Signal that ",), "clause")
    if isinstance(node, ast.ClassDef) and 0 < len(held := attributes(node)) <= _FEW:
        phrases = [phrase(words(each)) for each in held]
        listed = " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
        return Opening((f"Represent {article(said)} {said} with its {listed}",), "nothing")
    return Opening((f"Represent {article(said)} {said}",), "tail")


def of_action(definition: Definition) -> Opening:
    """Return the openings for an action whose name is no verb: what it calls, if that is one."""
    called = [each.func for each in ast.walk(definition.node) if isinstance(each, ast.Call)]
    names = [each.attr if isinstance(each, ast.Attribute) else each.id for each in called if isinstance(each, _NAMED)]
    verbs = [each for each in dict.fromkeys(names) if each in VERBS] or _ACTIONS
    return Opening(tuple(f"{each.capitalize()} " for each in verbs))


def of_wrapper(name: list[str]) -> Opening:
    """Return the opening for a decorator."""
    if name and name[-1].endswith("ed"):
        return Opening((f"Return {article(name[0])} {phrase(name)} version of the function",), "nothing")
    return Opening((f"Return {article(name[0])} {phrase(name)} function" if name else "Return a function",), "tail")


def conversion(definition: Definition, name: list[str]) -> Opening:
    """Return the opening for `a_to_b` and `to_b`: a side of one letter is left to the model or to a parameter."""
    cut = name.index("to")
    source, target = name[:cut], name[cut + 1 :]
    wholes = [" ".join(words(each)) for each in parameters(definition.node)]
    if len(source) == 1 and len(source[0]) == 1:
        source = next((each.split() for each in wholes if each.startswith(source[0])), source)
    texts = (phrase(source),) if source else (subject(definition),)
    if len(target) == 1 and len(target[0]) == 1:
        return Opening(tuple(f"Convert {each} to " for each in texts), "word")
    end = phrase(target) if source else indefinite(target)
    return Opening(tuple(f"Convert {each} to {end}" for each in texts), "nothing")


def subject(definition: Definition, *, own: bool = False) -> str:
    """Return what the function is about: `n`, `the text`, `first and second`, `the queue`; `the` when unknown."""
    names = parameters(definition.node)
    if definition.owner is not None and (own or not names):
        return f"the {phrase(words(definition.owner.name))}"
    if len(names) > 1 and definition.node.name.startswith("are"):
        return f"{noun(names[0])} and {noun(names[1])}"
    return noun(names[0]) if names else "the"


def noun(parameter: str) -> str:
    """Return a parameter as a noun: `n`, `xs`, `the text`."""
    said = phrase(words(parameter))
    return f"the {said}" if len(parameter) > _BARE and said else parameter
