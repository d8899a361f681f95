"""Whatever stands in a bundle, `verify` answers with problems and never with an exception."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.layout import ANSWERS, DIFF, PROMPTS, SUMMARY, SUMS, TAPE
from agentos_action.evidence.reading import MAX_BYTES, MAX_FILES
from agentos_action.evidence.verify import verify_bundle, verify_commit
from agentos_action.records.receipt import CommitFacts
from tests.git import make_repo
from tests.runs import diff_answer, scripted

FILES = (TAPE, SUMMARY, ANSWERS, PROMPTS, DIFF, SUMS)
FACTS = CommitFacts("x\n\nAgentOS-Run: y\n", "0" * 40, ())
NAMES = (
    "seq",
    "event",
    "status",
    "digests",
    "replayable",
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


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    repo = make_repo(folder / "repo", {"a.txt": "one\n"})
    return Path(scripted(repo, folder, diff_answer("a.txt", "one", "1")).evidence or "")


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def judged(folder: Path) -> None:
    assert verify_bundle(folder).problems
    verify_commit(folder, FACTS)


def bundle_of(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        for file in FILES:
            Path(name, file).parent.mkdir(exist_ok=True)
            Path(name, file).write_bytes(content)
        judged(Path(name))


@given(st.lists(VALUES | EVENTS, max_size=4))
def test_any_json_value_as_a_line_is_judged(values: list[object]) -> None:
    bundle_of("".join(json.dumps(value) + "\n" for value in values).encode())


@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_any_canonical_object_as_a_line_is_judged(values: list[dict[str, object]]) -> None:
    try:
        lines = [canonical(value) for value in values]
    except ValueError:
        return
    bundle_of(b"".join(line + b"\n" for line in lines))


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(content: bytes) -> None:
    bundle_of(content)


NUMBERS = ("1" * 30, "9" * 6000, "NaN", "1e999")
NESTED = ("[" * 900 + "]" * 900, '{"a":' * 900 + "1" + "}" * 900, "[" * 200_000)
PLAIN = ('"\\ud800"', '"0"', "true", "null", "{}", "[]", '"\\u0000"')


@pytest.mark.parametrize("value", [*NUMBERS, *NESTED, *PLAIN], ids=lambda value: str(value)[:8])
def test_hostile_values_are_judged(copy: Path, value: str) -> None:
    for key in (b"seq", b"event", b"run_id", b"hash", b"status", b"digests"):
        tape = (copy / TAPE).read_bytes()
        for file in FILES:
            (copy / file).write_bytes(b'{"' + key + b'":' + value.encode() + b"}\n")
        judged(copy)
        (copy / TAPE).write_bytes(tape)
        judged(copy)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_is_judged(copy: Path, name: str, tmp_path: Path) -> None:
    file = copy / name
    real = tmp_path / "real"
    file.rename(real)
    judged(copy)
    file.mkdir()
    judged(copy)
    file.rmdir()
    os.mkfifo(file)
    judged(copy)
    for target in (real, file, Path("/dev/zero"), tmp_path):
        file.unlink()
        file.symlink_to(target)
        judged(copy)
    file.unlink()
    file.touch()
    os.truncate(file, MAX_BYTES + 1)
    judged(copy)
    assert any(problem.message == f"is larger than {MAX_BYTES} bytes" for problem in verify_bundle(copy).problems)


def test_a_folder_that_is_a_link_is_not_followed(copy: Path, tmp_path: Path) -> None:
    (copy / "patch").rename(tmp_path / "patch")
    (copy / "patch").symlink_to(tmp_path / "patch")
    judged(copy)


@pytest.mark.parametrize(
    "name", ["x" * 300, "a/" * 3000 + "b", "/etc/passwd", "../x", ".", "a//b", "\udcff", "é" * 200]
)
def test_hostile_names_in_the_sums_are_judged(copy: Path, name: str) -> None:
    with (copy / SUMS).open("ab") as sums:
        sums.write(f"{'0' * 64}  {name}\n".encode("utf-8", "surrogateescape"))
    judged(copy)


def test_many_files_deep_folders_and_odd_names_are_judged(copy: Path, tmp_path: Path) -> None:
    (copy / "patch" / "odd\udcff\n").touch()
    judged(copy)
    at = os.open(copy, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 200, dir_fd=at)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    judged(copy)
    for number in range(MAX_FILES + 1):
        (tmp_path / str(number)).touch()
    judged(tmp_path)
    judged(tmp_path / "0")
    judged(tmp_path / "none")
