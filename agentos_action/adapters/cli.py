"""Any agent command that a profile describes: its exit code says whether it is done, its words are not read."""

from __future__ import annotations

from agentos_action.adapters.agent import Agent, Dialect, Said
from agentos_action.adapters.base import AdapterParts
from agentos_action.adapters.faults import Faults
from agentos_action.errors import UsageError
from agentos_action.process import Finished
from agentos_action.records.profile import Profile

_DEFAULT_KEY = "CLI_API_KEY"


def create(profile: Profile, parts: AdapterParts) -> Agent:
    """Build the adapter; raises UsageError for a profile that names no command."""
    if profile.agent is None:
        hint = 'Give it one: "agent": {"command": ["opencode", "run", "{instruction}"], …}; see docs/agents.md.'
        raise UsageError(f"the profile {profile.name!r} names no agent command", hint)
    reference = profile.api_key_ref or ""
    variable = reference.removeprefix("env:") if reference.startswith("env:") else _DEFAULT_KEY
    return Agent(profile, parts, profile.agent, Dialect(variable, _read, _logged_in))


def _read(ended: Finished, _faults: Faults) -> Said:
    # What went wrong stands on standard error, if a command says it at all.
    return Said(ended.stderr_text if ended.returncode else "")


def _logged_in(ended: Finished) -> bool:
    return ended.returncode == 0
