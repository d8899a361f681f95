"""The first stages: base, policy, model, and a recipe's plan; nothing is asked of a model yet."""

from __future__ import annotations

from collections.abc import Iterator
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
from agentos_action.records.task import ToolTask
from agentos_action.records.verdict import Finding
from agentos_action.settings.choose import choose_model
from agentos_action.settings.narrow import narrow
from agentos_action.settings.policy import POLICY_FILE, LoadedPolicy, load_policy
from agentos_action.verifier.may_change import may_change

if TYPE_CHECKING:
    from agentos_action.recipes.base import Recipe
    from agentos_action.recipes.drive import Plan
    from agentos_action.settings.choose import ChosenModel


#: As long as one of the policy's own checks may be.
MAX_COMMAND = 4_000
#: Stands for the task's id in a branch name.
TASK = "{task}"


def find_base(walk: Walk, asked: str | None = None) -> Base:
    """Return the files to start from; raises UsageError for a revision that is none.

    `asked` is the commit that the event chose; --base has the last word.
    """
    request, repo = walk.request, walk.repo
    if request.target == "worktree":
        return repo.index_snapshot(request.index_file)
    if request.base:
        return repo.snapshot(repo.commit_of(request.base))
    tip = tip_of(repo.raw, walk.branch) if walk.branch else None
    return repo.snapshot(asked or tip or repo.commit_of("HEAD"))


def narrowed(loaded: LoadedPolicy, task: ToolTask) -> LoadedPolicy:
    """Return a policy as its task narrows it."""
    return replace(loaded, policy=narrow(loaded.policy, task.narrow)) if task.narrow else loaded


def with_own_checks(loaded: LoadedPolicy, commands: tuple[str, ...]) -> LoadedPolicy:
    """Return a policy whose checks are also those of this run (--check); raises UsageError for a command that is none.

    The digest stays that of the policy's text: the tape tells the run's own checks beside it.
    """
    if not commands:
        return loaded
    for command in commands:
        if not command.strip() or "\0" in command or len(command) > MAX_COMMAND:
            hint = f"Give a line for sh of at most {MAX_COMMAND} characters."
            raise UsageError(f"--check: {command[:80]!r} is no command", hint)
    rules = loaded.policy.checks
    both = tuple(dict.fromkeys((*rules.commands, *commands)))
    return replace(loaded, policy=replace(loaded.policy, checks=replace(rules, commands=both)))


def load(walk: Walk, policy_commit: str) -> LoadedPolicy:
    """Read the policy of that commit, and tell of the run's own exceptions."""
    policy_base = walk.repo.snapshot(policy_commit)
    loaded = load_policy(policy_base)
    _warn_of_other_policy(walk, policy_base)
    for pattern in walk.request.allow_path:
        try:
            check_allowed_glob(pattern)
        except ValueError as error:
            raise UsageError(f"--allow-path: {error}", "Name a path or a glob inside the repository.") from error
        walk.observer.warning(walk.folder.redactor.text(f"exception for this run: {pattern!r} may be changed"))
    return loaded


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

    left: list[LeftAlone] = []
    found = plan(recipe, open_files(recipe, task, base, policy, left, exceptions=walk.request.allow_path))
    return Plan(found.work, (*left, *found.left))


def open_files(  # noqa: PLR0913 - what a file is held against
    recipe: Recipe,
    task: ToolTask,
    base: Base,
    policy: Policy,
    left: list[LeftAlone],
    *,
    exceptions: tuple[str, ...] = (),
) -> Iterator[ContextFile]:
    """Yield the files that a recipe may read and change; why one that the task names is none goes to `left`."""
    hidden = reading_ban(policy.context.unreadable)
    for path in task.files or (path for path in base.paths() if recipe.wants(path)):
        reason = _closed(path, task, base, policy, exceptions) or ("it may not be read" if hidden(path) else None)
        file = None if reason else read_text(base, path)
        if file is not None:
            yield file
        elif task.files:
            left.append(LeftAlone(path, path, 1, reason or "it is not a text file"))


def _closed(path: str, task: ToolTask, base: Base, policy: Policy, exceptions: tuple[str, ...]) -> str | None:
    version = base.read(path)
    change = FileChange(path, path, version, version)
    findings = may_change(
        path,
        policy,
        surroundings(base, (change,)),
        task_allowed=task.allowed_paths,
        task_forbidden=task.forbidden_paths,
        task_within=task.within,
        exceptions=exceptions,
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
