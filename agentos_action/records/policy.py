"""Policy: the user's word on what may change, how much, and where a prompt may go (`agentos.toml`)."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, get_args

from agentos_action.records.patch import Rung
from agentos_action.records.shape import Shape

#: So many patterns, of such a length, with so many stars in one part, say enough, and are quick to match.
MAX_PATTERNS = 1_000
MAX_PATTERN = 1_000
MAX_STARS = 3

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

_IDENTITY = re.compile(r"[^<>\x00-\x1f\x7f]*[^<>\x00-\x1f\x7f\s] <[^<>\x00-\x20\x7f]+>")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\*?")
_SECRET_VARIABLE = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)\*?$", re.IGNORECASE)
#: Variables of CI systems and of ours that reach further than a check may.
_TOKENS = ("GITHUB_", "ACTIONS_", "AGENTOS_", "GIT_", "SSH_", "AWS_", "GPG_", "PYTHON", "LD_", "BASH_ENV", "ENV")


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
    elif len(pattern) > MAX_PATTERN:
        reason = f"{pattern[:80]!r}…: at most {MAX_PATTERN} signs"
    elif any(part in {"", ".", ".."} for part in pattern.split("/")):
        reason = f"{pattern!r}: '.', '..' and empty parts are not allowed"
    else:
        return pattern
    raise ValueError(reason)


#: An escaped sign, or a class.
_SIGNS = re.compile(r"\\.|\[[!^]?+\]?+[^\]]*+\]", re.DOTALL)


def check_forbidden_glob(pattern: str) -> str:
    """Return the pattern if git's ignore rules can read it, folded for case as it is asked, else raise ValueError."""
    import pathspec  # noqa: PLC0415 - only a policy that forbids something pays for it

    stars = max(part.count("*") if part != "**" else 0 for part in pattern.split("/"))
    if len(pattern) > MAX_PATTERN or stars > MAX_STARS:
        # Each star of one part multiplies the time a match may take by the length of the name.
        reason = f"{pattern[:80]!r}: at most {MAX_STARS} stars in one part, and {MAX_PATTERN} signs"
        raise ValueError(reason)
    if any(sign[0] == "[" and "\\" in sign for sign in _SIGNS.findall(pattern)):
        # git takes what follows as it is, and pathspec takes the backslash for a sign of the class.
        reason = f"{pattern!r}: a backslash within [...] is read in two ways; write the sign outside"
        raise ValueError(reason)
    try:
        with warnings.catch_warnings():
            # Of `[[` Python says that it may mean something else one day; nobody needs it (`\[`).
            warnings.simplefilter("error", FutureWarning)
            pathspec.GitIgnoreSpec.from_lines([pattern.casefold()])
    except (ValueError, re.error, FutureWarning) as error:
        reason = f"{pattern!r} is no pattern that git's ignore rules can read"
        raise ValueError(reason) from error
    return pattern


#: Patterns of the two sides, each checked when it is read.
AllowedGlobs: TypeAlias = Annotated[
    tuple[Annotated[str, Shape(check=check_allowed_glob)], ...], Shape(longest=MAX_PATTERNS)
]
ForbiddenGlobs: TypeAlias = Annotated[
    tuple[Annotated[str, Shape(check=check_forbidden_glob)], ...], Shape(longest=MAX_PATTERNS)
]


def check_identity(text: str) -> str:
    """Return the text if it is `Name <address>` as git writes it, else raise ValueError saying so."""
    if not _IDENTITY.fullmatch(text):
        reason = f"{text!r} is not of the form 'Name <name@example.org>'"
        raise ValueError(reason)
    return text


def check_folder(text: str) -> str:
    """Return the text if it names a folder from the root or from the home (`~/`), else raise ValueError saying so."""
    if not text.startswith(("/", "~/")) or ".." in text.split("/") or "\0" in text:
        reason = f"{text!r}: name a folder from the root (/opt/tools) or from the home (~/.rustup)"
        raise ValueError(reason)
    return text


