"""`agentos hook run|docstrings`: a task on the staged files; its change is left in the work tree, as formatters do."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.context.select import read_text, reading_ban
from agentos_action.entry.commands import run as run_command
from agentos_action.entry.fail import as_line
from agentos_action.entry.request import addresses_in, cache_folder, home_folder, index_file, wish, wish_of
from agentos_action.errors import EXIT_DONE, EXIT_REJECTED, UsageError
from agentos_action.executor.worktree import is_as
from agentos_action.recipes.registry import load
from agentos_action.records.patch import FileChange
from agentos_action.records.surroundings import surroundings
from agentos_action.repo import RepoView
from agentos_action.report.visible import harmless_line
from agentos_action.settings.choose import choose_model
from agentos_action.settings.policy import load_policy
from agentos_action.tasks.file import read_task_file
from agentos_action.verifier.may_change import may_change

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.base import Base
    from agentos_action.records.policy import Policy
    from agentos_action.records.profile import Profile
    from agentos_action.records.run import RunReport
    from agentos_action.records.task import ToolTask

#: Somebody waits for a commit; a task that says how long it may take is asked for that.
SECONDS = 60.0

_INSTALL = "agentos model install smollm2-135m"


def execute(options: argparse.Namespace) -> int:
    """Run on the index; exit 1 where files changed, so that the commit waits for them to be staged."""
    if not options.files:
        return _told(options, "no staged file is left to a model", "")
    _fill(options)
    repo = RepoView.open(Path(options.repo))
    if repo.unborn:
        return _skipped(options, "this is the first commit", "")
    _told_apart(sys.argv[1:], repo.index_snapshot(index_file(os.environ)))
    policy = load_policy(repo.snapshot(repo.commit_of("HEAD"))).policy
    task = read_task_file(Path(options.task)) if options.task else None
    options.files = _as_staged(_meant(options, repo, policy, task), repo)
    if not options.files:
        return _told(options, "no staged file is left to a model", "")
    if options.timeout is None:
        own = task is not None and "timeout_seconds" in task.model_fields_set
        options.timeout = task.timeout_seconds if task is not None and own else SECONDS
    missing = _missing_model(options, repo, policy)
    if missing is not None and not options.strict:
        return _skipped(options, *missing)
    return _came_to(run_command.perform(options, target="worktree"), options)


def _told_apart(words: list[str], base: Base) -> None:
    """Raise UsageError where an option is also the name of a staged file, which then says whom to ask.

    pre-commit writes the names behind the hook's own arguments as they are; behind `--` all are names.
    """
    if "--" in words and base.mode("--") is None:
        return
    name = next((word for word in words if word.startswith("-") and base.mode(word) is not None), None)
    if name is not None:
        hint = "Rename it, or end the hook's args with `--`: what follows is names."
        raise UsageError(f"{name!r} is a file here, and reads as an option", hint)


def _came_to(report: RunReport, options: argparse.Namespace) -> int:
    """Return the hook's exit code, and tell who waits for a commit what to do."""
    if report.status == "applied":
        sys.stderr.write("agentos: look at the change, `git add` it, and commit again\n")
        return EXIT_REJECTED
    if report.status == "rejected":
        sys.stderr.write(f"agentos: nothing was changed; without this hook: SKIP=agentos-{options.what} git commit\n")
    if report.status == "tool_failed" and not options.strict:
        sys.stderr.write("agentos: skipped, because the model did not answer (--strict makes this an error)\n")
        return EXIT_DONE
    return report.exit_code


def _fill(options: argparse.Namespace) -> None:
    """Add what a run may be asked and a hook is not."""
    for name in ("task", "recipe", "instruction", "answer"):
        setattr(options, name, getattr(options, name, None))
    for name in ("base", "branch", "policy_ref", "allow_path", "edit_format"):
        setattr(options, name, None)
    for name in ("issue", "allowed_paths", "forbidden_paths", "check"):
        setattr(options, name, None)
    options.dry_run = options.no_content = False
    if options.what == "docstrings":
        options.recipe = "docstrings"
        options.embedded = options.embedded or not (options.provider or options.profile or options.base_url)


