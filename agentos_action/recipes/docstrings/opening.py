"""How a definition's sentence may begin, from its name and its syntax tree."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import ast
from dataclasses import dataclass

from agentos_action.recipes.docstrings.shape import Shape, attributes, parameters, shape, yields_pairs
from agentos_action.recipes.docstrings.source import Definition
from agentos_action.recipes.docstrings.words import (
    ASKING,
    HALF_VERBS,
    MODIFIERS,
    STOPPERS,
    VERBS,
    article,
    is_plural,
    words,
)

_ACTIONS = (
    "add call change check close create delete increase open print raise remove run save send set show start stop "
    "store update wait write"
).split()
_VALUES = ("Return the ", "Return a ", "Return an ")
_DETERMINERS = ("the", "a", "an", "all", "each", "every", "one", "two")
_FREE = frozenset("wait sleep go listen turn convert walk snap zip yield raise report try".split())
_WAITS = frozenset("wait sleep listen".split())
_CHECKS = frozenset("check verify validate ensure assert".split())
_COPULAS = {"is": ("is", "are"), "are": ("are", "are"), "was": ("was", "were"), "has": ("has", "have")}
_SAME = {"can": "can", "should": "should", "must": "must"}
_FEW = 3
_BARE = 2  # `n` and `xs` stay bare, `text` becomes `the text`
_ERRORS = ("Error", "Exception", "Warning")


@dataclass(frozen=True, slots=True)
class Opening:
    """The allowed first words, each with its trailing space; `enough`: the sentence may also end right there."""

    texts: tuple[str, ...]
    enough: bool = False


def first(definition: Definition) -> Opening:  # noqa: PLR0911 - one line a shape reads as a table
    """Return the openings of the first question."""
    node, name = definition.node, words(definition.node.name)
    kind = shape(node, name)
    if kind == "class":
        return _class(definition, name)
    if kind == "yields":
        return Opening(("Yield pairs of ", "Yield each pair of ") if yields_pairs(node) else ("Yield ",))
    if verb := _verb(name, kind):
        return _verb_opening(verb, name)
    if kind == "truth":
        return Opening((_condition(definition, name),))
    if kind == "wraps":
        if name and name[-1].endswith("ed"):
            return Opening((f"Return {article(name[0])} {' '.join(name)} version of the ",))
        return Opening(("Return a function that ",))
    if "to" in name[1:-1]:
        return Opening(("Convert ",))
    if kind == "acts":
        return Opening(tuple(f"{each.capitalize()} " for each in _ACTIONS))
    return Opening(_VALUES)


def second(definition: Definition) -> Opening | None:
    """Return openings that say the name itself, for when the first answer left its words out."""
    node, name = definition.node, words(definition.node.name)
    kind = shape(node, name)
    if kind in {"class", "yields", "wraps"} or not name:
        return None
    if verb := _verb(name, kind):
        said = " ".join(_object(name[name.index(verb) + 1 :]))
        return Opening((f"{verb.capitalize()} the {said} ",), enough=True) if said else None
    if kind == "truth":
        start, rest = _condition(definition, name), name[1:]
        if start.endswith(" the ") or not rest or name[0] in ASKING:
            return None
        return Opening((f"{start}{_predicate(rest)} ",), enough=True)
    return _noun_again(definition, name) if kind == "returns" else None


def _predicate(rest: list[str]) -> str:
    """Return `empty`, `in range`, `a valid email`: an article only before what looks like a singular noun phrase."""
    said = " ".join(rest)
    bare = len(rest) == 1 or rest[0] in STOPPERS | {"not", "up", "fully", "already", "too"}
    return said if bare or is_plural(rest[-1]) or rest[-1].endswith(("ed", "able")) else f"{article(said)} {said}"


def _noun_again(definition: Definition, name: list[str]) -> Opening | None:
    if "to" in name[1:-1]:
        cut = name.index("to", 1)
        return Opening((f"Convert {' '.join(name[:cut])} to {' '.join(name[cut + 1 :])} ",), enough=True)
    if name[0] == "to" and len(name) > 1:
        return Opening((f"Convert {_subject(definition)} to {' '.join(name[1:])} ",), enough=True)
    said = name[1:] if name[0] == "get" else name
    if len(said) == 1 and name[0] != "get" and definition.owner is None:
        return None  # a single noun is as often a synonym (`dot`, `tail`) as the best word
    return Opening((f"Return the {' '.join(said)} ",)) if said else None


def _verb_opening(verb: str, name: list[str]) -> Opening:
    said = verb.capitalize()
    if verb in _WAITS and len(name) > 1 and name[1] in STOPPERS:
        return Opening((f"{said} {name[1]} the ",))
    if verb in _FREE or "to" in name[1:]:
        return Opening((f"{said} ",))
    if verb in _CHECKS:
        return Opening((f"{said} if the ", f"{said} that the ", f"{said} the "))
    return Opening(tuple(f"{said} {each} " for each in _DETERMINERS))


def _verb(name: list[str], kind: Shape) -> str | None:
    if len(name) > 1 and name[0] in MODIFIERS and name[1] in VERBS | {"get"}:
        return name[1]
    if not name or name[0] not in VERBS:
        return None
    if name[0] in HALF_VERBS and kind == "returns" and (len(name) == 1 or name[1] == "of"):
        return None
    return name[0]


def _object(rest: list[str]) -> list[str]:
    for count, word in enumerate(rest):
        if word in STOPPERS:
            return rest[:count]
    return rest


def _class(definition: Definition, name: list[str]) -> Opening:
    said = " ".join(name) or "class"
    node = definition.node
    if isinstance(node, ast.ClassDef) and node.name.endswith(_ERRORS):
        return Opening(("Signal that ",))
    if isinstance(node, ast.ClassDef) and 0 < len(held := attributes(node)) <= _FEW:
        phrases = [" ".join(words(each)) for each in held]
        listed = " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)
        return Opening((f"Represent {article(said)} {said} with its {listed} ",), enough=True)
    return Opening((f"Represent {article(said)} {said} ",), enough=True)


def _condition(definition: Definition, name: list[str]) -> str:
    """Return `Return True if the text is `: the subject is the first parameter, or the class of a method."""
    prefix = name[0] if name else ""
    if prefix in ASKING and (definition.owner is not None or len(name) > 1):
        subject = _subject(definition, own=len(name) == 1 or not parameters(definition.node))
        return f"Return True if {subject} {prefix.removesuffix('s') if is_plural(subject) else prefix} "
    if prefix in {"all", "any"} and len(name) > 1 and parameters(definition.node):
        return f"Return True if {prefix} of {_subject(definition)} are "
    if prefix not in _COPULAS and prefix not in _SAME:
        return "Return True if the "
    subject = _subject(definition)
    if subject == "the":
        return "Return True if the "
    plural = is_plural(subject) or " and " in subject
    verb = _SAME.get(prefix) or _COPULAS[prefix][plural]
    return f"Return True if {subject} {verb} "


def _subject(definition: Definition, *, own: bool = False) -> str:
    """Return what the function is about: `n`, `the text`, `first and second`, `the queue`; `the` when unknown."""
    names = parameters(definition.node)
    if definition.owner is not None and (own or not names):
        return f"the {' '.join(words(definition.owner.name))}"
    if len(names) > 1 and definition.node.name.startswith("are"):
        return f"{_noun(names[0])} and {_noun(names[1])}"
    return _noun(names[0]) if names else "the"


def _noun(parameter: str) -> str:
    said = " ".join(words(parameter))
    return f"the {said}" if len(parameter) > _BARE and said else parameter
