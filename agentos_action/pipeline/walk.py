"""One run under way: what it was asked, what it stands on, what each stage has found so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentos_action.clock import Clock
from agentos_action.errors import ToolError
from agentos_action.evidence.answers import AnswerLog
from agentos_action.evidence.layout import RunFolder
from agentos_action.evidence.tape import EventName, Tape
from agentos_action.executor.guard import Change
from agentos_action.interrupts import deferred
from agentos_action.pipeline.ask import Asked, Session
from agentos_action.records.base import Base
from agentos_action.records.check import CheckResult
from agentos_action.records.delivery import Delivered
from agentos_action.records.observer import Observer
from agentos_action.records.patch import Patch
from agentos_action.records.receipt import Receipt
from agentos_action.records.run import RunRequest, RunStatus
from agentos_action.records.task import ToolTask
from agentos_action.records.tool import ToolResult
from agentos_action.records.verdict import Finding, Verdict
from agentos_action.repo import RepoView
from agentos_action.settings.policy import LoadedPolicy

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter, OpenWorkspace
    from agentos_action.executor.commit import Executor
    from agentos_action.recipes.base import Recipe
    from agentos_action.recipes.drive import Plan
    from agentos_action.settings.choose import ChosenModel


@dataclass(frozen=True, slots=True)
class Parts:
    """The concrete parts of a run, named in `wiring.py`.

    `open_adapter` may start a server and ends it; it is handed the way to an export for an agent command.
    `boundary_full` treats every tool as one that runs as a program: any change of the repository meanwhile is its own.
    `mock` says that a gate's mock answers in a model's place, which the tool's result then tells.
    """

    clock: Clock
    open_adapter: Callable[[ChosenModel, RunRequest, Observer, OpenWorkspace], AbstractContextManager[Adapter]]
    load_recipe: Callable[[str], Recipe]
    open_executor: Callable[[Path], Executor]
    suggest_model: Callable[[RunRequest], str]
    boundary_full: bool = False
    mock: bool = False


@dataclass(slots=True)
class Walk:
    """The state of one run; a stage reads what came before it and adds its own.

    `branch` is the one to commit on (None: the checked-out one), `asked_base` the base that the event chose (a pull
    request's branch at the remote), `parent` the run whose proposal is committed or whose commit is delivered;
    `refused` is why it goes no further (who asks may not, the text was edited, a check failed); `acting` are those who
    act in the event, until the tape tells of them.
    """

    request: RunRequest
    parts: Parts
    observer: Observer
    run_id: str
    repo: RepoView
    folder: RunFolder
    tape: Tape
    log: AnswerLog
    started: float
    timing: dict[str, int] = field(default_factory=dict)
    base: Base | None = None
    policy: LoadedPolicy | None = None
    task: ToolTask | None = None
    chosen: ChosenModel | None = None
    recipe: Recipe | None = None
    plan: Plan | None = None
    session: Session | None = None
    asked: Asked | None = None
    boundary: tuple[Change, ...] = ()
    dispatched: bool = False
    tool_error: ToolError | None = None
    result: ToolResult | None = None
    patch: Patch | None = None
    verdict: Verdict | None = None
    branch: str | None = None
    asked_base: str | None = None
    checks: tuple[CheckResult, ...] = ()
    refused: tuple[Finding, ...] = ()
    acting: tuple[Mapping[str, object], ...] = ()
    parent: str | None = None
    receipt: Receipt | None = None
    written: tuple[str, ...] = ()
    delivered: Delivered | None = None
    pull_request_url: str | None = None
    warnings: list[Finding] = field(default_factory=list)
    status: RunStatus = "bug"
    message: str = ""

    @property
    def commits(self) -> bool:
        """Whether the run is meant to end in a commit."""
        return self.request.target == "commit" and self.request.half != "propose" and not self.request.dry_run

    @property
    def wrote_files(self) -> bool:
        """Whether files, index, config or hooks changed while the tool ran, as measured."""
        return any(change.area in {"files", "index", "config", "hooks"} for change in self.boundary)

    @property
    def committed(self) -> bool:
        """Whether HEAD or a ref changed while the tool ran, as measured."""
        return any(change.area in {"HEAD", "refs"} for change in self.boundary)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the time a block takes to `timing` under this name, in milliseconds."""
        before = self.parts.clock.monotonic()
        try:
            yield
        finally:
            spent = round((self.parts.clock.monotonic() - before) * 1000)
            self.timing[name] = self.timing.get(name, 0) + spent

    def event(self, name: EventName, **data: Any) -> str:  # noqa: ANN401 - any JSON value
        """Tape an event and return its hash."""
        # A Ctrl-C between the line and its place in the chain would break the chain.
        with self.timed("evidence"), deferred():
            if "asked_by" in data:
                self.acting = ()
            return self.tape.write(name, data)

    def warn(self, finding: Finding) -> None:
        """Keep a warning for the report and say it now, its id last."""
        self.warnings.append(finding)
        said = f"{finding.message.removesuffix('.')}. {finding.hint}".strip()
        self.observer.warning(self.folder.redactor.text(f"{said} [{finding.id}]"))
