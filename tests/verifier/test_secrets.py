"""Rule `secrets`: one finding a leak, with its place and kind."""

from __future__ import annotations

from agentos_action.patches.parse import to_patch
from agentos_action.records.leak import Leak
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import surroundings
from agentos_action.verifier.rules.secrets import secrets
from agentos_action.verifier.subject import Subject
from tests.bases import Files, written


def test_every_leak_is_a_finding_with_place_kind_and_what_to_do() -> None:
    leaks = (Leak("a", 3, "aws-key"), Leak("b\udcff", 1, "jwt"))
    subject = Subject(to_patch(()), Policy(), surroundings(Files({}), ()), leaks=leaks)
    first, second = secrets(subject)
    assert (first.id, first.path, first.line) == ("secrets.credential", "a", 3)
    assert "aws-key" in first.message
    assert "rotate" in first.hint
    assert written(second)
