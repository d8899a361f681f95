"""The scripted adapter: its answer is a file."""

from __future__ import annotations

import pytest

from agentos_action.adapters.base import MAX_ANSWER_BYTES, Adapter, AdapterParts, AnswerFile
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.records.profile import Profile

from .building import PLENTY, ask, failure


def scripted(name: str | None, content: bytes | str = b"") -> Adapter:
    """Return the adapter for an answer file, or for none."""
    answer = None if name is None else AnswerFile(name, content)
    return create(Profile(provider="scripted", name="scripted"), AdapterParts(answer=answer))


@pytest.mark.parametrize("content", [b"Hello \xc3\xa9\n", "Hello é\n"])
def test_plain_text_is_given_for_every_call(content: bytes | str) -> None:
    """The text is the answer, unchanged, as often as it is asked for."""
    made = scripted("answer.md", content)
    assert [ask(made).text for _ in range(3)] == ["Hello é\n"] * 3
    assert ask(made).model_id == "scripted"


def test_lines_are_given_one_after_the_other() -> None:
    """One object a line, one line a call; then there is none left."""
    made = scripted("answers.jsonl", b'{"answer": "one", "call": 1}\n\n{"answer": "two"}\n')
    assert made.health_check(Deadline(PLENTY), full=True).status == "connected"
    assert [ask(made).text, ask(made).text] == ["one", "two"]
    error = failure(made)
    assert (error.category, error.raw_error_code) == ("model", "out_of_answers")
    assert error.message == "answers.jsonl holds no further answer. It had 2."


@pytest.mark.parametrize(
    ("name", "content", "status", "category", "code"),
    [
        (None, b"", "not_configured", "config", "no_answer"),
        ("a.txt", b"\xff", "schema_mismatch", "schema", "bad_utf8"),
        ("a.txt", b"x" * (MAX_ANSWER_BYTES + 1), "schema_mismatch", "schema", "too_large"),
        ("a.jsonl", b'{"answer": "one"}\nnope\n', "schema_mismatch", "schema", "bad_json"),
        ("a.jsonl", b'{"answer": 5}\n', "schema_mismatch", "schema", "bad_shape"),
        ("a.jsonl", b"[]\n", "schema_mismatch", "schema", "bad_shape"),
        ("a.jsonl", b'{"answer": "\\ud83d"}', "schema_mismatch", "schema", "bad_utf8"),
    ],
)
def test_a_bad_file(name: str | None, content: bytes, status: str, category: str, code: str) -> None:
    """Health and run name the same fault."""
    made = scripted(name, content)
    health = made.health_check(Deadline(PLENTY))
    error = failure(made)
    assert (health.status, health.error_category, health.raw_error_code) == (status, category, code)
    assert (error.category, error.raw_error_code) == (category, code)
    assert health.probe_step == "none"


def test_a_bad_line_is_named() -> None:
    """The message names file and line."""
    message = failure(scripted("a.jsonl", b'{"answer": "one"}\nnope\n')).message
    assert message.startswith("a.jsonl sent JSON that is broken. Line 2:")


def test_an_empty_answer_is_none() -> None:
    """A file without text holds no answer."""
    assert failure(scripted("a.txt", b"")).raw_error_code == "empty_answer"
