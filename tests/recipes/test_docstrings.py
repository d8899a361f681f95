"""The docstrings recipe with scripted answers: every odd place in a file, and every refusal."""

from __future__ import annotations

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.recipes import registry
from agentos_action.recipes.docstrings import insert, places
from agentos_action.recipes.docstrings.prompt import MAX_LINES, code_of
from agentos_action.recipes.docstrings.sentence import is_sentence
from agentos_action.recipes.docstrings.source import definitions, read
from agentos_action.records.recipe import Built
from tests.recipes.scripted import drive

SENTENCE = "Say what this does."


def fill(text: str, path: str = "m.py") -> Built:
    """Fill every place of the text with the same sentence."""
    found, _ = places.find(path, text)
    return insert.build(path, text, {each.id: SENTENCE for each in found})


PLACED = {
    "plain": ("def f(x):\n    return x\n", 'def f(x):\n    """Say what this does."""\n    return x\n'),
    "no newline at the end": ("def f(x):\n    return x", 'def f(x):\n    """Say what this does."""\n    return x'),
    "tabs": ("class A:\n\tdef f(self):\n\t\treturn 1\n", None),
    "crlf": ("def f(x):\r\n    return x\r\n", 'def f(x):\r\n    """Say what this does."""\r\n    return x\r\n'),
    "lone cr": ("def f(x):\r    return x\r", 'def f(x):\r    """Say what this does."""\r    return x\r'),
    "decorated": ("@a\n@b(\n    1)\ndef f(x):\n    return x\n", None),
    "async": ("async def f(x):\n    await x\n", 'async def f(x):\n    """Say what this does."""\n    await x\n'),
    "one line": ("def f(x): return x  # why\n", 'def f(x):\n    """Say what this does."""\n    return x  # why\n'),
    "one line, two statements": ("def f(x): y = (x,\n 2); return y\n", None),
    "one line, not ascii": (
        'def f(x="ä→"): return x\n',
        'def f(x="ä→"):\n    """Say what this does."""\n    return x\n',
    ),
    "one line in a tabbed file": ("def f(x): return x\nif 1:\n\tpass\n", None),
    "one line class and method": ("class A:\n    def f(self): return 1\n", None),
    "long head": ("def f(\n    a,  # one\n    # two\n    b=(),\n) -> int:\n    return a\n", None),
    "comment first": (
        "def f(x):\n    # why\n\n    return x\n",
        'def f(x):\n    """Say what this does."""\n    # why\n\n    return x\n',
    ),
    "inner decorated first": ("def f(x):\n    @x\n    def g():\n        return 1\n    return g\n", None),
    "byte order mark": (
        "\ufeffdef f(x):\n    return x\n",
        '\ufeffdef f(x):\n    """Say what this does."""\n    return x\n',
    ),
    "coding cookie": ("# -*- coding: latin-1 -*-\ndef f(x):\n    return 'é'\n", None),
    "form feed": ("x = 1\n\f\ndef f(x):\n    return x\n", None),
    "odd line separators in a string": ("s = 'a\x0b\x1c\u2028b'\ndef f(x):\n    return x\n", None),
    "in try and if": ("try:\n    def f(x):\n        return x\nexcept E:\n    def f(x):\n        return 2\n", None),
    "byte string first": ("def f(x):\n    b'no docstring'\n    return x\n", None),
    "f-string first": ("def f(x):\n    f'no docstring {x}'\n    return x\n", None),
    "error class": ("class OddError(ValueError): pass\n", None),
    "docstring class, bare method": ('class A:\n    """Here."""\n    def f(self):\n        return 1\n', None),
    "escapes that warn": ("def f(x):\n    return '\\d'\n", None),
}


@pytest.mark.parametrize(("before", "after"), PLACED.values(), ids=PLACED.keys())
def test_places_are_filled(before: str, after: str | None) -> None:
    """Check that places are filled."""
    built = fill(before)
    found, left = places.find("m.py", before)
    assert [each.id for each in found] == list(built.placed) != []
    assert not [each for each in built.left if each not in left]
    if after is not None:
        assert built.text == after
    for each in definitions(read(built.text)):
        if f"m.py::{each.qualname}" in built.placed:
            assert ast.get_docstring(each.node) == SENTENCE
    assert insert.same_program(before, built.text, [each.partition("::")[2] for each in built.placed])
    assert fill(built.text).text == built.text


def test_line_endings_and_indentation_are_the_files_own() -> None:
    """Check that line endings and indentation are the file's own."""
    built = fill("class A:\r\n\tdef f(self): return 1\r\n")
    assert built.text == (
        'class A:\r\n\t"""Say what this does."""\r\n\tdef f(self):\r\n\t\t"""Say what this does."""\r\n\t\treturn 1\r\n'
    )


LEFT = {
    "nested": ("def f():\n    '''Doc.'''\n    def g():\n        return 1\n    return g\n", places.NESTED),
    "dunder": ("class A:\n    '''Doc.'''\n    def __len__(self):\n        return 1\n", places.DUNDER),
    "overload": ("import typing\n@typing.overload\ndef f(x: int) -> int:\n    return 1\n", places.OVERLOAD),
    "setter": ("class A:\n    '''Doc.'''\n    @x.setter\n    def x(self, v):\n        self.v = v\n", places.ACCESSOR),
    "dots": ("def f(): ...\n", places.STUB),
    "pass": ("def f():\n    pass\n", places.STUB),
    "abstract": ("def f():\n    raise NotImplementedError('later')\n", places.STUB),
    "empty class": ("class A: pass\n", places.STUB),
}


