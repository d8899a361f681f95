"""Every error a person may see: what went wrong, what to do about it, and the exit code it ends with."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

ErrorCategory: TypeAlias = Literal["config", "auth", "network", "model", "schema", "runtime"]

EXIT_DONE = 0
EXIT_REJECTED = 1
EXIT_USAGE = 2
EXIT_TOOL_FAILED = 3
EXIT_CONFLICT = 4
EXIT_BOUNDARY = 5
EXIT_BUG = 70
EXIT_INTERRUPTED = 130


class AgentOSError(Exception):
    """A failure told in one line what and one line what to do; the class says status and exit code."""

    status: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_BUG
    category: ErrorCategory | None = None
    raw_error_code: str | None = None

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(AgentOSError):
    """A flag, task, policy, profile or setting is wrong or missing."""

    status = "usage"
    exit_code = EXIT_USAGE
    category: ErrorCategory | None = "config"


class EvidenceError(UsageError):
    """The evidence could not be written, so nothing may be committed."""


class DeliveryError(UsageError):
    """A commit cannot be delivered: a permission, a setting, or nobody is there to take it; one that was made stays."""

    def __init__(
        self, message: str, hint: str = "", *, category: ErrorCategory = "config", code: str | None = None
    ) -> None:
        super().__init__(message, hint)
        self.category = category
        self.raw_error_code = code


class ToolError(AgentOSError):
    """The model could not be reached or did not answer usably."""

    status = "tool_failed"
    exit_code = EXIT_TOOL_FAILED

    def __init__(self, message: str, hint: str = "", *, category: ErrorCategory, code: str | None = None) -> None:
        super().__init__(message, hint)
        self.category = category
        self.raw_error_code = code


class ConflictError(AgentOSError):
    """The branch moved, or the work tree holds edits that the patch would overwrite."""

    status = "conflict"
    exit_code = EXIT_CONFLICT


class BoundaryError(AgentOSError):
    """Something other than the executor changed the repository, or the executor's own cross-check failed."""

    status = "boundary_violated"
    exit_code = EXIT_BOUNDARY
    category: ErrorCategory | None = "runtime"
    raw_error_code: str | None = "boundary_violated"


class Interrupted(AgentOSError):  # noqa: N818 - an interruption is not an error of anybody's
    """A person or the runner ended the run (Ctrl-C, SIGTERM)."""

    status = "interrupted"
    exit_code = EXIT_INTERRUPTED
