"""The `claude` command, `--print`: its JSON result tells model, tokens and what went wrong."""

from __future__ import annotations

import re
from typing import Final

from pydantic import Field

from agentos_action.adapters.agent import Agent, Dialect, Said
from agentos_action.adapters.base import AdapterParts
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.strict_json import NotStrictError, loads
from agentos_action.adapters.wire import Count, ModelName, Wire, read
from agentos_action.errors import ToolError
from agentos_action.process import Finished
from agentos_action.records.model import TokenUsage
from agentos_action.records.profile import AgentRules, Profile

KEY: Final = "ANTHROPIC_API_KEY"

#: It may read, search and edit; it runs nothing, reaches no network of its own, and loads no settings or servers that
#: came with the repository.
RULES: Final = AgentRules(
    command=(
        *("claude", "--print", "--output-format", "json", "--permission-mode", "acceptEdits"),
        *("--allowedTools", "Read,Glob,Grep,Edit,MultiEdit,Write", "--setting-sources", "user", "--strict-mcp-config"),
        *("--model", "{model}"),
    ),
    instruction="stdin",
    version_command=("claude", "--version"),
    login_command=("claude", "auth", "status"),
    environment=(
        *("ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"),
        *("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"),
    ),
    home_files=(".claude/.credentials.json",),
)

# The first row that fits names the fault; looked for in the result's own words where it says that it failed.
_WORDED: Final = (
    (re.compile(r"(?i)/login|not logged in|invalid api key|authentication_error|oauth token|\b401\b"), "login"),
    (re.compile(r"(?i)credit balance|usage limit|hit your .*limit|quota"), Code.QUOTA),
    (re.compile(r"(?i)overloaded|\b529\b"), Code.OVERLOADED),
    (re.compile(r"(?i)rate.?limit|\b429\b"), Code.HTTP_429),
    (re.compile(r"(?i)prompt is too long|context (?:window|limit)"), Code.CONTEXT_OVERFLOW),
    (re.compile(r"(?i)selected model|model.*not.?found|not_found_error"), Code.MODEL_MISSING),
    (re.compile(r"(?i)connection error|unable to connect|ENOTFOUND|ECONNREFUSED|ETIMEDOUT"), Code.CONNECT_FAILED),
)


class _Usage(Wire):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None

    def tokens(self) -> TokenUsage:
        asked = (self.input_tokens, self.cache_read_input_tokens, self.cache_creation_input_tokens)
        prompt = None if self.input_tokens is None else sum(count or 0 for count in asked)
        return TokenUsage(prompt, self.cache_read_input_tokens, self.output_tokens)


class _ModelUsage(Wire):
    output_tokens: Count = Field(default=0, alias="outputTokens")


class _Result(Wire):
    subtype: str = "success"
    is_error: bool = False
    result: str = ""
    model: ModelName | None = None
    usage: _Usage = _Usage()
    models: dict[ModelName, _ModelUsage] = Field(default_factory=dict, alias="modelUsage")

    def who(self) -> str | None:
        """Return the model that wrote most; a small one helps beside it."""
        most = max(self.models, key=lambda name: self.models[name].output_tokens, default=None)
        return self.model or most


class _LoginState(Wire):
    logged_in: bool = Field(alias="loggedIn")


def create(profile: Profile, parts: AdapterParts) -> Agent:
    """Build the adapter; a profile without a command of its own takes the usual one."""
    return Agent(profile, parts, profile.agent or RULES, Dialect(KEY, _read, _logged_in))


def _read(ended: Finished, faults: Faults) -> Said:
    """Read the JSON result, or plain text of an older version; raises ToolError for a result that is an error."""
    text = ended.stdout_text.strip()
    found = _result(text, faults) if _is_whole(text, ended) else None
    if found is None:
        if ended.returncode != 0:
            raise _failure(text or ended.stderr_text, faults, f"Exit code {ended.returncode}.")
        return Said(text)
    if found.is_error or found.subtype != "success" or ended.returncode != 0:
        how = f"Exit code {ended.returncode}." if ended.returncode else ""
        raise _failure(found.result or ended.stderr_text or found.subtype, faults, how)
    return Said(found.result, found.who(), found.usage.tokens())


def _is_whole(text: str, ended: Finished) -> bool:
    """Return whether the output is to be read as JSON: what a crash left of it is not."""
    return text.startswith(("{", "[")) and (ended.returncode == 0 or text.endswith(("}", "]")))


def _result(text: str, faults: Faults) -> _Result:
    """Return the result object: alone, or the last of a list where the user's settings ask for every message."""
    try:
        value = loads(text)
    except NotStrictError as error:
        raise faults.error(error.code, str(error)) from error
    if isinstance(value, list):
        results = [part for part in value if isinstance(part, dict) and part.get("type") == "result"]
        value = results[-1] if results else None
    return read(_Result, value, faults)


def _failure(words: str, faults: Faults, how: str) -> ToolError:
    for pattern, code in _WORDED:
        if pattern.search(words):
            return faults.error(Code.NOT_LOGGED_IN if code == "login" else Code(code), faults.quote(words))
    return faults.error(Code.AGENT_FAILED, f"{how} {faults.quote(words)}".strip())


def _logged_in(ended: Finished) -> bool:
    """Return what `claude auth status` says; a version that has no such command does not say no."""
    text = ended.stdout_text.strip()
    try:
        return _LoginState.model_validate(loads(text)).logged_in
    except ValueError:
        words = f"{text}\n{ended.stderr_text}"
        return ended.returncode == 0 or _WORDED[0][0].search(words) is None
