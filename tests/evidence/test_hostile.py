"""Whatever stands in a bundle, `verify` answers with problems and never with an exception."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.layout import ANSWERS, DIFF, PROMPTS, SUMMARY, SUMS, TAPE
from agentos_action.evidence.reading import MAX_BYTES, MAX_FILES, MAX_STRUCTURE, parse
from agentos_action.evidence.verify import verify_bundle, verify_commit
from agentos_action.records.receipt import CommitFacts

FILES = (TAPE, SUMMARY, ANSWERS, PROMPTS, DIFF, SUMS)
FACTS = CommitFacts("x\n\nAgentOS-Run: y\n", "0" * 40, ())
NAMES = (
    "seq",
    "event",
    "status",
    "digests",
    "replayable",
    "redacted",
    "messages",
    "params",
    "answer",
    "sha256",
    "content",
    "commit",
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4),
    max_leaves=8,
)
EVENTS = st.fixed_dictionaries(
    {"event": st.sampled_from(("run_started", "tool_result_verified", "checks_completed", "git_commit")) | VALUES},
    optional={name: VALUES for name in NAMES if name != "event"}
    | {"prev": VALUES, "hash": VALUES, "run_id": VALUES, "summary": VALUES},
)


def assert_judged(folder: Path) -> None:
    assert verify_bundle(folder).problems
    verify_commit(folder, FACTS)


def assert_bundle_judged(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        for file in FILES:
            Path(name, file).parent.mkdir(exist_ok=True)
            Path(name, file).write_bytes(content)
        assert_judged(Path(name))


@given(st.lists(VALUES | EVENTS, max_size=4))
def test_any_json_value_as_a_line_is_judged(values: list[object]) -> None:
    assert_bundle_judged("".join(json.dumps(value) + "\n" for value in values).encode())


@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_any_canonical_object_as_a_line_is_judged(values: list[dict[str, object]]) -> None:
    try:
        lines = [canonical(value) for value in values]
    except ValueError:
        return
    assert_bundle_judged(b"".join(line + b"\n" for line in lines))


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(content: bytes) -> None:
    assert_bundle_judged(content)


NUMBERS = ("1" * 30, "9" * 6000, "NaN", "1e999")
NESTED = ("[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "[" * 200_000)
PLAIN = ('"\\ud800"', '"0"', "true", "null", "{}", "[]", '"\\u0000"')


@pytest.mark.parametrize("value", [*NUMBERS, *NESTED, *PLAIN], ids=lambda value: str(value)[:8])
def test_hostile_values_are_judged(copy: Path, value: str) -> None:
    for key in (b"seq", b"event", b"run_id", b"hash", b"status", b"digests"):
        tape = (copy / TAPE).read_bytes()
        for file in FILES:
            (copy / file).write_bytes(b'{"' + key + b'":' + value.encode() + b"}\n")
        assert_judged(copy)
        (copy / TAPE).write_bytes(tape)
        assert_judged(copy)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_is_judged(copy: Path, name: str, tmp_path: Path) -> None:
    file = copy / name
    real = tmp_path / "real"
    file.rename(real)
    assert_judged(copy)
    file.mkdir()
    assert_judged(copy)
    file.rmdir()
    os.mkfifo(file)
    assert_judged(copy)
    for target in (real, file, Path("/dev/zero"), tmp_path):
        file.unlink()
        file.symlink_to(target)
        assert_judged(copy)
    file.unlink()
    file.touch()
    os.truncate(file, MAX_BYTES + 1)
    assert_judged(copy)
    assert any(problem.message == f"is larger than {MAX_BYTES} bytes" for problem in verify_bundle(copy).problems)


def test_a_folder_that_is_a_link_is_not_followed(copy: Path, tmp_path: Path) -> None:
    (copy / "patch").rename(tmp_path / "patch")
    (copy / "patch").symlink_to(tmp_path / "patch")
    assert_judged(copy)


@pytest.mark.parametrize(
    "name", ["x" * 300, "a/" * 3000 + "b", "/etc/passwd", "../x", ".", "a//b", "\udcff", "é" * 200]
)
def test_hostile_names_in_the_sums_are_judged(copy: Path, name: str) -> None:
    with (copy / SUMS).open("ab") as sums:
        sums.write(f"{'0' * 64}  {name}\n".encode("utf-8", "surrogateescape"))
    assert_judged(copy)


@pytest.mark.parametrize("line", [b'{"a":1}\n', b'{"a":[' + b"0.5," * 2_000_000 + b'"\\""]}\n'])
def test_no_more_is_read_than_a_run_writes_besides_texts(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "audit").mkdir()
    (tmp_path / TAPE).write_bytes(line * -(-MAX_STRUCTURE * 2 // len(line)))
    assert f"{TAPE}: has more than {MAX_STRUCTURE} bytes besides its texts" in [
        problem.told for problem in verify_bundle(tmp_path).problems
    ]
    assert parse(b'{"a":"' + b'0.5,\\"' * MAX_STRUCTURE + b'"}') is not None


def test_many_files_deep_folders_and_odd_names_are_judged(copy: Path, tmp_path: Path) -> None:
    (copy / "patch" / "odd\udcff\n").touch()
    assert_judged(copy)
    at = os.open(copy, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 200, dir_fd=at)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    assert_judged(copy)
    for number in range(MAX_FILES + 1):
        (tmp_path / str(number)).touch()
    assert_judged(tmp_path)
    assert_judged(tmp_path / "0")
    assert_judged(tmp_path / "none")
