"""What kind of value a function returns, as far as its syntax tree says for certain."""

# ruff: noqa: SIM905 - a table of words reads best as a line of words

from __future__ import annotations

import ast
from typing import Literal, TypeAlias

from agentos_action.recipes.docstrings.shape import returned
from agentos_action.recipes.docstrings.source import Node

Result: TypeAlias = Literal["number", "list", "dictionary", "set", "string", "unknown"]

_NUMBERS = frozenset("len sum abs count days".split())
_KINDS: dict[type[ast.expr], Result] = {
    ast.List: "list", ast.ListComp: "list", ast.Dict: "dictionary", ast.DictComp: "dictionary", ast.Set: "set",
    ast.SetComp: "set", ast.JoinedStr: "string",
}  # fmt: skip
_CALLS: dict[str, Result] = {
    "sorted": "list", "list": "list", "dict": "dictionary", "Counter": "dictionary", "defaultdict": "dictionary",
    "set": "set", "str": "string", "join": "string",
}  # fmt: skip


def result(node: Node) -> Result:
    """Return the one kind that every returned value has, or "unknown"."""
    if isinstance(node, ast.ClassDef):
        return "unknown"
    made: dict[str, ast.expr] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            made.setdefault(each.targets[0].id, each.value)
    kinds = {_kind(made.get(each.id, each) if isinstance(each, ast.Name) else each) for each in returned(node)}
    return kinds.pop() if len(kinds) == 1 else "unknown"


def _kind(value: ast.expr) -> Result:
    if isinstance(value, ast.Call | ast.Attribute):
        func = value.func if isinstance(value, ast.Call) else value
        name = func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
        return "number" if name in _NUMBERS else _CALLS.get(name, "unknown")
    return _KINDS.get(type(value), "unknown")
