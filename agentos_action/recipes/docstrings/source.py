"""Read a Python file's text: its tree, its lines, and every definition in it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from agentos_action.records.recipe import PlaceKind

Node: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
BOM = "\ufeff"

# Python ends a line at \n, \r\n or a lone \r only; str.splitlines would also end it at a form feed.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class UnreadableSourceError(Exception):
    """The text is not Python that this interpreter can compile; the message says why."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A function or class and where it stands; `owner` is the class it is directly in, if any."""

    node: Node
    qualname: str
    kind: PlaceKind
    owner: ast.ClassDef | None
    nested: bool

    @property
    def line(self) -> int:
        """Return the line of `def` or `class`, counted from 1."""
        return self.node.lineno


def read(text: str) -> ast.Module:
    """Parse and compile the text (nothing runs); raise `UnreadableSourceError` when Python refuses it."""
    source = text.removeprefix(BOM)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            compile(source, "<recipe>", "exec", dont_inherit=True)
    except SyntaxError as error:
        message = f"not valid Python: {error.msg} (line {error.lineno or 1})"
        raise UnreadableSourceError(message) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        message = f"Python cannot read it: {str(error) or type(error).__name__}"
        raise UnreadableSourceError(message) from error
    return tree


def split_lines(text: str) -> list[str]:
    """Split the text where Python ends a line, endings kept."""
    return _LINE.findall(text)


def line_ending(text: str) -> str:
    """Return the first line ending of the text, a newline if it has none."""
    found = re.search(r"\r\n|\r|\n", text)
    return found[0] if found else "\n"


def definitions(tree: ast.Module) -> list[Definition]:
    """List every function and class in source order, with unique qualified names."""
    seen: dict[str, int] = {}
    result: list[Definition] = []
    for found in _walk(tree, (), None, nested=False):
        count = seen.get(found.qualname, 0) + 1
        seen[found.qualname] = count
        unique = found.qualname if count == 1 else f"{found.qualname}#{count}"
        result.append(Definition(found.node, unique, found.kind, found.owner, found.nested))
    return result


def _walk(parent: ast.AST, names: tuple[str, ...], owner: ast.ClassDef | None, *, nested: bool) -> Iterator[Definition]:
    for child in ast.iter_child_nodes(parent):
        if isinstance(child, ast.ClassDef):
            inside = (*names, child.name)
            yield Definition(child, ".".join(inside), "class", owner, nested)
            yield from _walk(child, inside, child, nested=nested)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = (*names, child.name)
            yield Definition(child, ".".join(inside), "method" if owner else "function", owner, nested)
            yield from _walk(child, inside, None, nested=True)
        elif not isinstance(child, ast.expr):
            yield from _walk(child, names, owner, nested=nested)
