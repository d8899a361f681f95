"""Choose the opening: the name says it where it can, the syntax tree where it must."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

from agentos_action.recipes.docstrings.condition import of_truth
from agentos_action.recipes.docstrings.inflect import describes, determined, is_plural, phrase, plural
from agentos_action.recipes.docstrings.opening import (
    Opening,
    Then,
    conversion,
    noun,
    of_action,
    of_class,
    of_wrapper,
    subject,
)
from agentos_action.recipes.docstrings.result import Result, result
from agentos_action.recipes.docstrings.shape import Shape, parameters, shape, yields_pairs
from agentos_action.recipes.docstrings.source import Definition
from agentos_action.recipes.docstrings.words import HALF_VERBS, MODIFIERS, STOPPERS, VERBS, words

_CHECKS = frozenset("check verify validate assert".split())
_WAITS = frozenset("wait sleep listen".split())
_GETTERS = frozenset("get iter iterate generate list fetch yield find read walk produce compute calculate".split())
_SILENT = frozenset("get compute calculate".split())
_METHODS = frozenset("sort search pad".split())
_WAYS = frozenset("left right up down".split())
_FUNCTIONS = frozenset("f fn func function callback method".split())
_COUNTED = frozenset("count number length size total sum".split())
_MAPS = frozenset("dictionary map mapping table index lookup counter histogram".split())
_STATES = ("true", "done", "ready", "reached", "empty", "available", "running")
_OPPOSITES = ({"minimum", "maximum"}, {"first", "last"}, {"even", "odd"}, {"left", "right"})
_JOINING = frozenset("zip merge combine join interleave swap compare add multiply concatenate intersect mix".split())
# `start_index` starts nothing, `sample_mean` samples nothing.
_NOUN_VERBS = frozenset("sample filter record start stop list page call test process track group queue match".split())
_MEASURES = frozenset(
    "count size length index mean total rate time ratio number position sum average score variance width cost".split()
)
_SERIES = ("numbers", "values", "items")
_LISTS = frozenset("list matrix rows table path sequence series permutation combination sublist slice".split())
_INTRANSITIVE = frozenset("connect wait sleep go listen subscribe report walk try handle turn".split())
# First parameters that are often not what the verb is done to.
_BESIDE = frozenset("pattern path file filename key predicate func function regex separator name size".split())
_FILES = frozenset("path file filename filepath".split())
_DETERMINERS = ("the ", "a ", "an ", "all ", "each ", "every ", "")


def opening(definition: Definition) -> Opening:  # noqa: PLR0911 - one line a shape reads as a table
    """Return how the sentence about a definition begins."""
    node, name = definition.node, words(definition.node.name)
    kind = shape(node, name)
    if kind == "class":
        return of_class(definition)
    if kind == "wraps":
        return _wrapper(definition, name)
    if kind == "truth" and _verb(name, kind) is None:
        return of_truth(definition, name)
    if "to" in name[:-1] and kind != "yields" and (name[0] not in VERBS or name[0] == "convert"):
        return conversion(definition, name[1:] if name[0] == "convert" else name)
    if kind == "yields":
        return _generator(definition, name)
    if verb := _verb(name, kind):
        return _action(definition, verb, name)
    return of_action(definition) if kind == "acts" else _value(definition, name)


def _wrapper(definition: Definition, name: list[str]) -> Opening:
    verb, taken = _verb(name, "wraps"), parameters(definition.node)
    if verb is None or (name and name[-1].endswith("ed")):
        return of_wrapper(name)
    if taken and taken[0] in _FUNCTIONS:
        return _action(definition, verb, name)
    return Opening((f"Return a decorator that {plural(verb)} the function",), "nothing")


def _verb(name: list[str], kind: Shape) -> str | None:
    if len(name) > 1 and name[0] in MODIFIERS and name[1] in VERBS | {"get"}:
        return name[1]
    if len(name) > 1 and name[-1] in _METHODS:
        return name[-1]
    if not name or (name[0] not in VERBS and not name[0].endswith(("ify", "ize"))) or name[0] in _SILENT:
        return None
    if kind == "returns" and name[0] in _NOUN_VERBS and name[-1] in _MEASURES:
        return None
    if name[0] in HALF_VERBS and kind == "returns" and (len(name) == 1 or name[1] == "of"):
        return None
    return name[0]


def _action(definition: Definition, verb: str, name: list[str]) -> Opening:  # noqa: PLR0911 - a table of cases
    said, rest = verb.capitalize(), name[name.index(verb) + 1 :]
    if name[-1] in _METHODS and len(name) > 1:
        with_what = plural(name[-2]) if name[-1] == "pad" else phrase(name)
        return _on_parameter(definition, said, (f" with {with_what}",))
    cut = next((count for count, word in enumerate(rest) if word in STOPPERS | _WAYS), len(rest))
    if verb == "get":
        return Opening(("Get the ",))
    what, how = rest[:cut], rest[cut:]
    if verb in _CHECKS and not how:
        return _check(definition, said, what)
    if not what:
        if verb in _WAITS and how:
            if how[0] in {"until", "while"}:
                about = subject(definition)
                return Opening(tuple(f"{said} {how[0]} {about} is {each}" for each in _STATES), "nothing")
            return Opening((f"{said} {how[0]} ",), "things")
        return _on_parameter(definition, said, _ends(how))
    texts = tuple(f"{said} {each}" for each in determined(what))
    if verb == "ensure":
        return Opening(
            (f"{said} that {texts[0].partition(' ')[2]} {'exist' if is_plural(what[-1]) else 'exists'}",), "nothing"
        )
    if describes(what[-1]):
        return Opening(tuple(f"{each} " for each in texts), "phrase")
    if how and (ends := _ends(how)):
        return Opening(tuple(f"{each}{end}" for each in texts for end in ends), "tail")
    short = all(len(each) == 1 for each in parameters(definition.node))
    return Opening(texts, "value" if short and definition.owner is None else "tail")


def _on_parameter(definition: Definition, said: str, ends: tuple[str, ...]) -> Opening:
    """Return `Sort the items`: the object of a bare verb is most often the first parameter, else the model says it."""
    names = [each for each in parameters(definition.node) if each not in STOPPERS]
    if not names and definition.owner is not None:
        return Opening((f"{said} {subject(definition, own=True)}",), "nothing", ends)
    if not names or said.lower() in _INTRANSITIVE:
        return Opening(tuple(f"{said} {each}" for each in _DETERMINERS), "phrase", ends)
    if said.lower() in _JOINING and len(names) == len("ab"):
        return Opening((f"{said} {noun(names[0])} and {noun(names[1])}",), "nothing", ends)
    chosen = names[: 2 if names[0] in _BESIDE else 1]
    texts = [f"{said} {noun(each)}" for each in chosen if not describes(each)]
    if names[0] in _FILES:
        texts.append(f"{said} the file")
    if not texts:
        return Opening((f"{said} {noun(names[0])} ",), "phrase", ends)
    more = len(names) > len(chosen)
    then: Then = "tail" if definition.owner is not None else "others" if more and not ends else "nothing"
    told = names[: len(chosen)]
    if len("".join(names[: len("ab")])) == len("ab"):
        told += [each for each in names if len(each) > 1]  # `a` is divided by `b`, not by `default`
    return Opening(tuple(texts), then, ends, tuple(told))


def _check(definition: Definition, said: str, what: list[str]) -> Opening:
    if len(what) == 1 and describes(what[0]):
        about = subject(definition)
        return Opening((f"{said} that {about} {'are' if is_plural(about) else 'is'} {what[0]}",), "nothing")
    if not what:
        return Opening((f"{said} that ",), "clause")
    return Opening(tuple(f"{said} {each}" for each in determined(what)), "tail")


def _ends(how: list[str]) -> tuple[str, ...]:
    """Return the name's own ending, `by_length` or `if_exists`, as the sentence's."""
    if len(how) <= 1:
        return (f" {how[0]}",) if how and how[0] in _WAYS else ()
    if how[0] in {"if", "unless", "when"}:
        return (f" {how[0]} it exists",) if how[1] in {"exists", "exist"} else ()
    if how[0] in {"and", "or"}:
        return (f" {phrase(how)}",)
    if how[0] == "by":
        return (f" {phrase(how)}",)
    return tuple(f" {how[0]} {each}" for each in determined(how[1:]))


def _generator(definition: Definition, name: list[str]) -> Opening:
    verb = _verb(name, "yields")
    if verb and verb not in _GETTERS:
        return _action(definition, verb, name)
    said = name[1:] if verb or (name and name[0] == "iter") else name
    if said and describes(said[-1]) and not yields_pairs(definition.node):
        return Opening((f"Yield the {phrase(said)} ",), "things")
    if not said or said[0] in STOPPERS or describes(said[-1]):
        pairs = ("Yield pairs of ", "Yield each pair of ")
        return Opening(pairs if yields_pairs(definition.node) else ("Yield ",))
    if is_plural(said[-1]):
        return Opening((f"Yield the {phrase(said)}",), "value")
    return Opening(tuple(f"Yield the {phrase(said)} {each}" for each in _SERIES), "value")


def _value(definition: Definition, name: list[str]) -> Opening:  # noqa: PLR0911 - a table of cases
    said = name[1:] if len(name) > 1 and name[0] in _SILENT else name
    kind = result(definition.node)
    if not said or said[0] in STOPPERS:
        return _without_noun(said, kind)
    if len(said) > 1 and said[-1] in {"by", "of", "between", "in", "for", "from", "with", "at", "on", "without"}:
        return Opening((f"Return the {_counted(said[:-1], kind)}{phrase(said)} ",), "things")
    if "without" in said or "with" in said:
        return Opening((f"Return the {phrase(said)}",), "value")
    if set(said) in _OPPOSITES:
        return Opening((f"Return the {said[0]} and the {said[1]}",), "value")
    if describes(said[-1]):
        return Opening((f"Return the {phrase(said)} ",))
    noun = next((said[count - 1] for count, word in enumerate(said) if word in STOPPERS), said[-1])
    if kind == "dictionary" and not _MAPS & set(said):
        return Opening((f"Return a dictionary of {phrase([*said[:-1], plural(said[-1])])}",), "value")
    if kind == "list" and not is_plural(noun) and noun == said[-1] and not _LISTS & set(said) and len(said) > 1:
        return Opening((f"Return the list of {phrase([*said[:-1], plural(noun)])}",), "value")
    return Opening((f"Return the {_counted(said, kind)}{phrase(said)}",), "noun" if len(said) == 1 else "value")


def _counted(said: list[str], kind: Result) -> str:
    return "number of " if kind == "number" and is_plural(said[-1]) and not _COUNTED & set(said) else ""


def _without_noun(said: list[str], kind: Result) -> Opening:
    if len(said) > 1 and said[0] in {"without", "with"}:
        return Opening(("Return the ",), "phrase", (f" {phrase(said)}",))
    if len(said) > 1 and said[0] in {"from", "as"}:
        return Opening(("Return the ",), "phrase", tuple(f" {said[0]} {each}" for each in determined(said[1:])))
    start = {"list": "Return a list of ", "dictionary": "Return a dictionary of ", "number": "Return the number of "}
    return Opening((start.get(kind, "Return the "),))
