"""The words a definition bears out: those of its names, and those for what its syntax tree does."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from agentos_action.recipes.docstrings.inflect import display, forms
from agentos_action.recipes.docstrings.shape import parameters
from agentos_action.recipes.docstrings.source import Definition, Node
from agentos_action.recipes.docstrings.words import GLUE, is_wordly, words

# What a called function, a method or an attribute of this name lets a sentence say.
_CALLS = {
    "sum": "sum total", "max": "maximum largest highest", "min": "minimum smallest lowest", "len": "length number",
    "sorted": "sorted order", "sort": "sorted order", "reversed": "reversed reverse order", "abs": "absolute",
    "lower": "lowercase", "upper": "uppercase", "title": "title case", "split": "parts words", "splitlines": "lines",
    "join": "string", "open": "file", "read_text": "file text", "write_text": "file text", "read": "contents",
    "write": "file", "enumerate": "index number", "zip": "pairs", "round": "rounded", "sqrt": "square root",
    "strip": "whitespace", "count": "number count", "replace": "replaced", "isdigit": "digits", "isalpha": "letters",
    "isalnum": "letters digits", "unlink": "file", "mkdir": "directory", "makedirs": "directory", "choice": "random",
    "rmdir": "directory", "rmtree": "directory", "iterdir": "files directory", "glob": "files", "getsize": "file",
    "exists": "existing file", "is_file": "files file", "is_dir": "directories", "stat": "file", "group": "match",
    "shuffle": "random order", "sample": "random", "randint": "random", "set": "unique set", "dict": "dictionary",
    "Counter": "number counts dictionary", "defaultdict": "dictionary", "list": "list", "tuple": "tuple",
    "str": "string", "int": "integer", "float": "number", "input": "user", "print": "screen", "sleep": "seconds",
    "run": "command output", "urlopen": "page", "append": "list end", "pop": "last", "popleft": "first",
    "startswith": "start", "endswith": "end", "days": "days", "hexdigest": "hash", "wraps": "function",
    "get": "value key", "items": "keys values", "keys": "keys", "values": "values", "findall": "matches",
    "isupper": "uppercase", "islower": "lowercase", "ord": "letters", "chr": "letters", "prod": "product",
    "monotonic": "time seconds", "perf_counter": "time seconds", "time": "seconds", "getmtime": "file",
    "hypot": "distance", "encode": "bytes", "decode": "text", "any": "any", "all": "all", "commonprefix": "prefix",
}  # fmt: skip
# What a node of the syntax tree of this kind lets a sentence say.
_NODES = {
    "Dict": "dictionary key keys value values", "DictComp": "dictionary key keys value values", "Set": "set",
    "SetComp": "set unique", "List": "list", "ListComp": "list", "Tuple": "pair", "JoinedStr": "string",
    "Mod": "remainder", "Div": "divided ratio", "FloorDiv": "divided", "Mult": "product multiplied",
    "Pow": "power squared", "Add": "sum", "Sub": "difference", "Lt": "less", "LtE": "most less", "Gt": "greater more",
    "GtE": "greater least", "Eq": "equal same", "NotEq": "different", "Raise": "error", "Yield": "each",
    "With": "", "For": "each", "comprehension": "each",
}  # fmt: skip
_ARITHMETIC = (ast.Mod, ast.Div, ast.FloorDiv, ast.Mult, ast.Pow, ast.Sub)
_STRINGS = frozenset(
    "lower upper strip lstrip rstrip split rsplit splitlines join startswith endswith replace title isdigit isalpha "
    "isalnum isspace encode format rjust ljust zfill partition rpartition capitalize removeprefix removesuffix".split()
)
_PATHS = frozenset("path file filename filepath destination".split())
_GENERAL = "item items element elements value values".split()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The content words a true sentence may use: `words` where it says what, the fewer `things` in what follows."""

    words: frozenset[str]
    things: frozenset[str]


def vocabulary(definition: Definition) -> Vocabulary:
    """Return the words that the definition bears out, plurals and singulars included."""
    node = definition.node
    taken = [word for each in parameters(node) for word in words(each)]
    if definition.owner is not None:
        taken += words(definition.owner.name)
    general = set() if parameters(node) else set(_GENERAL)
    things = {form for each in taken for form in forms(each)} | set(parameters(node)) | general
    if not any(len(each) > 1 for each in parameters(node)):
        things.update(_kinds(node))
    if _PATHS & set(parameters(node)):
        things.add("file")
    named = {form for each in _named(definition) for form in forms(each)} | set(_GENERAL)
    for fact in _facts(node):
        named.update(fact.split())
    if len(parameters(node)) == len("ab"):
        named.update({"two", "both"})
    return Vocabulary(_sayable(things | named, node), _sayable(things, node))


def letters(definition: Definition) -> frozenset[str]:
    """Return the letters beyond ASCII that a sentence may have: those of the definition's names, in either case."""
    names = {definition.owner.name} if definition.owner is not None else set()
    for each in ast.walk(definition.node):
        names.update(str(getattr(each, field)) for field in ("name", "arg", "id", "attr") if hasattr(each, field))
    said = "".join(names)
    both = said + said.lower() + said.upper() + said.title()
    return frozenset(each for each in both if not each.isascii() and is_wordly(each))


def _sayable(said: set[str], node: Node) -> frozenset[str]:
    taken = parameters(node)
    plain = {each for each in said if (each not in GLUE or each in taken) and is_wordly(each)}
    return frozenset(display(each) for each in plain if len(each) > 1 or each in taken)


def _named(definition: Definition) -> Iterator[str]:
    """List the words of the definition's own name and of all names it uses."""
    yield from words(definition.node.name)
    for each in ast.walk(definition.node):
        if isinstance(each, ast.Attribute):
            yield from words(each.attr)
        elif isinstance(each, ast.Name):
            yield from words(each.id)


def _kinds(node: Node) -> Iterator[str]:
    """Name the kinds of things that the body works on: texts, files, lists."""
    for each in ast.walk(node):
        called = each.attr if isinstance(each, ast.Attribute) else each.id if isinstance(each, ast.Name) else ""
        if called in _STRINGS and isinstance(each, ast.Attribute):
            yield from ("text", "string")
        if called in {"open", "unlink", "read_text", "write_text", "getsize", "stat"}:
            yield "file"
        if isinstance(each, ast.For | ast.comprehension) and isinstance(each.iter, ast.Name):
            yield "list"
        if isinstance(each, ast.Dict | ast.DictComp) or called in {"dict", "defaultdict", "Counter"}:
            yield "dictionary"
    if _PATHS & set(parameters(node)):
        yield "file"


def _facts(node: Node) -> Iterator[str]:
    """Say in words what the body calls, builds and computes."""
    texts = numbers = False
    yield from _kinds(node)
    for each in ast.walk(node):
        name = type(each).__name__
        yield _NODES.get(name, "")
        if isinstance(each, ast.Name | ast.Attribute):
            called = each.id if isinstance(each, ast.Name) else each.attr
            yield _CALLS.get(called, "")
            texts = texts or (isinstance(each, ast.Attribute) and called in _STRINGS)
        numbers = numbers or isinstance(each, _ARITHMETIC)
        if isinstance(each, ast.Slice):
            yield "part"
            if isinstance(each.step, ast.UnaryOp):
                yield "reversed reverse"
    if texts:
        yield "word words character characters"
    if numbers:
        yield "number numbers"
