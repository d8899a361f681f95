"""Policy: the user's word on what may change, how much, and where a prompt may go (`agentos.toml`)."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from agentos_action.records.patch import Rung
from agentos_action.records.tool import Record

#: Never read into a prompt: credentials by their usual names (gitignore patterns); a policy adds to them.
UNREADABLE = (
    ".env*",
    "!.env.example",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.kdbx",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".aws/",
    ".ssh/",
    ".gnupg/",
    ".docker/config.json",
    "credentials.json",
    "credentials",
    "secrets.*",
    "*.tfstate",
    "*.tfvars",
)


def check_allowed_glob(pattern: str) -> str:
    """Return the pattern if it is a usable allowed-side glob, else raise ValueError saying why."""
    if not pattern.strip():
        reason = "a pattern may not be empty"
    elif pattern.startswith("!"):
        reason = f"{pattern!r}: the allowed side has no '!'; list what is allowed, or use forbidden_paths"
    elif pattern.startswith("/"):
        reason = f"{pattern!r}: patterns start at the repository's root without a leading '/'"
    elif pattern.endswith("/"):
        reason = f"{pattern!r}: a pattern names files; write {pattern + '**'!r}"
    elif "\\" in pattern or "\0" in pattern:
        reason = f"{pattern!r}: use '/' between folders and no backslash"
    elif any(part in {"", ".", ".."} for part in pattern.split("/")):
        reason = f"{pattern!r}: '.', '..' and empty parts are not allowed"
    else:
        return pattern
    raise ValueError(reason)


def check_forbidden_glob(pattern: str) -> str:
    """Return the pattern if git's ignore rules can read it, folded for case as it is asked, else raise ValueError."""
    import pathspec  # noqa: PLC0415 - only a policy that forbids something pays for it

    try:
        pathspec.GitIgnoreSpec.from_lines([pattern.casefold()])
    except (ValueError, re.error) as error:
        reason = f"{pattern!r} is no pattern that git's ignore rules can read"
        raise ValueError(reason) from error
    return pattern


#: Patterns of the two sides, each checked when it is read.
AllowedGlobs: TypeAlias = tuple[Annotated[str, AfterValidator(check_allowed_glob)], ...]
ForbiddenGlobs: TypeAlias = tuple[Annotated[str, AfterValidator(check_forbidden_glob)], ...]


class Limits(Record, strict=True):
    """How much one run may do; counts are per run, sizes in bytes."""

    max_files: PositiveInt = 20
    max_hunks: PositiveInt = 200
    max_changed_lines: PositiveInt = 2_000
    max_diff_bytes: PositiveInt = 512 * 1024
    max_answer_bytes: PositiveInt = 1024 * 1024
    max_line_bytes: PositiveInt = 10_000
    max_model_calls: PositiveInt = 200


class ModelChoice(Record):
    """Which model, and where prompts may go; an empty `hosts` means any host of an allowed kind."""

    profile: str | None = None
    provider: str | None = None
    model: str | None = None
    base_url: str | None = None
    allow: tuple[Literal["local", "cloud"], ...] = ("local", "cloud")
    hosts: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.profile and self.provider:
            message = "name a profile or a provider, not both"
            raise ValueError(message)
        return self


class ContextRules(Record):
    """What may never be read into a prompt besides the built-in list (gitignore patterns)."""

    forbidden_paths: ForbiddenGlobs = ()

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The built-in list and the policy's own."""
        return (*UNREADABLE, *self.forbidden_paths)


class Policy(Record):
    """The whole policy; its defaults are the built-in policy that holds where there is no `agentos.toml`."""

    allowed_paths: AllowedGlobs = ("**",)
    forbidden_paths: ForbiddenGlobs = ()
    max_placement: Rung = "similar"
    limits: Limits = Field(default_factory=Limits)
    model: ModelChoice = Field(default_factory=ModelChoice)
    context: ContextRules = Field(default_factory=ContextRules)
