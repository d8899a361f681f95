"""What a gate is run with: whom to ask, with which keys, for how long; nothing here is read from the environment."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from agentos_action.adapters.base import Adapter
from agentos_action.errors import UsageError
from agentos_action.pipeline.walk import Parts
from agentos_action.records.observer import Nobody
from agentos_action.records.run import ModelWish, RunRequest
from agentos_action.settings.choose import ChosenModel
from agentos_action.wiring import open_adapter, parts

#: The gates' own time limit; a small model on a busy machine is slow.
SECONDS = 300.0
#: The built-in mock answer.
BUILT_IN = "1"


@dataclass(frozen=True, slots=True)
class Setting:
    """`request` carries keys, addresses and folders of the user, `wish` whom to ask.

    `mock` is what AGENTOS_MOCK_CLAUDE says where a mock answer may be given: `1`, or the name of an answer file.
    """

    request: RunRequest
    wish: ModelWish = field(default_factory=ModelWish)
    timeout: float = SECONDS
    mock: str | None = None

    def wish_for(self, provider: str) -> ModelWish:
        """Return whom a provider's own gate asks: what is named counts where it is named for that provider."""
        if self.wish.provider == provider:
            return self.wish
        return ModelWish(provider=provider)

    def mocks(self, provider: str | None) -> bool:
        """Return whether this provider's answers are mock ones."""
        return self.mock is not None and provider == "claude_cli"

    def parts(self, provider: str | None) -> Parts:
        """Return the parts of a user's run; in a gate every change of the repository meanwhile is the tool's."""
        made = replace(parts(), boundary_full=True)
        if not self.mocks(provider):
            return made
        from agentos_action.gates.mock import opener  # noqa: PLC0415 - hardly ever

        return replace(made, open_adapter=opener(self.mock or BUILT_IN), mock=True)

    def opened(self, chosen: ChosenModel) -> AbstractContextManager[Adapter]:
        """Open the adapter for questions of the gate's own, with no files to work on."""
        if self.mocks(chosen.profile.provider):
            from agentos_action.gates.mock import opener  # noqa: PLC0415 - hardly ever

            return opener(self.mock or BUILT_IN)()
        return open_adapter(chosen, self.request, Nobody())

    def asking(self, repo: Path, evidence: Path, **changes: object) -> RunRequest:
        """Return the request of a gate's run in its own repository."""
        own: dict[str, object] = {"repo": repo, "evidence": evidence, "timeout": self.timeout, **changes}
        return replace(self.request, **own)  # type: ignore[arg-type]  # each is a field of the request


def check_mock(*, gate_mode: bool, allowed: bool, mock: str | None) -> str | None:
    """Return the mock answer that was asked for, None for none; raises UsageError where it is not asked for in full."""
    if mock and not (gate_mode and allowed):
        missing = " and ".join(
            name for name, there in (("AGENTOS_GATE_MODE=1", gate_mode), ("--allow-mock", allowed)) if not there
        )
        hint = f"Add {missing}, or unset AGENTOS_MOCK_CLAUDE."
        raise UsageError("AGENTOS_MOCK_CLAUDE asks for a mock answer, which only a gate gives that allows it", hint)
    if allowed and not gate_mode:
        raise UsageError("--allow-mock is for gate mode only", "Set AGENTOS_GATE_MODE=1, or leave it out.")
    return mock or None
