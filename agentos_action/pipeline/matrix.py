"""What there is to do → the jobs of a workflow's matrix: one a task, or a recipe's files shared out; no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agentos_action.context.select import require_files
from agentos_action.errors import UsageError
from agentos_action.pipeline.prepare import open_files
from agentos_action.recipes.base import Recipe
from agentos_action.recipes.drive import LATER, plan
from agentos_action.records.base import Base
from agentos_action.records.policy import Limits, Policy
from agentos_action.records.recipe import LeftAlone
from agentos_action.records.task import ToolTask
from agentos_action.tasks.line import task_from_line

#: GitHub makes no more jobs of one matrix.
MAX_JOBS = 256
#: GitHub takes a job's output of 1 MB, counted in UTF-16; the text is ASCII, so that each sign counts two.
MAX_TEXT = 1024 * 1024 // 2
#: The names of one job travel in one environment variable, which Linux lets have 128 KiB.
MAX_NAMES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """One job: the task's id, and the task file, or the recipe with its files and the number of their places."""

    task: str
    task_file: str = ""
    recipe: str = ""
    files: tuple[str, ...] = ()
    places: int | None = None

    def row(self) -> dict[str, str | int]:
        """Return the job as the matrix has it; every text is there, also an empty one, so that `with:` can name it."""
        told: dict[str, str | int] = {
            "task": self.task,
            "task-file": self.task_file,
            "recipe": self.recipe,
            "files": "\n".join(self.files),
        }
        return told if self.places is None else {**told, "places": self.places}


@dataclass(frozen=True, slots=True)
class Matrix:
    """All jobs, and the files that get none this time, each with the reason."""

    jobs: tuple[Job, ...]
    left: tuple[LeftAlone, ...] = ()

    def row(self) -> dict[str, list[dict[str, str | int]]]:
        """Return what `fromJSON` gives to `strategy.matrix`."""
        return {"include": [job.row() for job in self.jobs]}


def matrix_of_tasks(found: Iterable[tuple[str, ToolTask]]) -> Matrix:
    """Make a job of each task file, given as (path, task).

    Raises UsageError for two tasks of one id (they would meet on one branch), and for more than a matrix takes.
    """
    jobs: dict[str, Job] = {}
    for path, task in found:
        if path != path.strip():
            raise UsageError(f"blanks around the name of {path!r} get lost on the way to its job", "Rename it.")
        other = jobs.setdefault(task.task_id.casefold(), Job(task.task_id, task_file=path))
        if other.task_file != path:
            said = f"{other.task_file} and {path} are both the task {task.task_id!r}"
            raise UsageError(said, 'Give one of them another id = "…" in its front matter.')
    if len(jobs) > MAX_JOBS:
        hint = 'Name some of them: agentos plan FILE…; or give them different schedules with cron = "…".'
        raise UsageError(f"there are {len(jobs)} tasks, and a matrix takes {MAX_JOBS} jobs", hint)
    return _fitting(Matrix(tuple(jobs.values())))


def matrix_of_recipe(recipe: Recipe, base: Base, policy: Policy, *, files: Sequence[str] = (), jobs: int) -> Matrix:
    """Share a recipe's files out over at most `jobs` jobs, with about as many places in each.

    None gets more than one run may do under the policy's limits; what is too much for all of them is left. Raises
    UsageError for a named file that the base does not have, and for a number of jobs that no matrix takes.
    """
    if not 1 <= jobs <= MAX_JOBS:
        raise UsageError(f"--jobs is {jobs}", f"A matrix takes 1 to {MAX_JOBS} jobs.")
    named = tuple(dict.fromkeys(path.removeprefix("./") for path in files))
    task = task_from_line(None, recipe.id).model_copy(update={"files": named})
    require_files(task, base)
    left: list[LeftAlone] = []
    # A name that the policy opens is one line without blanks around it, so that an input can hold several.
    found = plan(recipe, open_files(recipe, task, base, policy, left))
    sizes = [(len(places), file.path) for file, places in found.work]
    shares, late = _shared_out(sizes, min(jobs, len(sizes)), policy.limits)
    left += [LeftAlone(path, path, 1, f"{LATER}: {jobs} jobs within the policy's limits are full") for path in late]
    made = (Job(part_id(recipe.id, paths), "", recipe.id, paths, places) for places, paths in shares)
    return _fitting(Matrix(tuple(sorted(made, key=lambda job: job.files)), tuple(left)))


def part_id(recipe: str, files: Iterable[str]) -> str:
    """Return the id of a recipe on these files: the same for the same files, so that its branch is found again."""
    told = "\n".join(sorted(files)).encode("utf-8", "surrogateescape")
    return f"{recipe}-{hashlib.sha256(told).hexdigest()[:8]}"


@dataclass(slots=True)
class _Share:
    places: int
    paths: list[str]
    signs: int

    def takes(self, places: int, signs: int, limits: Limits) -> bool:
        """Tell whether a file still fits; one with more places than a run fills is a share by itself."""
        if not self.paths:
            return True
        most = min(limits.max_hunks, limits.max_changed_lines, limits.max_model_calls)
        full = len(self.paths) >= limits.max_files or self.places + places > most
        return not full and self.signs + signs <= MAX_NAMES


def _shared_out(
    sizes: Iterable[tuple[int, str]], shares: int, limits: Limits
) -> tuple[list[tuple[int, tuple[str, ...]]], list[str]]:
    """Put the largest file first, each into the share with the fewest places that takes it; return also those left."""
    made = [_Share(0, [], 0) for _ in range(shares)]
    late: list[str] = []
    room = MAX_TEXT - shares * len(json.dumps(Job("x" * 64, "", "x" * 64, (), 10**9).row()))
    for places, path in sorted(sizes, key=lambda size: (-size[0], size[1])):
        signs = len(json.dumps(path))
        open_ones = (share for share in made if share.takes(places, signs, limits))
        share = min(open_ones, key=lambda share: share.places, default=None) if signs <= room else None
        if share is None:
            late.append(path)
            continue
        share.paths.append(path)
        share.places += places
        share.signs += signs
        room -= signs
    return [(share.places, tuple(sorted(share.paths))) for share in made if share.paths], sorted(late)


def _fitting(matrix: Matrix) -> Matrix:
    """Return the matrix; raises UsageError where its text is more than a job's output may be."""
    size = len(json.dumps(matrix.row()))
    if size > MAX_TEXT:
        raise UsageError(f"the matrix has {size} signs, and an output may have {MAX_TEXT}", "Plan fewer files.")
    return matrix
