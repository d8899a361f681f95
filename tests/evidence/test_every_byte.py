"""Flip, delete, swap, double anything in a bundle: `verify` fails and names the place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.evidence.layout import ANSWERS, DIFF, HEALTH, PROMPTS, SUMMARY, SUMS, TAPE
from agentos_action.evidence.reading import Problem
from agentos_action.evidence.sums import check_sums
from agentos_action.evidence.verify import verify_bundle
from tests.git import make_repo
from tests.runs import diff_answer, scripted

#: A bit, the case of a letter, the highest bit, all of them.
MASKS = (0x01, 0x20, 0x80, 0xFF)
REPORT = "reports/report.html"
FILES = (TAPE, ANSWERS, PROMPTS, DIFF, HEALTH, SUMMARY, REPORT)
#: Up to here every byte of a file goes through the whole of `verify`; from there on fewer do.
SMALL, LARGE, LINES = 320, 10_000, 40
JSONL = (TAPE, ANSWERS, PROMPTS, SUMS)


def names_of(bundle: Path) -> list[str]:
    return sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())


def told(copy: Path, name: str, content: bytes) -> list[Problem]:
    """Return what is said of a bundle in which one file has this content instead."""
    file = copy / name
    whole = file.read_bytes()
    file.write_bytes(content)
    try:
        return list(verify_bundle(copy).problems)
    finally:
        file.write_bytes(whole)


def names_place(problems: list[Problem], name: str, line: int | None = None) -> bool:
    """Return whether the first thing said names the file, for the sums the file or the one that a line is about."""
    if not problems:
        return False
    if name == SUMS:
        return problems[0].file == SUMS or SUMS in problems[0].message
    return problems[0].file == name and (line is None or problems[0].line == line)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shm = Path("/dev/shm")  # noqa: S108 - a folder in memory, where there is one: thousands of small writes
    folder = tmp_path_factory.mktemp("small")
    repo = make_repo(folder / "repo", {"a": "1\n"})
    bundle = Path(scripted(repo, folder, diff_answer("a", "1", "2")).evidence or "")
    place = tempfile.mkdtemp(prefix="agentos-test-", dir=shm if shm.is_dir() else folder)
    return Path(shutil.copytree(bundle, place, dirs_exist_ok=True))


@pytest.fixture(scope="module", autouse=True)
def _gone_afterwards(small: Path) -> Iterator[None]:
    yield
    shutil.rmtree(small)


def flipped(whole: bytes, at: int, turn: int) -> bytes:
    """Return the bytes with one changed; the turn says how."""
    return whole[:at] + bytes([whole[at] ^ MASKS[turn % len(MASKS)]]) + whole[at + 1 :]


def places(name: str, whole: bytes) -> list[int]:
    """Return every byte of a small file and of the sums; of a larger one every 13th, and both ends of every line."""
    if len(whole) <= SMALL or name == SUMS:
        return list(range(len(whole)))
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    starts = [at + 1 for at in ends if at + 1 < len(whole)]
    step = 13 if len(whole) < LARGE else 97
    return sorted({0, *range(0, len(whole), step), *ends[:LINES], *starts[:LINES], len(whole) - 1})


@pytest.mark.parametrize("name", FILES)
def test_every_byte_is_held_by_the_sums(small: Path, tmp_path: Path, name: str) -> None:
    """The sums alone find each byte: here of a folder that holds one file, so that all bytes can be tried."""
    whole = (small / name).read_bytes()
    line = next(line for line in (small / SUMS).read_text().splitlines(keepends=True) if line.endswith(f"  {name}\n"))
    (tmp_path / name).parent.mkdir()
    (tmp_path / SUMS).write_text(line)
    (tmp_path / name).write_bytes(whole)
    nothing: list[Problem] = []
    assert (check_sums(tmp_path, nothing), nothing) == (1, [])
    missed = []
    with (tmp_path / name).open("r+b", buffering=0) as file:
        # The page is long, and no byte of it is another to the sums than the next.
        for at in range(0, len(whole), 1 if len(whole) < LARGE else 5):
            file.seek(at)
            file.write(bytes([whole[at] ^ MASKS[at % len(MASKS)]]))
            problems: list[Problem] = []
            check_sums(tmp_path, problems)
            if [problem.file for problem in problems] != [name]:
                missed.append(at)
            file.seek(at)
            file.write(whole[at : at + 1])
    assert missed == []


@pytest.mark.parametrize("name", [*FILES, SUMS])
def test_a_byte_of_every_line_of_every_file_is_named_with_its_file(small: Path, name: str) -> None:
    whole = (small / name).read_bytes()
    missed = [
        at
        for turn, at in enumerate(places(name, whole))
        if not names_place(told(small, name, flipped(whole, at, turn)), name)
    ]
    assert missed == []


def test_no_file_was_forgotten(small: Path) -> None:
    assert names_of(small) == sorted((*FILES, SUMS))


@pytest.mark.parametrize("name", JSONL)
def test_every_line_deleted_swapped_or_doubled(small: Path, name: str) -> None:
    lines = (small / name).read_bytes().splitlines(keepends=True)
    for at, line in enumerate(lines):
        assert names_place(told(small, name, b"".join(lines[:at] + lines[at + 1 :])), name), f"deleted {at}"
        assert names_place(told(small, name, b"".join([*lines[: at + 1], line, *lines[at + 1 :]])), name), (
            f"doubled {at}"
        )
        for other in range(at):
            swapped = [*lines]
            swapped[at], swapped[other] = swapped[other], swapped[at]
            assert names_place(told(small, name, b"".join(swapped)), name), f"swapped {at} {other}"


@pytest.mark.parametrize("name", [TAPE, ANSWERS, PROMPTS])
def test_a_changed_line_is_named_by_its_number(small: Path, name: str) -> None:
    lines = (small / name).read_bytes().splitlines(keepends=True)
    for at, line in enumerate(lines):
        middle = len(line) // 2
        changed = line[:middle] + bytes([line[middle] ^ 1]) + line[middle + 1 :]
        problems = told(small, name, b"".join([*lines[:at], changed, *lines[at + 1 :]]))
        assert any(names_place([problem], name, at + 1) for problem in problems), f"line {at + 1}: {problems}"


def test_bytes_added_cut_and_doubled_at_either_end(small: Path) -> None:
    for name in names_of(small):
        whole = (small / name).read_bytes()
        for changed in (whole + b"\n", whole + b"x", b"\n" + whole, whole[:-1], whole[1:], whole * 2, b""):
            assert names_place(told(small, name, changed), name), (name, changed[:20])


def test_files_renamed_added_missing_and_folders_added(copy: Path) -> None:
    for name in names_of(copy):
        (copy / name).rename(copy / f"{name}.x")
        files = {problem.file for problem in verify_bundle(copy).problems}
        assert files, name
        assert name in files or any("cut off" in problem.message for problem in verify_bundle(copy).problems)
        (copy / f"{name}.x").rename(copy / name)
    (copy / "patch" / "more").mkdir()
    assert [problem.message for problem in verify_bundle(copy).problems] == ["is an empty folder, which no bundle has"]
    (copy / "patch" / "more").rmdir()
    (copy / ".hidden").write_text("")
    assert [problem.file for problem in verify_bundle(copy).problems] == [".hidden"]
    (copy / ".hidden").unlink()
    assert verify_bundle(copy).problems == ()


def test_one_file_in_place_of_another_is_found(copy: Path) -> None:
    names = names_of(copy)
    for name in names:
        for other in names:
            if name != other:
                assert told(copy, name, (copy / other).read_bytes()), (name, other)


def test_a_large_bundle_sampled(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(1500))
    repo = make_repo(tmp_path, {"a.txt": text})
    answer = f"a.txt\n```\n{text.replace('line 7', 'LINE 7')}```\n"
    report = scripted(repo, tmp_path, answer, edit_format="whole_file", files=("a.txt",))
    assert report.status in {"committed", "rejected"}, report.message
    bundle = Path(report.evidence or "")
    for name in names_of(bundle):
        whole = (bundle / name).read_bytes()
        for at in range(0, len(whole), max(1, len(whole) // 12)):
            changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            assert names_place(told(bundle, name, changed), name), (name, at)
