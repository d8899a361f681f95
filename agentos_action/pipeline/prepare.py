"""The first stages: base, policy, task, model, and a recipe's plan; nothing is asked of a model yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentos_action.branches import tip_of
from agentos_action.context.select import read_text, reading_ban
from agentos_action.errors import UsageError
from agentos_action.pipeline.walk import Walk
from agentos_action.records.base import Base
from agentos_action.records.context import ContextFile
from agentos_action.records.patch import FileChange
from agentos_action.records.policy import Policy, check_allowed_glob
from agentos_action.records.recipe import LeftAlone
from agentos_action.records.surroundings import surroundings
from agentos_action.records.task import TaskSource, ToolTask
from agentos_action.records.verdict import Finding
from agentos_action.settings.choose import choose_model
from agentos_action.settings.narrow import narrow
from agentos_action.settings.policy import POLICY_FILE, LoadedPolicy, load_policy
from agentos_action.tasks.file import read_task_file
from agentos_action.tasks.line import task_from_line
from agentos_action.verifier.may_change import may_change

if TYPE_CHECKING:
    from agentos_action.recipes.base import Recipe
    from agentos_action.recipes.drive import Plan
    from agentos_action.settings.choose import ChosenModel


#: Stands for the task's id in a branch name.
TASK = "{task}"


def find_base(walk: Walk) -> Base:
    """Return the files to start from; raises UsageError for a revision that is none."""
    request, repo = walk.request, walk.repo
    if request.target == "worktree":
        return repo.index_snapshot(request.index_file)
    tip = tip_of(repo.raw, walk.branch) if walk.branch else None
    return repo.snapshot(repo.commit_of(request.base) if request.base else tip or repo.commit_of("HEAD"))


def load_narrowed(walk: Walk, task: ToolTask, policy_commit: str) -> LoadedPolicy:
    """Read the policy of that commit, narrowed by the task, and tell of the run's own exceptions."""
    policy_base = walk.repo.snapshot(policy_commit)
    loaded = load_policy(policy_base)
    _warn_of_other_policy(walk, policy_base)
    for pattern in walk.request.allow_path:
        try:
            check_allowed_glob(pattern)
        except ValueError as error:
            raise UsageError(f"--allow-path: {error}", "Name a path or a glob inside the repository.") from error
        walk.observer.warning(walk.folder.redactor.text(f"exception for this run: {pattern!r} may be changed"))
    return replace(loaded, policy=narrow(loaded.policy, task.narrow)) if task.narrow else loaded


def read_task(walk: Walk) -> ToolTask:
    """Read the task; the command line's own words (files, time limit, format) win over the task file's."""
    request = walk.request
    told = {"--task": request.task_file, "--instruction": request.instruction, "--recipe": request.recipe}
    given = [flag for flag, value in told.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} are given together", "Give one of them.")
    if request.task_file is not None:
        task = read_task_file(request.task_file)
    else:
        source: TaskSource = "hook" if request.target == "worktree" else "command line"
        task = task_from_line(request.instruction, request.recipe, source=source)
    own: dict[str, object] = {
        "files": tuple(_clean(path) for path in request.files) or task.files,
        "recipe": request.recipe or task.recipe,
        "edit_format": request.edit_format or task.edit_format,
        "requested_by": request.requested_by,
    }
    if request.timeout is not None:
        own["timeout_seconds"] = request.timeout
    return ToolTask.model_validate({**task.model_dump(exclude_unset=True), **own})


def _warn_of_other_policy(walk: Walk, policy_base: Base) -> None:
    """Warn where the work tree has another policy than the commit: everybody's first try of one."""
    own = walk.repo.workdir / POLICY_FILE if walk.repo.workdir else None
    if own is None or walk.request.workflow is not None or own.is_symlink():
        return
    try:
        there = own.read_bytes()
    except OSError:
        # None there, or none that anybody could mean.
        return
    committed = policy_base.read(POLICY_FILE)
    if committed is None or there.split() != committed.content.split():
        said = f"{POLICY_FILE} in the work tree is not what is committed, and does not count"
        walk.warn(
            Finding(id="policy.uncommitted", severity="warning", path=POLICY_FILE, message=said, hint="Commit it.")
        )


def _clean(path: str) -> str:
    return path.removeprefix("./")


def choose(walk: Walk, policy: Policy, policy_base: Base) -> ChosenModel:
    """Return the model to ask; raises UsageError with what answers on this machine where nobody names one."""
    request = walk.request
    chosen = choose_model(
        flags=request.flags,
        environment=request.environment,
        policy=policy.model,
        embedded=request.embedded,
        addresses=request.addresses,
        base=policy_base,
        home=request.home,
    )
    if chosen is None:
        hint = walk.parts.suggest_model(request)
        raise UsageError("no model is chosen", hint)
    return chosen


def plan_recipe(walk: Walk, recipe: Recipe, task: ToolTask, base: Base, policy: Policy) -> Plan:
    """Find a recipe's places in the files it may read and change."""
    from agentos_action.recipes.drive import Plan, plan  # noqa: PLC0415 - only recipes need it

    hidden = reading_ban(policy.context.unreadable)
    files: list[ContextFile] = []
    left: list[LeftAlone] = []
    for path in task.files or (path for path in base.paths() if recipe.wants(path)):
        reason = _closed(walk, path, task, base, policy) or ("it may not be read" if hidden(path) else None)
        file = None if reason else read_text(base, path)
        if file is not None:
            files.append(file)
        elif task.files:
            left.append(LeftAlone(path, path, 1, reason or "it is not a text file"))
    found = plan(recipe, files)
    return Plan(found.work, (*left, *found.left))


def _closed(walk: Walk, path: str, task: ToolTask, base: Base, policy: Policy) -> str | None:
    version = base.read(path)
    change = FileChange(path, path, version, version)
    findings = may_change(
        path,
        policy,
        surroundings(base, (change,)),
        task_allowed=task.allowed_paths,
        task_forbidden=task.forbidden_paths,
        exceptions=walk.request.allow_path,
    )
    return findings[0].message if findings else None


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a verdict stands on: the files that are changed, the policy as the task narrows it, the task."""

    base: Base
    policy: LoadedPolicy
    task: ToolTask


@dataclass(frozen=True, slots=True)
class Prepared(Grounds):
    """What the first stages found, all there from here on."""

    chosen: ChosenModel
