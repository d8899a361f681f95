"""Where an event is answered; and the one reader of payloads behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.errors import UsageError
from agentos_action.tasks.payload import MAX_NUMBER, number, read_payload, table, text
from agentos_action.tasks.thread import Thread, thread_of
from tests.tasks.payloads import FOLDER


def test_each_event_is_answered_where_it_happened(tmp_path: Path) -> None:
    assert thread_of("issues", FOLDER / "issues.labeled.json") == Thread(1)
    assert thread_of("issue_comment", FOLDER / "issue_comment.created.json") == Thread(1, 492700400)
    review = thread_of("pull_request_review_comment", FOLDER / "pull_request_review_comment.created.json")
    assert review == Thread(2, 284312630, review=True)
    assert thread_of("push", FOLDER / "push.json") == Thread()
    assert thread_of("push", None) == thread_of("push", tmp_path / "none.json") == Thread()


@pytest.mark.parametrize("content", ["[]", "{", "9" * 5_000, '"x"', '{"issue": 3}', '{"issue": {"number": true}}'])
def test_what_says_nothing_is_answered_nowhere(tmp_path: Path, content: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(content)
    assert thread_of("issue_comment", file) == Thread()


def test_a_payload_is_an_object_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"a": {"b": {"c": 1}}}))
    assert table(read_payload(file), "a", "b") == {"c": 1}
    file.write_text("null")
    with pytest.raises(UsageError, match="no JSON object"):
        read_payload(file)


@pytest.mark.parametrize("value", [None, 0, -1, True, 1.5, "1", MAX_NUMBER, [], {}])
def test_getters_take_any_value(value: object) -> None:
    found = {"key": value}
    assert number(found, "key") is None
    assert table(found, "key", "deeper") == {}
    assert text(found, "key") == ("1" if value == "1" else None)
    assert number(value, "key") is None
    assert text(value, "key") is None
