"""Narrowing: what a task may ask of its policy: less of anything, more of nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, StrictBool

from agentos_action.records.patch import Rung
from agentos_action.records.policy import AllowedGlobs, Login, Permission, Sandbox, Signing
from agentos_action.records.record import Record


class NarrowLimits(Record, strict=True):
    """Limits of one task; the smaller of task and policy counts."""

    max_files: PositiveInt | None = None
    max_hunks: PositiveInt | None = None
    max_changed_lines: PositiveInt | None = None
    max_diff_bytes: PositiveInt | None = None
    max_answer_bytes: PositiveInt | None = None
    max_line_bytes: PositiveInt | None = None
    max_model_calls: PositiveInt | None = None


class NarrowTrust(Record, strict=True):
    """Who may ask for this task: who satisfies task and policy both."""

    permission: Permission | None = None
    users: Annotated[tuple[Login, ...] | None, Field(strict=False)] = None
    bots: Annotated[tuple[Login, ...] | None, Field(strict=False)] = None


class NarrowChecks(Record, strict=True):
    """Less time for the checks, or the sandbox where the policy does without; a task brings no commands."""

    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] | None = None
    sandbox: Sandbox | None = None


class NarrowCommit(Record, strict=True):
    """On which branches the task may be committed (task and policy must both allow), and whether it must be signed."""

    branches: Annotated[AllowedGlobs, Field(strict=False)] = ()
    sign: Signing | None = None


class Narrowing(Record):
    """Every key of the policy that a task may narrow besides its path lists; what is left out narrows nothing."""

    max_placement: Rung | None = None
    allow_new_files: StrictBool | None = None
    allow_delete: StrictBool | None = None
    allow_rename: StrictBool | None = None
    allow_exec_bit: StrictBool | None = None
    protect_manifests: StrictBool | None = None
    limits: NarrowLimits = Field(default_factory=NarrowLimits)
    trust: NarrowTrust = Field(default_factory=NarrowTrust)
    checks: NarrowChecks = Field(default_factory=NarrowChecks)
    commit: NarrowCommit = Field(default_factory=NarrowCommit)
