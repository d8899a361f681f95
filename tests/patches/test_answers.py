"""Answers as models write them: what a careful person could apply gives their result, the rest is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict

import pytest

from agentos_action.patches.resolve import Resolved, resolve
from tests.bases import Files

ANSWERS = sorted(Path(__file__).with_name("answers").glob("*.json"))


class Case(TypedDict):
    """One answer and the files it is about; `expected` holds the files that change, null where it must be refused."""

    why: str
    files: dict[str, str]
    answer: str
    expected: dict[str, str | None] | None


def _after(resolved: Resolved) -> dict[str, bytes | None]:
    contents: dict[str, bytes | None] = {}
    for change in resolved.changes:
        if change.old_path is not None and change.old_path != change.new_path:
            contents[change.old_path] = None
        if change.new_path is not None and change.new is not None:
            contents[change.new_path] = change.new.content
    return contents


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_an_answer_is_read_as_a_careful_person_would(path: Path) -> None:
    case: Case = json.loads(path.read_bytes())
    files = case["files"]
    resolved = resolve(case["answer"], "auto", Files(files), 10**6, files=tuple(files))
    if case["expected"] is None:
        assert resolved.findings, f"{case['why']} It was applied: {_after(resolved)}"
        return
    assert resolved.findings == (), case["why"]
    wanted = {name: None if text is None else text.encode() for name, text in case["expected"].items()}
    assert _after(resolved) == wanted, case["why"]


def test_the_corpus_holds_both_kinds() -> None:
    expected = [json.loads(path.read_bytes())["expected"] for path in ANSWERS]
    assert len(expected) >= 110
    assert 35 <= expected.count(None) <= len(expected) // 2