def check_variable(text: str) -> str:
    """Return the glob if it names variables and none that is known to hold secrets, else raise ValueError."""
    if not _VARIABLE.fullmatch(text):
        reason = f"{text!r} names no environment variable (a `*` may end it)"
        raise ValueError(reason)
    wide = text.endswith("*") and any(place.startswith(text[:-1]) for place in _TOKENS)
    if wide or text.startswith(_TOKENS) or _SECRET_VARIABLE.search(text):
        reason = f"{text!r} may hold a secret, and a check runs what a model wrote"
        raise ValueError(reason)
    return text


Permission: TypeAlias = Literal["read", "triage", "write", "maintain", "admin"]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
Sandbox: TypeAlias = Literal["bubblewrap", "none"]
Signing: TypeAlias = Literal["git", "always"]
Count: TypeAlias = Annotated[int, Shape(exact=True, above=0)]
Switch: TypeAlias = Annotated[bool, Shape(exact=True)]
Login: TypeAlias = Annotated[str, Shape(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*(\[bot\])?$", longest=100)]
Command: TypeAlias = Annotated[str, Shape(shortest=1, longest=4_000, pattern=r"^[^\x00]*\S[^\x00]*$")]
Identity: TypeAlias = Annotated[str, Shape(check=check_identity)]
Folder: TypeAlias = Annotated[str, Shape(check=check_folder)]
VariableGlob: TypeAlias = Annotated[str, Shape(check=check_variable)]

#: For pydantic, where a record of its own holds one of these tables or their schema is asked for.
_CLOSED: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one run may do; counts are per run, sizes in bytes."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    max_files: Count = 20
    max_hunks: Count = 200
    max_changed_lines: Count = 2_000
    max_diff_bytes: Count = 512 * 1024
    max_answer_bytes: Count = 1024 * 1024
    max_line_bytes: Count = 10_000
    max_model_calls: Count = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """Which model, and where prompts may go; an empty `hosts` means any host of an allowed kind."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    profile: str | None = None
    provider: str | None = None
    model: str | None = None
    base_url: str | None = None
    allow: tuple[Literal["local", "cloud"], ...] = ("local", "cloud")
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.profile and self.provider:
            message = "name a profile or a provider, not both"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRules:
    """What may never be read into a prompt besides the built-in list (gitignore patterns)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    forbidden_paths: ForbiddenGlobs = ()

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The built-in list and the policy's own."""
        return (*UNREADABLE, *self.forbidden_paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRules:
    """Who may ask: a repository permission, exact logins (None: whoever has the permission), exact names of bots."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    permission: Permission = "write"
    users: tuple[Login, ...] | None = None
    bots: tuple[Login, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRules:
    """What makes an issue a task: the label that is set on it; empty: every issue that one who may ask opens."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    label: Annotated[str, Shape(longest=50, pattern=r"|\S(.*\S)?")] = "agentos"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRules:
    """Commands that a candidate must pass, each a line for `sh` in an export of it; seconds are for all together.

    `readable` are further folders that the sandbox shows, `environment` names (globs) of variables that are kept.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    commands: tuple[Command, ...] = ()
    timeout_seconds: Annotated[float, Shape(exact=True, above=0, most=86_400)] = 600.0
    sandbox: Sandbox = "bubblewrap"
    readable: tuple[Folder, ...] = ()
    environment: tuple[VariableGlob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRules:
    """As whom (None: as git is configured) and on which branches (globs) commits are made, and whether all are signed.

    `sign` "git" signs where git is configured to; "always" refuses a commit that cannot be signed.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    author: Identity | None = None
    committer: Identity | None = None
    branches: AllowedGlobs = ("**",)
    sign: Signing = "git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole policy; its defaults are the built-in policy that holds where there is no `agentos.toml`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _CLOSED

    allowed_paths: AllowedGlobs = ("**",)
    forbidden_paths: ForbiddenGlobs = ()
    max_placement: Rung = "similar"
    allow_new_files: Switch = True
    allow_delete: Switch = True
    allow_rename: Switch = True
    allow_exec_bit: Switch = False
    protect_manifests: Switch = False
    limits: Limits = field(default_factory=Limits)
    model: ModelChoice = field(default_factory=ModelChoice)
    context: ContextRules = field(default_factory=ContextRules)
    trust: TrustRules = field(default_factory=TrustRules)
    triggers: TriggerRules = field(default_factory=TriggerRules)
    checks: CheckRules = field(default_factory=CheckRules)
    commit: CommitRules = field(default_factory=CommitRules)
