"""What a run is asked to do (one frozen request) and what it came to (one report)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field

from agentos_action.errors import ErrorCategory
from agentos_action.records.check import CheckResult
from agentos_action.records.delivery import Delivered, Delivery, Forge
from agentos_action.records.patch import Placed, Rung
from agentos_action.records.recipe import LeftAlone
from agentos_action.records.record import Record
from agentos_action.records.task import EditFormat
from agentos_action.records.tool import Usage
from agentos_action.records.verdict import Finding

RunStatus: TypeAlias = Literal[
    "committed",
    "applied",
    "dry_run",
    "no_change",
    "rejected",
    "usage",
    "tool_failed",
    "conflict",
    "boundary_violated",
    "bug",
    "interrupted",
]
Target: TypeAlias = Literal["commit", "worktree"]
Half: TypeAlias = Literal["run", "propose", "commit", "deliver"]
#: Begins the message of a run with nothing to do for us, of which nobody is told but the evidence.
SKIPPED = "skipped: "


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWish:
    """Which model one source asks for (flags, environment, or a file); None where it is silent."""

    profile: str | None = None
    provider: str | None = None
    instance: str | None = None
    model: str | None = None
    base_url: str | None = None

    @property
    def silent(self) -> bool:
        """Whether this source says nothing at all."""
        return not (self.profile or self.provider or self.model or self.base_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The workflow run that we are a step of, as its environment tells.

    `event_file` is what set it off, `sha` the commit that the forge runs it on.
    """

    repository: str
    run_id: str
    event: str
    event_file: Path | None = None
    sha: str | None = None

    def told(self) -> dict[str, str]:
        """Return what evidence tells of it."""
        return {"repository": self.repository, "run_id": self.run_id, "event": self.event}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Everything argv, environment and event said about one run, read once.

    Without `content` evidence keeps digests of prompts, answers and diff, and no text that may quote them.
    `half` says how much of the way is walked; `proposal` is the bundle that the half `commit` begins with. `identity`
    holds git's own variables that name author and committer, `addresses` those that the environment gives providers.
    `issue` is the one to read the task from where none is given; path lists and `checks` narrow the policy further.
    `gguf` is a file for the embedded server, of the digest `gguf_sha256`; `context_tokens` is how many that one takes.
    """

    repo: Path
    task_file: Path | None = None
    instruction: str | None = None
    recipe: str | None = None
    files: tuple[str, ...] = ()
    base: str | None = None
    branch: str | None = None
    flags: ModelWish = field(default_factory=ModelWish)
    environment: ModelWish = field(default_factory=ModelWish)
    api_keys: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    embedded: bool = False
    sidecar_binary: Path | None = None
    gguf: Path | None = None
    gguf_sha256: str | None = None
    context_tokens: int | None = None
    threads: int | None = None
    timeout: float | None = None
    policy_ref: str | None = None
    answer: Path | None = None
    allow_path: tuple[str, ...] = ()
    edit_format: EditFormat | None = None
    evidence: Path | None = None
    dry_run: bool = False
    content: bool = True
    half: Half = "run"
    target: Target = "commit"
    proposal: Path | None = None
    workflow: Workflow | None = None
    identity: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    index_file: Path | None = None
    home: Path = Path()
    cache: Path = Path()
    requested_by: str | None = None
    delivery: Delivery = field(default_factory=Delivery)
    forge: Forge = field(default_factory=Forge)
    issue: int | None = None
    allowed_paths: tuple[str, ...] = ()
    forbidden_paths: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


class RunReport(Record):
    """The outcome of one run: the object that `--json` prints."""

    status: RunStatus
    exit_code: int
    error_category: ErrorCategory | None = None
    raw_error_code: str | None = None
    message: str
    hint: str = ""
    run_id: str | None = None
    task: str = ""
    evidence: str | None = None
    findings: tuple[Finding, ...] = ()
    diff: str = ""
    files: tuple[str, ...] = ()
    policy: str | None = None
    commit: str | None = None
    branch: str | None = None
    model_id: str | None = None
    requested_model: str | None = None
    usage: Usage = Field(default_factory=Usage)
    timing_ms: dict[str, int] = Field(default_factory=dict)
    placed: tuple[str, ...] = ()
    left: tuple[LeftAlone, ...] = ()
    placement: Rung | None = None
    placements: tuple[Placed, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    parent: str | None = None
    delivery: Delivered | None = None
    pull_request_url: str | None = None
