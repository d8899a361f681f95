"""What every run has around its corridor: a repository, a folder of evidence, an end that is always written."""

from __future__ import annotations

from collections.abc import Callable

from agentos_action import __version__
from agentos_action.errors import AgentOSError, Interrupted
from agentos_action.evidence.answers import AnswerLog
from agentos_action.evidence.layout import RunFolder
from agentos_action.evidence.tape import Tape
from agentos_action.interrupts import deferred, was_interrupted
from agentos_action.pipeline.close import close_run
from agentos_action.pipeline.settle import settle
from agentos_action.pipeline.walk import Parts, Walk
from agentos_action.records.observer import Observer
from agentos_action.records.run import RunReport, RunRequest
from agentos_action.redact import Redactor
from agentos_action.repo import RepoView


def walked(request: RunRequest, parts: Parts, observer: Observer, corridor: Callable[[Walk], None]) -> RunReport:
    """Walk a corridor; every AgentOSError and Ctrl-C ends in a report with its evidence closed.

    Raises UsageError only where there is no repository, or no place to write evidence; anything unexpected is
    taped as a bug and passed on.
    """
    started = parts.clock.monotonic()
    repo = RepoView.open(request.repo)
    run_id = parts.clock.new_run_id()
    root = request.evidence or repo.common_dir / "agentos" / "runs"
    folder = RunFolder.create(root, run_id, Redactor(request.secrets), content=request.content)
    tape = Tape(folder, run_id, parts.clock)
    walk = Walk(request, parts, observer, run_id, repo, folder, tape, AnswerLog(folder), started)
    # What stands here unless something else is known: an exception that nobody foresaw goes on to the caller.
    unforeseen = AgentOSError("an unexpected error", "Its log is on the terminal.")
    error: AgentOSError | None = unforeseen
    try:
        settle(repo, observer.warning, writable=request.half != "propose")
        corridor(walk)
        error = None
    except AgentOSError as failure:
        error = failure
    except KeyboardInterrupt:
        error = Interrupted("ended by a signal", _done_so_far(walk))
    finally:
        if error is unforeseen and was_interrupted():
            error = Interrupted("ended by a signal", _done_so_far(walk))
        with deferred(last=True):
            report = close_run(walk, error)
    return report


def begin(walk: Walk, **more: object) -> None:
    """Tape the first event: which version was asked what, and where; `more` is what this way adds."""
    request = walk.request
    walk.event(
        "run_started",
        version=__version__,
        half=request.half,
        dry_run=request.dry_run,
        target=request.target,
        branch=request.branch,
        exceptions=list(request.allow_path),
        content=request.content,
        delivery=request.delivery.way,
        workflow=request.workflow.told() if request.workflow else None,
        **more,
    )


def _done_so_far(walk: Walk) -> str:
    if walk.receipt is not None:
        return f"The commit {walk.receipt.commit} was already made."
    if walk.written:
        return f"Left in the work tree already: {', '.join(walk.written)}."
    return "Nothing was changed."
