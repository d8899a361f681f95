"""Which task a run has: the one that is given, an issue's by its number, or what the event of a workflow asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentos_action.errors import UsageError
from agentos_action.pipeline.event import Cause
from agentos_action.pipeline.trust import asking, can_ask
from agentos_action.pipeline.walk import Walk
from agentos_action.records.policy import TriggerRules, check_allowed_glob, check_forbidden_glob
from agentos_action.records.run import RunRequest
from agentos_action.records.task import TaskSource, ToolTask
from agentos_action.records.verdict import Finding
from agentos_action.tasks.file import read_task_file
from agentos_action.tasks.line import task_from_line
from agentos_action.tasks.thread import issue_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentos_action.tasks.asked import Approved, Asked, File, Folder, Skip, Wanted


@dataclass(frozen=True, slots=True)
class Found:
    """A task, and where it comes from: `given` by whoever runs us, or asked for in a text that somebody approved.

    `pull_request` is the one that it was asked in, and whose branch it starts from; `notes` are warnings.
    """

    task: ToolTask
    given: bool = False
    approved: Approved | None = None
    pull_request: int | None = None
    notes: tuple[Finding, ...] = ()

    @classmethod
    def of(cls, asked: Asked) -> Found:
        """Return what an event asked for."""
        return cls(asked.task, approved=asked.approved, pull_request=asked.pull_request, notes=asked.notes)


def find_task(walk: Walk, cause: Cause | None, triggers: TriggerRules) -> Found | Skip:
    """Return the task of a run, narrowed by what its command line says, or why there is nothing to do.

    Raises UsageError where nobody says what is to be done, DeliveryError where the forge has to be asked and fails.
    """
    request = walk.request
    told = {"--task": request.task_file, "--instruction": request.instruction, "--recipe": request.recipe}
    named = [flag for flag, value in told.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"{' and '.join(named)} are given together", "Give one of them.")
    unasked = cause is None and request.issue is None
    if named or unasked or request.target == "worktree":
        return Found(own_words(_given(request), request, by=request.requested_by), given=True)
    found = asked_for(walk, cause, triggers)
    if not isinstance(found, Found):
        return found
    for note in found.notes:
        walk.warn(note)
    return replace(found, task=own_words(found.task, request, by=found.task.requested_by or request.requested_by))


def _given(request: RunRequest) -> ToolTask:
    if request.task_file is not None:
        return read_task_file(request.task_file)
    source: TaskSource = "hook" if request.target == "worktree" else "command line"
    task = task_from_line(request.instruction, request.recipe, source=source)
    if request.recipe is None or not request.files or request.target == "worktree":
        return task
    from agentos_action.pipeline.matrix import part_id  # noqa: PLC0415 - only for some files of a recipe

    # Each part of a repository has a branch and a pull request of its own.
    files = (path.removeprefix("./") for path in request.files)
    return task.model_copy(update={"task_id": part_id(task.task_id[:48], files)})


def own_words(task: ToolTask, request: RunRequest, *, by: str | None) -> ToolTask:
    """Return a task with the command line's words: its files, time limit and format win, its path lists narrow."""
    own: dict[str, object] = {
        "files": tuple(path.removeprefix("./") for path in request.files) or task.files,
        "recipe": request.recipe or task.recipe,
        "edit_format": request.edit_format or task.edit_format,
        "requested_by": by,
        **paths_of(task, request),
    }
    if request.timeout is not None:
        own["timeout_seconds"] = request.timeout
    return ToolTask.model_validate({**task.model_dump(exclude_unset=True), **own})


def paths_of(task: ToolTask, request: RunRequest) -> dict[str, object]:
    """Return a task's path lists with those of whoever hands it in; raises UsageError for a pattern that is none."""
    lists: tuple[tuple[str, tuple[str, ...], Callable[[str], str]], ...] = (
        ("--allowed-paths", request.allowed_paths, check_allowed_glob),
        ("--forbidden-paths", request.forbidden_paths, check_forbidden_glob),
    )
    for flag, patterns, checked in lists:
        for pattern in patterns:
            try:
                checked(pattern)
            except ValueError as error:
                raise UsageError(f"{flag}: {error}", "Name paths or globs inside the repository.") from error
    within = request.allowed_paths or task.within
    forbidden = tuple(dict.fromkeys((*task.forbidden_paths, *request.forbidden_paths)))
    return {"within": within, "forbidden_paths": forbidden}


def asked_for(walk: Walk, cause: Cause | None, triggers: TriggerRules) -> Found | Skip:
    """Return what an issue, an event or the repository's own folder of tasks asks for."""
    from agentos_action.tasks.asked import Asked, Skip  # noqa: PLC0415 - a given task needs no Markdown parser

    found = _wish(walk, cause, triggers)
    if isinstance(found, Skip):
        return found
    if isinstance(found, Asked):
        return Found.of(found)
    return _looked_up(walk, found)


