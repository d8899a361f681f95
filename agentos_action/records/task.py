"""ToolTask: what is asked, of which files, within which paths, by whom."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from agentos_action.records.narrowing import Narrowing
from agentos_action.records.policy import AllowedGlobs, ForbiddenGlobs
from agentos_action.records.record import Record

TaskSource: TypeAlias = Literal["file", "issue", "comment", "dispatch", "hook", "command line"]
EditFormat: TypeAlias = Literal["auto", "unified_diff", "search_replace", "codex", "structured", "whole_file"]


class ToolTask(Record):
    """One task; its path lists and `narrow` only narrow the policy, an empty list narrows nothing.

    `within` are the globs of whoever handed the task in (a workflow, say): a path must satisfy them as well.
    """

    task_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    instruction: str
    allowed_paths: AllowedGlobs = ()
    forbidden_paths: ForbiddenGlobs = ()
    within: AllowedGlobs = ()
    timeout_seconds: float = Field(default=300.0, gt=0, le=86_400)
    files: tuple[str, ...] = ()
    base: str | None = None
    source: TaskSource
    requested_by: str | None = None
    edit_format: EditFormat | None = None
    recipe: str | None = None
    narrow: Narrowing | None = None

    @property
    def words(self) -> str:
        """The task as a person reads it: its recipe, where it has one, and its instruction."""
        return "\n".join(filter(None, (f"recipe {self.recipe}" if self.recipe else "", self.instruction)))
