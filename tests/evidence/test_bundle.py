"""A bundle is what it says, and every byte of it that is not is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.clock import Clock
from agentos_action.errors import EvidenceError
from agentos_action.evidence.finalize import normalize_endpoint
from agentos_action.evidence.layout import SUMS, TAPE, RunFolder
from agentos_action.evidence.tape import Tape
from agentos_action.evidence.verify import verify_bundle
from agentos_action.redact import Redactor


def test_an_untouched_bundle_is_valid(copy: Path) -> None:
    checked = verify_bundle(copy)
    assert checked.problems == ()
    assert checked.events == 11
    assert checked.commit is not None


def test_any_changed_byte_of_any_file_is_found(copy: Path) -> None:
    for file in sorted(path for path in copy.rglob("*") if path.is_file()):
        whole = file.read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 40)):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert verify_bundle(copy).problems, f"{file.name} byte {at}"
        file.write_bytes(whole)
    assert verify_bundle(copy).problems == ()


def test_deleted_swapped_or_doubled_lines_are_found_without_the_sums(copy: Path) -> None:
    tape = copy / TAPE
    lines = tape.read_bytes().splitlines(keepends=True)

    def broken(changed: list[bytes]) -> bool:
        tape.write_bytes(b"".join(changed))
        return any(problem.file == TAPE and problem.line for problem in verify_bundle(copy).problems)

    for at in range(len(lines)):
        assert broken(lines[:at] + lines[at + 1 :]), f"deleted {at}"
        assert broken([*lines[: at + 1], lines[at], *lines[at + 1 :]]), f"doubled {at}"
        if at:
            assert broken([*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]), f"swapped {at}"


def test_files_that_are_added_or_missing_are_found(copy: Path) -> None:
    (copy / "patch/extra.txt").write_text("x")
    assert "patch/extra.txt" in [problem.file for problem in verify_bundle(copy).problems]
    (copy / "patch/extra.txt").unlink()
    (copy / "patch/canonical.diff").unlink()
    assert "patch/canonical.diff" in [problem.file for problem in verify_bundle(copy).problems]


def test_a_bundle_that_points_outside_is_refused(copy: Path) -> None:
    with (copy / SUMS).open("a") as sums:
        sums.write(f"{'0' * 64}  zz/../../outside\n")
    assert "is not a name inside the bundle" in [problem.message for problem in verify_bundle(copy).problems]


def test_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    assert verify_bundle(tmp_path).problems


@given(st.binary(max_size=400))
def test_any_bytes_as_a_tape_are_judged_without_an_exception(content: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "audit").mkdir()
        (folder / TAPE).write_bytes(content)
        (folder / SUMS).write_bytes(content)
        assert verify_bundle(folder).problems


def test_a_tape_that_was_cut_off_is_told_as_such(copy: Path) -> None:
    tape = copy / TAPE
    tape.write_bytes(tape.read_bytes()[:-20])
    said = [problem.message for problem in verify_bundle(copy).problems if problem.file == TAPE]
    assert any("not complete" in message for message in said)


def test_a_full_disk_is_an_evidence_error(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "run", Redactor())
    (folder.path / TAPE).symlink_to("/dev/full")
    with pytest.raises(EvidenceError, match="No space left"):
        Tape(folder, "run", Clock()).write("run_started", {})


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://user:key@127.0.0.1:8080/v1?x=1", "127.0.0.1:8080"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("https://api.example.com/v1", "api.example.com"),
        ("http://[::1]:99/", "[::1]:99"),
        ("", None),
        (None, None),
    ],
)
def test_an_endpoint_is_host_and_port(address: str | None, said: str | None) -> None:
    assert normalize_endpoint(address) == said