def _meant(options: argparse.Namespace, repo: RepoView, policy: Policy, task: ToolTask | None) -> list[str]:
    """Return those of the staged files that a model can be shown and may change, the task's where it names any.

    What else pre-commit names (submodules, links, binaries, files that go away) is no affair of a model's.
    """
    base = repo.index_snapshot(index_file(os.environ))
    hidden = reading_ban(policy.context.unreadable)
    named = [path.removeprefix("./") for path in options.files]
    if task is not None and task.files:
        named = [path for path in named if path in task.files]
    recipe = options.recipe or (task.recipe if task is not None else None)
    if recipe is not None:
        named = [path for path in named if load(recipe).wants(path)]
    return [
        path
        for path in dict.fromkeys(named)
        if not hidden(path) and read_text(base, path) is not None and _open(path, base, policy, task)
    ]


def _as_staged(paths: list[str], repo: RepoView) -> list[str]:
    """Return the files that the work tree holds as they are staged, and tell of the others: no change fits these."""
    base, top = repo.index_snapshot(index_file(os.environ)), repo.require_workdir()
    same = []
    for path in paths:
        old = base.read(path)
        try:
            fits = old is not None and is_as(top, path, old.content)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}", "Check its permissions.") from error
        if fits:
            same.append(path)
            continue
        sys.stderr.write(
            f"agentos: left alone: {harmless_line(path)} differs from what is staged (an earlier hook changed it, or"
            " git stores it in another form)\n  after a hook: `git add` it, and commit again\n"
        )
    return same


def _open(path: str, base: Base, policy: Policy, task: ToolTask | None) -> bool:
    """Return whether policy and task let a model change the file at all."""
    version = base.read(path)
    around = surroundings(base, (FileChange(path, path, version, version),))
    if task is None:
        return not may_change(path, policy, around)
    return not may_change(
        path,
        policy,
        around,
        task_allowed=task.allowed_paths,
        task_forbidden=task.forbidden_paths,
        task_within=task.within,
    )


def _missing_model(options: argparse.Namespace, repo: RepoView, policy: Policy) -> tuple[str, str] | None:
    """Return why there is nobody to ask, and what to do; None where somebody is chosen.

    A recipe falls back to the embedded model, which can do those; a free task does not.
    """
    if options.answer or options.gguf:
        return None
    chosen = choose_model(
        flags=wish(options.profile, options.provider, options.model, options.base_url),
        environment=wish_of(os.environ),
        policy=policy.model,
        embedded=options.embedded,
        base=repo.snapshot(repo.commit_of("HEAD")),
        home=home_folder(os.environ),
        addresses=addresses_in(os.environ),
    )
    if chosen is None and options.recipe is None:
        return "no model is chosen", "Name one in agentos.toml ([model]), or by --provider in the hook's args."
    if chosen is None:
        options.embedded = True
        return _missing_model(options, repo, policy)
    profile = chosen.profile
    if profile.sidecar_model is not None and profile.base_url is None and not _installed(profile):
        return "no model is installed here", _INSTALL
    return None


def _installed(profile: Profile) -> bool:
    from agentos_action.sidecar import models  # noqa: PLC0415 - only where the embedded server is meant

    name = profile.model or profile.sidecar_model
    return any(name == model.name for model in models.installed(cache_folder() / "models"))


def _skipped(options: argparse.Namespace, why: str, hint: str) -> int:
    """Say why nothing was done, which is no failure."""
    sys.stderr.write(f"agentos: skipped, because {why}\n" + (f"  {hint}\n" if hint else ""))
    return _told(options, why, hint)


def _told(options: argparse.Namespace, why: str, hint: str) -> int:
    """Tell a program why nothing was done; for a person, most commits have nothing to do with a model."""
    if options.json:
        sys.stdout.write(as_line({"status": "skipped", "exit_code": EXIT_DONE, "message": why, "hint": hint}))
    return EXIT_DONE
