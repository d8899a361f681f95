"""Bundles from many places (one a job of a matrix) → side by side in one folder, each verified there, and an index."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from agentos_action.errors import UsageError
from agentos_action.evidence.canonical import canonical
from agentos_action.evidence.chain import event_of
from agentos_action.evidence.layout import SUMS, TAPE, digest_of
from agentos_action.evidence.reading import Problem, names, read
from agentos_action.evidence.verify import Checked, verify_bundle
from agentos_action.pipeline.page import check_page
from agentos_action.pipeline.task_ends import RunEnd, run_end

INDEX = "index.json"
#: An artifact lies in a folder of its name, and may hold a folder of runs.
_DEEPEST = 3
_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_PART = ".part-"

Outcome: TypeAlias = Literal["merged", "there", "refused"]


@dataclass(frozen=True, slots=True)
class Merged:
    """One bundle: where it was, and what became of it; `problems` say why it was refused."""

    source: str
    run_id: str | None
    outcome: Outcome
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Merging:
    """What became of every bundle, and how the runs ended whose bundles lie side by side now."""

    results: tuple[Merged, ...]
    ends: tuple[RunEnd, ...]


def merge(folders: Iterable[Path], into: Path) -> Merging:
    """Put every bundle at or below the folders into `into/<its run's id>`, and write the index of all that is there.

    What is verified is the copy. One that is not what it says stays where it is. Raises UsageError for a folder that
    holds none, and where `into` cannot be written.
    """
    found = []
    for folder in folders:
        below = list(_bundles(folder, into))
        if not below:
            raise UsageError(f"{folder} holds no bundle", f"Give folders of runs: each run's holds {SUMS}.")
        found += below
    try:
        into.mkdir(parents=True, exist_ok=True)
        results = tuple(_one(bundle, into) for bundle in dict.fromkeys(found))
        ends = _write_index(into)
    except OSError as error:
        raise UsageError(f"{into} cannot be written: {error.strerror}", "Give another folder with --into.") from error
    return Merging(results, tuple(ends))


def _bundles(folder: Path, into: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the folders of runs, in order of their names; neither through links nor in the folder that is written."""
    if depth and (folder.is_symlink() or not folder.is_dir()):
        return
    if depth and folder.resolve() == into.resolve():
        return
    if _is_file(folder / SUMS) or _is_file(folder / TAPE):
        yield folder
        return
    try:
        inner = sorted(folder.iterdir()) if depth < _DEEPEST else []
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}", "Give a folder that can be read.") from error
    for one in inner:
        yield from _bundles(one, into, depth + 1)


def _is_file(file: Path) -> bool:
    return file.is_file() and not file.is_symlink()


def _one(bundle: Path, into: Path) -> Merged:
    part = into / f"{_PART}{digest_of(bundle / SUMS)[:16]}" if _is_file(bundle / SUMS) else into / f"{_PART}unfinished"
    shutil.rmtree(part, ignore_errors=True)
    try:
        problems = _copy(bundle, part)
        checked = _checked(part)
        problems += checked.problems
        run_id = checked.run_id
        if run_id is not None and (not _RUN.fullmatch(run_id) or run_id.casefold() == INDEX):
            problems.append(Problem(TAPE, 1, "its run_id is no name of a folder"))
        if problems or run_id is None:
            return Merged(str(bundle), run_id, "refused", tuple(problems))
        target = into / run_id
        if not target.exists():
            part.rename(target)
            return Merged(str(bundle), run_id, "merged")
        if _is_file(target / SUMS) and (target / SUMS).read_bytes() == (part / SUMS).read_bytes():
            return Merged(str(bundle), run_id, "there")
        another = Problem(SUMS, 0, f"another bundle of the run {run_id} is there already, and a run leaves one")
        return Merged(str(bundle), run_id, "refused", (another,))
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _copy(bundle: Path, to: Path) -> list[Problem]:
    """Copy the regular files of a bundle, which may be hostile; what is none of that is a problem."""
    problems: list[Problem] = []
    to.mkdir(mode=0o700)
    for name in sorted(names(bundle, problems)):
        content = read(bundle, name, problems)
        if content is not None:
            (to / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (to / name).write_bytes(content)
    return problems


def _checked(folder: Path) -> Checked:
    checked = verify_bundle(folder)
    further = check_page(folder, checked)
    if not further:
        return checked
    return Checked(checked.run_id, checked.events, checked.files, checked.commit, (*checked.problems, *further))


def _write_index(into: Path) -> list[RunEnd]:
    """Write what every bundle in the folder is about, verified now; anything else in the folder is passed over.

    Returns how each run ended.
    """
    rows, ends = [], []
    for folder in sorted(into.iterdir()):
        if folder.name.startswith(_PART) or folder.is_symlink() or not _is_file(folder / SUMS):
            continue
        checked = _checked(folder)
        ends.append(run_end(folder.name, checked))
        started, closed = event_of(checked.tape, "task_loaded"), event_of(checked.tape, "run_finished")
        task = started.get("task")
        rows.append(
            {
                "folder": folder.name,
                "run_id": checked.run_id,
                "valid": not checked.problems and checked.run_id == folder.name,
                "task": task.get("task_id") if isinstance(task, dict) else None,
                "status": closed.get("status"),
                "exit_code": closed.get("exit_code"),
                "commit": checked.commit,
                "sums_sha256": digest_of(folder / SUMS),
            }
        )
    temporary = into / f".{INDEX}.part"
    try:
        temporary.write_bytes(canonical({"bundles": rows}) + b"\n")
        temporary.replace(into / INDEX)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
    return ends
