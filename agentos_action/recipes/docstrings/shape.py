"""What the syntax tree says about a definition before any model is asked."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal, TypeAlias

from agentos_action.recipes.docstrings.source import Node

Shape: TypeAlias = Literal["class", "truth", "yields", "wraps", "returns", "acts"]

TRUTH_PREFIXES = frozenset(
    "is has can are should was does contains starts ends exists matches allows supports needs must will".split()
)
_TRUTH_CALLS = frozenset("all any isinstance issubclass hasattr callable bool".split())
_TRUTH_METHODS = frozenset(
    "startswith endswith exists is_file is_dir isfile isdir isdigit isalpha isalnum islower isupper isspace issubset "
    "issuperset isdisjoint is_absolute".split()
)


def shape(node: Node, name_words: list[str]) -> Shape:
    """Tell what kind of sentence fits: for a class, a yes-or-no answer, a generator, a wrapper, a value, an action."""
    if isinstance(node, ast.ClassDef):
        return "class"
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in _own(node)):
        return "yields"
    values = returned(node)
    if not values:
        return "acts"
    if _is_inner(node, values):
        return "wraps"
    if all(map(_is_truth, values)) or (name_words and name_words[0] in TRUTH_PREFIXES):
        return "truth"
    return "returns"


def returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """List the values a function returns, without `None`."""
    values = [each.value for each in _own(node) if isinstance(each, ast.Return) and each.value is not None]
    return [each for each in values if not (isinstance(each, ast.Constant) and each.value is None)]


def yields_pairs(node: Node) -> bool:
    """Tell whether a generator yields nothing but two things at a time."""
    if isinstance(node, ast.ClassDef):
        return False
    values = [each.value for each in _own(node) if isinstance(each, ast.Yield)]
    return bool(values) and all(isinstance(each, ast.Tuple) and len(each.elts) == len("ab") for each in values)


def parameters(node: Node) -> list[str]:
    """List the names of a function's parameters without `self`, `cls` and the starred ones."""
    if isinstance(node, ast.ClassDef):
        return []
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [each.arg for each in every if each.arg not in {"self", "cls"}]


def attributes(node: ast.ClassDef) -> list[str]:
    """List the public attributes a class declares: annotated fields, and parameters of its `__init__`."""
    fields = [
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    for each in node.body:
        if isinstance(each, ast.FunctionDef) and each.name == "__init__":
            fields += parameters(each)
    return [each for each in dict.fromkeys(fields) if not each.startswith("_")]


def _own(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Walk a function's body without the functions, lambdas and classes inside it."""
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        each = waiting.pop()
        yield each
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(each))


def _is_inner(node: ast.FunctionDef | ast.AsyncFunctionDef, values: list[ast.expr]) -> bool:
    """Tell whether the function returns a function defined in it, as a decorator does."""
    inner = {each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return all(isinstance(each, ast.Name) and each.id in inner for each in values)


def _is_truth(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return isinstance(value.value, bool)
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.Not)
    if isinstance(value, ast.BoolOp):
        return all(map(_is_truth, value.values))
    if isinstance(value, ast.Call):
        func = value.func
        if isinstance(func, ast.Name):
            return func.id in _TRUTH_CALLS
        return isinstance(func, ast.Attribute) and func.attr in _TRUTH_METHODS
    return isinstance(value, ast.Compare)
