"""One layer for everybody: nothing else sets `error_category` or `endpoint` on the way to a file of evidence."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.test_house import TREES

FIELDS = {"error_category", "endpoint"}
LAYER = "evidence/finalize.py"

#: What stands on the way from a tool to a file: the corridor and the room that writes.
ON_THE_WAY = [name for name in TREES if name.startswith(("pipeline/", "evidence/")) and name != LAYER]


def settings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, field) wherever a value is given to one of the fields: by keyword, as a key, as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield from (
                (node.lineno, keyword.arg)
                for keyword in node.keywords
                if keyword.arg in FIELDS and not called.startswith(("finalize_", "tool_fields"))
            )
        elif isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            yield from ((node.lineno, key) for key in keys if key in FIELDS)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in FIELDS:
                    yield node.lineno, target.attr
                elif isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
                    yield from ((node.lineno, key) for key in FIELDS if target.slice.value == key)


#: These read evidence and tell it again; nothing of theirs is written into a bundle.
READERS = {"evidence/told.py"}


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_only_the_layer_sets_category_and_endpoint(name: str) -> None:
    found = list(settings(TREES[name]))
    assert found == [] or name in READERS


def test_a_violation_is_seen() -> None:
    planted = (
        "walk.event('x', error_category='model')",
        "facts = {'endpoint': address}",
        "record.endpoint = address",
        "row['error_category'] = None",
    )
    for code in planted:
        assert len(list(settings(ast.parse(code)))) == 1, code
    assert list(settings(ast.parse("finalize_tool_result(endpoint=adapter.endpoint)"))) == []
