"""A bundle whose sums and chain hold must still make sense: fields, outcome, tool, summary, health tell one story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.evidence.canonical import canonical, hash_of, parse_canonical, with_hash
from agentos_action.evidence.layout import ANSWERS, HEALTH, SUMMARY, TAPE
from agentos_action.evidence.reading import Problem
from agentos_action.evidence.verify import verify_bundle
from tests.runs import cli
from tests.sealing import lines_of, reseal, write_lines, write_sums

TOOL = ("tool_dispatch_started", "tool_dispatch_completed", "boundary_checked", "tool_result_verified", "health_check")
FIELDS = ("adapter_id", "status", "error_category", "raw_error_code", "endpoint", "model_id", "requested_model")


def forged(copy: Path, event: str, **changes: Any) -> tuple[Problem, ...]:
    """Change an event (None takes a field away), make all else right again, and verify."""

    def change(line: dict[str, Any]) -> None:
        if line["event"] == event:
            line.update(changes)
            for key in [key for key, value in changes.items() if value is ...]:
                del line[key]

    reseal(copy, change)
    return verify_bundle(copy).problems


def test_resealing_alone_changes_nothing(copy: Path) -> None:
    assert forged(copy, "") == ()


@pytest.mark.parametrize("event", TOOL)
@pytest.mark.parametrize("field", FIELDS)
def test_every_tool_event_must_carry_every_field(copy: Path, event: str, field: str) -> None:
    assert any(problem.file == TAPE and field in problem.message for problem in forged(copy, event, **{field: ...}))


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ("tool_dispatch_completed", {"status": "failed"}),
        ("tool_dispatch_completed", {"error_category": "network"}),
        ("tool_dispatch_completed", {"status": "failed", "error_category": "weather"}),
        ("boundary_checked", {"endpoint": "http://127.0.0.1:8080"}),
        ("boundary_checked", {"endpoint": "user@host"}),
        ("boundary_checked", {"endpoint": "host/path?key=1"}),
        ("boundary_checked", {"provider": "other"}),
        ("health_check", {"status": "unreachable"}),
        ("run_finished", {"exit_code": 1}),
        ("run_finished", {"status": "rejected", "exit_code": 1}),
        ("run_finished", {"status": "tool_failed", "exit_code": 3}),
        ("run_finished", {"status": "perfect"}),
        ("run_finished", {"error_category": "model"}),
        ("checks_completed", {"status": "failed"}),
        ("checks_completed", {"replayable": False}),
        ("checks_completed", {"capped": ["answers"]}),
        ("checks_completed", {"kept": {}}),
        ("git_commit", {"tree": "HEAD"}),
        ("task_loaded", {"policy": {"source": "x", "sha256": "y", "commit": "z"}}),
        ("run_started", {"ts": "yesterday"}),
        ("run_started", {"version": ...}),
    ],
)
def test_what_contradicts_itself_is_found_on_the_tape(copy: Path, event: str, changes: dict[str, Any]) -> None:
    if changes.get("kept") == {}:
        reseal(copy)
        tape = lines_of(copy / TAPE)
        next(line for line in tape if line["event"] == event)["kept"] = None
        write_lines(copy / TAPE, tape)
        reseal(copy)
        assert verify_bundle(copy).problems
        return
    problems = forged(copy, event, **changes)
    assert problems
    assert problems[0].file == TAPE, problems


def test_a_verdict_that_refuses_and_a_commit_contradict(copy: Path) -> None:
    def change(line: dict[str, Any]) -> None:
        if line["event"] == "tool_result_verified":
            line["verdict"]["is_valid"] = False

    reseal(copy, change)
    assert "no verdict that accepts" in verify_bundle(copy).problems[0].message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status", "no_change"),
        ("exit_code", 1),
        ("run_id", "other"),
        ("message", "on another branch"),
        ("evidence_hash", "0" * 64),
        ("commit", "0" * 40),
        ("branch", "other"),
        ("files", []),
        ("model_id", "better"),
        ("version", "9"),
        ("replayable", False),
        ("task", None),
        ("policy", {"source": "built-in", "sha256": "0" * 64}),
        ("tool_result", None),
        ("base", "0" * 40),
        ("exceptions", ["secret/**"]),
        ("parent", "20260101T000000Z-0123abcd"),
        ("placement", "fuzzy"),
        ("requested_model", "better"),
        ("usage", {"prompt_tokens": 1, "cached_tokens": None, "completion_tokens": None}),
        ("checks", [{"command": "make test", "status": "passed", "duration_ms": 1, "output": "", "sandbox": "none"}]),
        ("checks", None),
    ],
)
def test_a_summary_that_tells_something_else_is_found(copy: Path, key: str, value: object) -> None:
    summary = json.loads((copy / SUMMARY).read_bytes())
    (copy / SUMMARY).write_bytes(canonical({**summary, key: value}) + b"\n")
    write_sums(copy)
    (problem,) = verify_bundle(copy).problems
    assert problem.file == SUMMARY
    assert key in problem.message


def test_a_health_that_tells_something_else_is_found(copy: Path) -> None:
    told = json.loads((copy / HEALTH).read_bytes())
    told["health"]["models"] = ["another"]
    (copy / HEALTH).write_bytes(canonical(told) + b"\n")
    write_sums(copy)
    assert verify_bundle(copy).problems[0].file == HEALTH


@pytest.mark.parametrize(("key", "value"), [("finish_reason", "length"), ("usage", {}), ("model_id", "x"), ("call", 1)])
def test_what_a_row_tells_beside_its_answer_is_covered_too(copy: Path, key: str, value: object) -> None:
    rows = [{**row, key: value} for row in lines_of(copy / ANSWERS)]
    write_lines(copy / ANSWERS, rows)
    write_sums(copy)
    assert verify_bundle(copy).problems[0] == Problem(ANSWERS, 1, "its hash is not that of its content")
    write_lines(copy / ANSWERS, [{**row, "hash": hash_of(row)} for row in rows])
    write_sums(copy)
    assert [problem.file for problem in verify_bundle(copy).problems] == [ANSWERS]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15, allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), JSON, max_size=5))
def test_our_canonical_form_is_that_of_the_standard(value: dict[str, Any]) -> None:
    line = rfc8785.dumps(value)
    assert canonical(value) == line
    assert parse_canonical(line) is not None
    raw, hashed = with_hash(value)
    assert hashed == hash_of({**value, "hash": hashed})
    assert json.loads(raw)["hash"] == hashed


@given(st.binary(max_size=40) | st.from_regex(rb'\A\{"a":[-+0-9.eE]{1,25}\}\Z'))
def test_a_line_is_canonical_only_if_the_library_writes_it_so(line: bytes) -> None:
    parsed = parse_canonical(line)
    assert parsed is None or rfc8785.dumps(parsed) == line


def test_what_a_model_wrote_steers_no_terminal_in_show(copy: Path) -> None:
    def change(line: dict[str, Any]) -> None:
        if line["event"] == "task_loaded":
            line["task"]["instruction"] = "\x1b]0;owned\x07\n::warning::x \u202e \x9b31m"

    reseal(copy, change)
    done = cli("evidence", "show", str(copy), cwd=copy)
    assert not set(done.stdout) & set("\x1b\x07\u202e\x9b")
    assert "\n::" not in done.stdout
    assert "\\x1b]0;owned" in done.stdout


def test_show_tells_what_can_be_read_of_a_broken_bundle(copy: Path) -> None:
    reseal(copy, lambda line: line.update(exceptions=7, task=[], verdict=3, checks="x", policy=None, usage=[]))
    done = cli("evidence", "show", str(copy), cwd=copy)
    assert (done.returncode, "NOT VALID" in done.stdout) == (1, True)


@pytest.mark.parametrize("key", ["policy", "tool_result"])
def test_nothing_is_added_to_what_the_summary_repeats(copy: Path, key: str) -> None:
    summary = json.loads((copy / SUMMARY).read_bytes())
    summary[key]["approved_by"] = "the board"
    (copy / SUMMARY).write_bytes(canonical(summary) + b"\n")
    write_sums(copy)
    (problem,) = verify_bundle(copy).problems
    assert (problem.file, key in problem.message) == (SUMMARY, True)