def _wish(walk: Walk, cause: Cause | None, triggers: TriggerRules) -> Asked | Wanted | Folder | File | Skip:
    from agentos_action.tasks.asked import Wanted, asked_by  # noqa: PLC0415 - the same

    wanted = walk.request.issue
    if cause is None:
        return Wanted(wanted or 0, "issue", walk.request.requested_by)
    about = issue_in(cause.payload)
    if wanted is not None and about is None:
        actors = cause.event.actors
        return Wanted(wanted, "issue", actors[0].login if actors else None)
    if wanted not in {None, about}:
        said = f"the event is about issue {about}, and --issue asks for {wanted}, whose text nobody approved in it"
        raise UsageError(said, "Leave --issue out, or give the task with --instruction or --task.")
    return asked_by(cause.event.name, cause.payload, triggers)


def _looked_up(walk: Walk, found: Wanted | Folder | File) -> Found | Skip:
    from agentos_action.tasks.asked import File, Wanted  # noqa: PLC0415 - the same

    if isinstance(found, Wanted):
        answered(walk, found.issue)
        return fetched(walk, found)
    if isinstance(found, File):
        return _of_file(walk, found)
    return _of_folder(walk, found)


def answered(walk: Walk, issue: int) -> None:
    """Let an issue that was asked for by its number be answered, where nothing else is."""
    request = walk.request
    if request.delivery.way != "none" and request.delivery.issue is None:
        walk.request = replace(request, delivery=replace(request.delivery, issue=issue))


def fetched(walk: Walk, wanted: Wanted) -> Found:
    """Return the task of an issue as it stands now; who asks for it by its number approves it.

    Raises DeliveryError where the forge does not show it.
    """
    from agentos_action.tasks.asked import task_of_issue  # noqa: PLC0415 - the same

    if not can_ask(walk):
        hint = "Set GITHUB_TOKEN (the input github-token), and GITHUB_REPOSITORY or --repository."
        raise UsageError(f"issue {wanted.issue} can be read with a token for its repository only", hint)
    with asking(walk) as forge:
        issue = forge.issue(wanted.issue)
    if issue.is_pull_request:
        hint = "Comment `/agentos …` on it, or give the task with --instruction and --base."
        raise UsageError(f"{wanted.issue} is a pull request and no issue", hint)
    asked = task_of_issue(issue.number, issue.title, issue.body, source=wanted.source, requested_by=wanted.requested_by)
    # What was read this moment is not compared once more.
    return replace(Found.of(asked), approved=None)


def _of_folder(walk: Walk, folder: Folder) -> Found | Skip:
    """Return the one task that stands in the repository for this event."""
    from agentos_action.tasks.asked import Skip  # noqa: PLC0415 - the same
    from agentos_action.tasks.folder import tasks_in  # noqa: PLC0415 - the same

    base = walk.repo.snapshot(walk.repo.commit_of(walk.request.base or "HEAD"))
    found = tasks_in(base, event=folder.event, cron=folder.cron)
    if not found:
        when = f" ({folder.cron})" if folder.cron else ""
        return Skip(f"no task in .agentos/tasks is for the event {folder.event!r}{when}")
    if len(found) > 1:
        listed = ", ".join(one.path for one in found)
        hint = "A run has one task: let `agentos plan` make a job of each, or name one with --task."
        raise UsageError(f"{len(found)} tasks are for the event {folder.event!r}: {listed}", hint)
    return Found(found[0].task)


def _of_file(walk: Walk, file: File) -> Found:
    """Return the task of a file in the repository, as it is in the commit that the run starts from."""
    from agentos_action.tasks.folder import task_at  # noqa: PLC0415 - the same

    base = walk.repo.snapshot(walk.repo.commit_of(walk.request.base or "HEAD"))
    return Found(task_at(base, file.path).model_copy(update={"source": file.source, "requested_by": file.requested_by}))


def asked_base(walk: Walk, pull_request: int) -> str:
    """Return the tip of a pull request's branch, which a task that was asked in it starts from; names it in the walk.

    Raises UsageError for one that is closed or of a fork, or where its tip is not in this clone.
    """
    if not can_ask(walk):
        hint = "Give a token (GITHUB_TOKEN, or the input github-token), or name the branch with --base."
        raise UsageError(f"from which branch pull request {pull_request} comes is not known", hint)
    forge = walk.request.forge
    with asking(walk) as asked:
        pull = asked.pull(pull_request)
    head = pull.head
    if pull.state != "open":
        # Its branch may be gone, and the model would be asked for nothing.
        raise UsageError(f"pull request {pull_request} is closed", "Reopen it, or ask in an issue.")
    if head.repo is None or head.repo.full_name.casefold() != forge.repository.casefold():
        hint = "Take its commits into a branch of this repository, and ask there."
        raise UsageError(f"pull request {pull_request} comes from a fork, where nothing is written", hint)
    if walk.repo.commit_facts(head.sha) is None:
        hint = "Let actions/checkout fetch every branch (fetch-depth: 0)."
        raise UsageError(f"the tip of pull request {pull_request} ({head.sha[:10]}) is not in this clone", hint)
    walk.asked_base = f"{walk.request.delivery.remote}/{head.ref}"
    return head.sha
