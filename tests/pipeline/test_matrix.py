"""A matrix: every file in one job at most, evenly shared, within the policy's limits and GitHub's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.pipeline.matrix import (
    MAX_JOBS,
    MAX_NAMES,
    MAX_TEXT,
    Matrix,
    matrix_of_recipe,
    matrix_of_tasks,
    part_id,
)
from agentos_action.recipes.registry import load
from agentos_action.records.model import Prompt
from agentos_action.records.patch import MODE_FILE
from agentos_action.records.policy import ContextRules, Limits, Policy
from agentos_action.records.recipe import Built, LeftAlone, Place
from agentos_action.records.task import ToolTask
from tests.bases import Files

ONE = "def f():\n    return 1\n"
TWO = ONE + "\n\ndef g():\n    return 2\n"
DONE = 'def f():\n    """Return one."""\n    return 1\n'


def shared(files: dict[str, str], jobs: int = 4, policy: Policy | None = None, named: tuple[str, ...] = ()) -> Matrix:
    return matrix_of_recipe(load("docstrings"), Files(files), policy or Policy(), files=named, jobs=jobs)


def task(name: str) -> ToolTask:
    return ToolTask(task_id=name, instruction="Do it", source="file")


@given(
    st.dictionaries(st.text("ab é$", min_size=1, max_size=6), st.integers(1, 5), max_size=12),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(1, 8),
)
def test_every_file_has_one_job_or_is_left(sizes: dict[str, int], jobs: int, most: int, places: int) -> None:
    """Names that no line holds are left; a share is within the limits, unless one file alone is not."""
    files = {
        f"m{name}.py": "".join(f"def f{at}():\n    return 1\n\n\n" for at in range(n)) for name, n in sizes.items()
    }
    limits = Limits(max_files=most, max_hunks=places)
    found = shared(files, jobs, Policy(limits=limits))
    assert len(found.jobs) <= min(jobs, len(files))
    told = Counter([path for job in found.jobs for path in job.files] + [one.path for one in found.left])
    assert told == Counter(path for path in files)
    for job in found.jobs:
        assert job.places == sum(sizes[path[1:-3]] for path in job.files)
        assert len(job.files) == 1 or (len(job.files) <= most and (job.places or 0) <= places)
    counts = [job.places or 0 for job in found.jobs]
    if counts and not found.left and most >= len(files) and places >= sum(sizes.values()):
        assert max(counts) - min(counts) <= max(sizes.values())


def test_the_same_files_have_the_same_id_whatever_their_order() -> None:
    once, again = shared({"a.py": ONE, "b.py": TWO}, 1), shared({"b.py": TWO, "a.py": ONE}, 1)
    assert once == again
    assert once.jobs[0].task == part_id("docstrings", ("b.py", "a.py")) != part_id("docstrings", ("a.py",))
    task(once.jobs[0].task)


def test_closed_unreadable_and_finished_files_get_no_job() -> None:
    policy = Policy(forbidden_paths=("shut/",), context=ContextRules(forbidden_paths=("dark/",)))
    files = {"a.py": ONE, "done.py": DONE, "shut/a.py": ONE, "dark/a.py": ONE, "tests/test_a.py": ONE, "a.txt": ONE}
    assert [job.files for job in shared(files, 4, policy).jobs] == [("a.py",)]
    named = shared(files, 4, policy, ("./a.py", "a.py", "shut/a.py", "dark/a.py"))
    assert [job.files for job in named.jobs] == [("a.py",)]
    assert [one.path for one in named.left] == ["shut/a.py", "dark/a.py"]
    with pytest.raises(UsageError, match=r"none\.py"):
        shared(files, 4, policy, ("none.py",))


def test_hostile_names_stay_what_they_are_or_get_no_job() -> None:
    good = [
        'q"q.py',
        "it's.py",
        "${{ secrets.X }}.py",
        "-x.py",
        "##[error]x.py",
        "a,b.py",
        "ü.py",
        "in ner.py",
    ]
    bad = ["a\nb.py", "a\rb.py", "a\u2028b.py", "a\x1cb.py", " a.py", "\u00a0b.py"]
    found = shared(dict.fromkeys([*good, *bad], ONE), 1)
    row = json.loads(json.dumps(found.row()))["include"][0]
    # As the action's input is read.
    assert sorted(line.strip() for line in row["files"].strip().splitlines() if line.strip()) == sorted(good)
    named = shared(dict.fromkeys([*good, *bad], ONE), 1, None, tuple(bad))
    assert (named.jobs, sorted(one.path for one in named.left)) == ((), sorted(bad))


def test_nothing_to_do_is_an_empty_matrix() -> None:
    assert shared({"a.py": DONE}).row() == {"include": []}
    assert matrix_of_tasks([]).row() == {"include": []}


class Stubs:
    """A recipe that finds one place in every file at once, for a very large base."""

    id = "stubs"
    summary = "one place a file"

    def wants(self, path: str) -> bool:
        return path.endswith(".py")

    def find(self, path: str, text: str) -> tuple[tuple[Place, ...], tuple[LeftAlone, ...]]:
        return (Place(f"{path}::{text}", path, "f", 1, "function"),), ()

    def ask(self, place: Place, text: str) -> Generator[Prompt, str, str | None]:
        raise NotImplementedError(place, text)

    def build(self, path: str, text: str, fillings: Mapping[str, str]) -> Built:
        raise NotImplementedError(path, text, fillings)


class Flat(Files):
    """Files without folders, so that no question walks through all of them."""

    def siblings(self, folder: str) -> tuple[str, ...]:
        return () if folder else tuple(self.paths())

    def mode(self, path: str) -> int | None:
        return MODE_FILE if path.endswith(".py") else None


@pytest.mark.parametrize("jobs", [1, MAX_JOBS])
def test_very_many_files_are_within_what_github_takes(jobs: int) -> None:
    limits = Limits(max_files=10_000, max_hunks=10_000, max_changed_lines=10_000, max_model_calls=10_000)
    files = {f"{at:05}-{'é' * 120}.py": "" for at in range(1_000)}
    found = matrix_of_recipe(Stubs(), Flat(files), Policy(limits=limits), jobs=jobs)
    assert MAX_TEXT / 10 < len(json.dumps(found.row())) <= MAX_TEXT
    assert all(len("\n".join(job.files).encode()) <= MAX_NAMES for job in found.jobs)
    assert sum(len(job.files) for job in found.jobs) + len(found.left) == len(files)
    assert found.left


@pytest.mark.parametrize("jobs", [0, -1, MAX_JOBS + 1])
def test_a_number_of_jobs_that_no_matrix_takes_is_told(jobs: int) -> None:
    with pytest.raises(UsageError, match=f"--jobs is {jobs}"):
        shared({"a.py": ONE}, jobs)


def test_two_tasks_of_one_id_are_told_with_both_files() -> None:
    """Their branches would be one, also where only a file system takes them for the same."""
    with pytest.raises(UsageError, match=r"a\.md and b\.md are both the task 'Same'"):
        matrix_of_tasks([("a.md", task("same")), ("b.md", task("Same"))])


def test_more_tasks_than_a_matrix_takes_are_told() -> None:
    rows = [(f"{at}.md", task(f"t{at}")) for at in range(MAX_JOBS + 1)]
    assert len(matrix_of_tasks(rows[:-1]).jobs) == MAX_JOBS
    with pytest.raises(UsageError, match="257 tasks"):
        matrix_of_tasks(rows)


def test_a_task_file_whose_name_an_input_would_cut_is_told() -> None:
    with pytest.raises(UsageError, match="blanks around"):
        matrix_of_tasks([(" a.md", task("a"))])
