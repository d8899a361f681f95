"""Decide which definitions get a docstring and which are left alone, each with its reason."""

from __future__ import annotations

import ast

from agentos_action.recipes.docstrings.source import Definition, UnreadableSourceError, definitions, read
from agentos_action.records.recipe import LeftAlone, Place

NESTED = "inside a function: its readers see the code"
DUNDER = "a special method says by its name what it does"
OVERLOAD = "an overload is told by its implementation"
ACCESSOR = "a property's setter or deleter is told by its getter"
STUB = "its body is empty: nothing to describe"


def find(path: str, text: str) -> tuple[tuple[Place, ...], tuple[LeftAlone, ...]]:
    """List the definitions without docstring: those to fill, and those left alone."""
    try:
        found = undocumented(text)
    except UnreadableSourceError as error:
        return (), (LeftAlone(path, path, 1, str(error)),)
    places: list[Place] = []
    left: list[LeftAlone] = []
    for definition in found:
        place_id = f"{path}::{definition.qualname}"
        reason = refusal(definition)
        if reason is None:
            places.append(Place(place_id, path, definition.node.name, definition.line, definition.kind))
        else:
            left.append(LeftAlone(place_id, path, definition.line, reason))
    return tuple(places), tuple(left)


def undocumented(text: str) -> list[Definition]:
    """List every definition that has no docstring; raise `UnreadableSourceError` when the text is not Python."""
    try:
        return [each for each in definitions(read(text)) if not has_docstring(each)]
    except RecursionError as error:
        message = "Python cannot read it: nested too deeply"
        raise UnreadableSourceError(message) from error


def has_docstring(definition: Definition) -> bool:
    """Tell whether the first statement is a string, even an empty one."""
    return ast.get_docstring(definition.node, clean=False) is not None


def refusal(definition: Definition) -> str | None:
    """Return why this definition should stay without docstring, or `None`."""
    node = definition.node
    if definition.nested:
        return NESTED
    if isinstance(node, ast.ClassDef):
        return STUB if not node.bases and all(map(_is_filler, node.body)) else None
    if definition.owner is not None and node.name.startswith("__") and node.name.endswith("__"):
        return DUNDER
    decorators = {_last_name(each) for each in node.decorator_list}
    if "overload" in decorators:
        return OVERLOAD
    if decorators & {"setter", "deleter"}:
        return ACCESSOR
    return STUB if all(map(_is_filler, node.body)) else None


def _last_name(decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        return _last_name(decorator.func)
    if isinstance(decorator, ast.Attribute):
        return decorator.attr
    return decorator.id if isinstance(decorator, ast.Name) else ""


def _is_filler(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and statement.value.value is ...
    raised = statement.exc if isinstance(statement, ast.Raise) else None
    if isinstance(raised, ast.Call):
        raised = raised.func
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
