"""`agentos plan`: what there is to do, as the jobs of a workflow's matrix; nothing is written, no model is asked."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from agentos_action.pipeline.matrix import Matrix
    from agentos_action.records.base import Base
    from agentos_action.tasks.asked import Folder

EXAMPLE = "agentos plan --recipe docstrings --jobs 4"

#: Without --jobs: enough to be quick, few enough for the free runners of a small project.
JOBS = 8
_FEW = 10
_EVENTS = ("schedule", "push")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_argument_group("what (none of these: the tasks of .agentos/tasks)")
    what.add_argument("tasks", nargs="*", metavar="FILE", help="these task files, from the repository's root")
    what.add_argument("--event", choices=_EVENTS, help="tasks for it (default: the workflow's own event)")
    what.add_argument("--cron", metavar="TEXT", help="tasks for this schedule (default: the event's)")
    what.add_argument("--recipe", metavar="NAME", help="the places of a recipe, shared out by files")
    what.add_argument("--files", nargs="+", metavar="F", help="only in these files")
    what.add_argument("--jobs", type=int, metavar="N", help=f"at most so many jobs for a recipe (default: {JOBS})")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    parser.add_argument("--ref", default="HEAD", metavar="REV", help="the commit that is read (default: HEAD)")
    parser.add_argument(
        "--github-output", action="store_true", help="write matrix and count to the file GITHUB_OUTPUT names"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Find what there is to do, and print it."""
    from agentos_action.errors import EXIT_DONE  # noqa: PLC0415 - not for --help
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    _check(options)
    view = RepoView.open(Path(options.repo))
    base = view.snapshot(view.commit_of(options.ref))
    matrix, why = _matrix(options, base)
    if options.github_output:
        _hand_on(matrix, os.environ)
    _tell(matrix, why, as_json=options.json)
    return EXIT_DONE


def _check(options: argparse.Namespace) -> None:
    """Raise UsageError for options that do not go together."""
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help

    told = {
        "task files": bool(options.tasks),
        "--recipe": options.recipe is not None,
        "--event": options.event is not None,
        "--cron": options.cron is not None,
    }
    given = [name for name, there in told.items() if there]
    if len(given) > 1 and given != ["--event", "--cron"]:
        raise UsageError(f"{' and '.join(given)} are given together", "Give one of them.")
    if options.event == "push" and options.cron is not None:
        raise UsageError("--cron is given for a push", "Only --event schedule has one.")
    if options.recipe is None and (options.files or options.jobs is not None):
        raise UsageError("--files and --jobs go with --recipe", "Add --recipe NAME, or leave them out.")
    if options.github_output and not os.environ.get("GITHUB_OUTPUT"):
        raise UsageError("GITHUB_OUTPUT is not set", "A step of a workflow has it; elsewhere use --json.")


def _matrix(options: argparse.Namespace, base: Base) -> tuple[Matrix, str]:
    """Return the matrix, and in words why it is empty."""
    from agentos_action.pipeline.matrix import Matrix, matrix_of_recipe, matrix_of_tasks  # noqa: PLC0415 - not for --help

    if options.recipe is not None:
        from agentos_action.recipes.registry import load  # noqa: PLC0415 - only for a recipe
        from agentos_action.settings.policy import load_policy  # noqa: PLC0415 - the same

        recipe, policy = load(options.recipe), load_policy(base).policy
        jobs = JOBS if options.jobs is None else options.jobs
        found = matrix_of_recipe(recipe, base, policy, files=options.files or (), jobs=jobs)
        return found, f"the recipe {recipe.id} finds no place that it may fill"
    from agentos_action.tasks.folder import task_at, tasks_in  # noqa: PLC0415 - only for tasks

    if options.tasks:
        return matrix_of_tasks((path, task_at(base, path)) for path in _clean(options.tasks)), ""
    folder = _folder(options, os.environ)
    if isinstance(folder, str):
        return Matrix(()), folder
    rows = ((one.path, one.task) for one in tasks_in(base, event=folder.event, cron=folder.cron))
    at = f" at {folder.cron!r}" if folder.cron else ""
    return matrix_of_tasks(rows), f"no task of .agentos/tasks is for the event {folder.event}{at}"


def _clean(paths: list[str]) -> list[str]:
    return list(dict.fromkeys(path.removeprefix("./") for path in paths))


def _folder(options: argparse.Namespace, environment: Mapping[str, str]) -> Folder | str:
    """Return which tasks of the folder are meant, as a single job's trigger sees it; in words why none is."""
    from agentos_action.records.policy import TriggerRules  # noqa: PLC0415 - not for --help
    from agentos_action.tasks.asked import Folder, Skip, asked_by  # noqa: PLC0415 - the same
    from agentos_action.tasks.own import own_event  # noqa: PLC0415 - the same
    from agentos_action.tasks.payload import read_payload  # noqa: PLC0415 - the same

    name = environment.get("GITHUB_EVENT_NAME", "")
    if options.event is not None or options.cron is not None or name not in _EVENTS:
        return Folder(options.event or "schedule", options.cron)
    payload = read_payload(Path(environment.get("GITHUB_EVENT_PATH", "")))
    ours = own_event(name, payload)
    asked = asked_by(name, payload, TriggerRules())
    if ours is None and isinstance(asked, Folder):
        return asked
    # These two events ask for the folder or for nothing.
    return ours or (asked.why if isinstance(asked, Skip) else f"the event {name} asks for nothing")


def _hand_on(matrix: Matrix, environment: Mapping[str, str]) -> None:
    """Write the job's outputs `matrix` and `count`."""
    from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for --help
    from agentos_action.errors import UsageError  # noqa: PLC0415 - the same
    from agentos_action.report.annotations import output  # noqa: PLC0415 - the same

    delimiter = f"agentos-{secrets.token_hex(20)}"
    told = output("matrix", as_line(matrix.row()).rstrip("\n"), delimiter)
    told += output("count", str(len(matrix.jobs)), delimiter)
    try:
        with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="ascii") as file:
            file.write(told)
    except OSError as error:
        raise UsageError(f"GITHUB_OUTPUT cannot be written: {error.strerror}", "The runner names that file.") from error


def _tell(matrix: Matrix, why: str, *, as_json: bool) -> None:
    """Write the jobs on stdout, as JSON or as a table, and on stderr what is left and why there is none."""
    from agentos_action.entry.fail import as_line, read_by_runner  # noqa: PLC0415 - not for --help
    from agentos_action.report.visible import unobeyed, visible_line  # noqa: PLC0415 - the same

    def say(text: str) -> None:
        line = visible_line(text)
        sys.stderr.write(f"{unobeyed(line) if read_by_runner() else line}\n")

    if as_json:
        sys.stdout.write(as_line(matrix.row()))
    elif matrix.jobs:
        from agentos_action.entry.commands.plan_show import show  # noqa: PLC0415 - rich

        show(matrix.jobs, runner=read_by_runner())
    for alone in matrix.left[:_FEW]:
        say(f"{alone.path}: {alone.reason}")
    if len(matrix.left) > _FEW:
        say(f"and {len(matrix.left) - _FEW} more files without a job")
    say(f"{len(matrix.jobs)} {'job' if len(matrix.jobs) == 1 else 'jobs'}" + (f": {why}" if not matrix.jobs else ""))