@pytest.mark.parametrize(("text", "reason"), LEFT.values(), ids=LEFT.keys())
def test_places_are_left_alone_with_a_reason(text: str, reason: str) -> None:
    """Check that places are left alone with a reason."""
    found, left = places.find("m.py", text)
    assert found == ()
    assert [each.reason for each in left] == [reason]
    built = insert.build("m.py", text, {left[0].place_id: SENTENCE})
    assert (built.text, built.placed) == (text, ())
    assert [each.reason for each in built.left] == [reason]


@pytest.mark.parametrize(
    "text", ["def f(:\n", "x = '\0'\n", "return 1\n", "(" * 3000, "def f():\n\treturn 1\n        x\n"]
)
def test_unreadable_files_are_left_alone(text: str) -> None:
    """Check that unreadable files are left alone."""
    found, left = places.find("m.py", text)
    assert found == ()
    assert [each.line for each in left] == [1]
    built = insert.build("m.py", text, {"m.py::f": SENTENCE})
    assert (built.text, built.placed, len(built.left)) == (text, (), 1)


def test_a_continued_head_is_left_alone_and_costs_no_other() -> None:
    """Check that a continued head is left alone and costs no other."""
    text = "def f(x):\\\n  return x\ndef g(x):\n    return x\n"
    built = fill(text)
    assert built.placed == ("m.py::g",)
    assert [(each.place_id, each.reason) for each in built.left] == [("m.py::f", insert.HARMED)]


@pytest.mark.parametrize(
    "filling",
    [
        "",
        "no capital here.",
        "No stop at all",
        'Say """ now.',
        "Say \\n now.",
        "Two. Stops.",
        "Say\nmore now.",
        "X" * 200 + ".",
    ],
)
def test_fillings_that_are_no_sentence_are_refused(filling: str) -> None:
    """Check that fillings that are no sentence are refused."""
    text = "def f(x):\n    return x\n"
    built = insert.build("m.py", text, {"m.py::f": filling, "m.py::gone": SENTENCE})
    assert (built.text, built.placed) == (text, ())
    assert {each.reason for each in built.left} == {insert.NOT_A_SENTENCE, insert.UNKNOWN}


def test_a_place_without_filling_is_told() -> None:
    """Check that a place without filling is told."""
    built = insert.build("m.py", "def f(x):\n    return x\n", {})
    assert [each.reason for each in built.left] == [insert.NO_FILLING]


def test_long_functions_are_bounded() -> None:
    """Check that long functions are bounded."""
    text = "def f(x):\n" + "".join(f"    x += {number} * 'y' * 100\n" for number in range(2000)) + "    return x\n"
    code = code_of(definitions(read(text))[0], text)
    assert len(code.splitlines()) <= MAX_LINES
    assert code.startswith("def f(x):")
    assert code.endswith("return x")


def test_registry_knows_its_names() -> None:
    """Check that the registry knows its names."""
    assert registry.names() == ("docstrings",)
    assert registry.load("docstrings").wants("a/b.py")
    assert not registry.load("docstrings").wants("a/b.pyi")
    with pytest.raises(UsageError, match="nope"):
        registry.load("nope")


PIECES = st.sampled_from(
    [
        "def f(x):",
        "class A:",
        "async def g():",
        "@d",
        "return 1",
        "pass",
        "x = 1",
        "'s'",
        '"""',
        "(",
        ")",
        "\\",
        "\n",
        "\r\n",
        "\r",
        "\t",
        "    ",
        " ",
        ";",
        ":",
        "#c",
        "\f",
        "\ufeff",
        "if x:",
        "yield",
        "...",
        "é",
        "\u2028",
        "f'{x}'",
        "lambda: 0",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)), st.text())
def test_any_text_goes_in_and_its_meaning_stays(text: str, answer: str) -> None:
    """Check that any text goes in without exception and its meaning stays."""
    recipe = registry.load("docstrings")
    found, _ = recipe.find("m.py", text)
    for place in found:
        filling, _ = drive(recipe, place, text, [answer, answer])
        assert filling is None or is_sentence(filling)
    built = recipe.build("m.py", text, {each.id: SENTENCE for each in found})
    assert (built.text == text) == (not built.placed)
    if built.placed:
        assert insert.same_program(text, built.text, [each.partition("::")[2] for each in built.placed])


LINES = st.lists(
    st.sampled_from(["return 1", "x = 2", "# c", "", "if x:\n    y = 1", "def h():\n    return 3"]), max_size=4
)
HEADS = st.sampled_from(["def f(x):", "async def f(\n    a\n):", "class A(B):", "@d\ndef f():", "def f() -> int:  # c"])


@given(
    st.lists(st.tuples(HEADS, LINES), min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["    ", "\t"]),
)
def test_every_ordinary_place_is_filled(parts: list[tuple[str, list[str]]], ending: str, indent: str) -> None:
    """Check that every ordinary place is filled."""
    text = "\n".join(f"{head}\n{textwrap.indent(chr(10).join([*body, 'z = 1']), '    ')}\n" for head, body in parts)
    text = text.replace("return", "print;").replace("    ", indent).replace("\n", ending)
    found, _ = places.find("m.py", text)
    assert len(found) == len(parts) + sum(
        body.count("def h():\n    return 3") for head, body in parts if "class" in head
    )
    assert len(fill(text).placed) == len(found)
