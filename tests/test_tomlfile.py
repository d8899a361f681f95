"""TOML errors name the file, the line and the key, and nothing else is ever raised."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from agentos_action.errors import UsageError
from agentos_action.records.policy import Policy
from agentos_action.records.record import Record
from agentos_action.tomlfile import read_toml


class Inner(Record):
    size: int = 1
    names: tuple[str, ...] = ()


class Outer(Record):
    title: str = ""
    inner: Inner = Field(default_factory=Inner)


def refusal(text: str, first_line: int = 1) -> UsageError:
    """Return the error that reading the text raises."""
    with pytest.raises(UsageError) as caught:
        read_toml(text, Outer, "f.toml", first_line=first_line)
    return caught.value


def test_a_valid_text_becomes_the_record() -> None:
    read = read_toml('title = "x"\n[inner]\nsize = 3\nnames = ["a"]\n', Outer, "f.toml")
    assert read == Outer(title="x", inner=Inner(size=3, names=("a",)))
    assert read_toml("", Outer, "f.toml") == Outer()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('titel = "x"\n', "f.toml:1: unknown key 'titel'"),
        ('# first\n\ntitle = "x"\ntitel = "y"\n', "f.toml:4: unknown key 'titel'"),
        ("[inner]\nsize = 1\nsice = 2\n", "f.toml:3: unknown key 'inner.sice'"),
        ("[inner]\n[inner.more]\nx = 1\n", "f.toml:2: unknown key 'inner.more'"),
        ("inner.sice = 2\n", "f.toml:1: unknown key 'inner.sice'"),
        ('title = "ok"\n"odd key" = 1\n', "f.toml:2: unknown key 'odd key'"),
        ("[other]\nx = 1\n", "f.toml:1: unknown key 'other'"),
        ('# a line separator \u2028 is no line end\ntitel = "x"\n', "f.toml:2: unknown key 'titel'"),
    ],
)
def test_an_unknown_key_is_named_with_its_line(text: str, message: str) -> None:
    assert refusal(text).message == message


def test_an_unknown_key_lists_the_keys_known_at_that_place() -> None:
    assert refusal("x = 1\n").hint == "Known keys here: inner, title."
    assert refusal("[inner]\nx = 1\n").hint == "Known keys here: names, size."


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("title = 3\n", "f.toml:1: key 'title': "),
        ("[inner]\nsize = 'many'\n", "f.toml:2: key 'inner.size': "),
        ("[inner]\nnames = 'a'\n", "f.toml:2: key 'inner.names': "),
        ("[inner]\nnames = ['a', 3]\n", "f.toml:2: key 'inner.names': "),
        ("\ninner = 3\n", "f.toml:2: key 'inner': "),
        ("inner = {size = 'x'}\n", "f.toml:1: key 'inner.size': "),
    ],
)
def test_a_wrong_type_is_named_with_its_line(text: str, start: str) -> None:
    error = refusal(text)
    assert error.message.startswith(start)
    assert error.hint == "Correct that value."


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("title = \n", "f.toml:1: not valid TOML: "),
        ("title = 'x'\ntitle = 'y'\n", "f.toml:2: not valid TOML: "),
        ("a = 1\n[b\n", "f.toml:2: not valid TOML: "),
        ("title = '''never\ncloses", "f.toml:2: not valid TOML: "),
        ("a = " + "9" * 5000 + "\n", "f.toml:"),
        ("a = " + "[" * 20_000 + "\n", "f.toml:"),
        ("a = 1\rb = 2\n", "f.toml:1: not valid TOML: "),
    ],
)
def test_a_syntax_error_is_named_with_its_line(text: str, start: str) -> None:
    error = refusal(text)
    assert error.message.startswith(start)
    assert "(at " not in error.message


def test_lines_count_from_the_first_line_of_the_whole_file() -> None:
    assert refusal("title = 3\n", first_line=2).message.startswith("f.toml:2: ")
    assert refusal("\ntitle = \n", first_line=10).message.startswith("f.toml:11: ")
    assert refusal("\n\nx = 1\n", first_line=5).message.startswith("f.toml:7: ")


KEYS = st.sampled_from(["allowed_paths", "limits", "model", "max_files", "x", "context.forbidden_paths"])
VALUES = st.sampled_from(["1", "-1", "'a'", "['a']", "[1]", "{}", "{x=1}", "true", "1979-05-27", "inf", "[", '"'])
LINES = st.one_of(st.builds("{} = {}".format, KEYS, VALUES), st.builds("[{}]".format, KEYS), st.text(max_size=20))


@given(st.one_of(st.text(), st.lists(LINES).map("\n".join)))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    said = "f.toml:1: "
    with contextlib.suppress(UsageError):
        try:
            read_toml(text, Policy, "f.toml")
        except UsageError as error:
            said = error.message
            raise
    assert said.startswith("f.toml:")
