"""The mock answer of `claude_cli`, for gates that are asked for one; it says of itself everywhere that it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from agentos_action.adapters.base import Adapter
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import UsageError
from agentos_action.gates import greeting
from agentos_action.gates.setting import BUILT_IN
from agentos_action.records.model import Answer, OnTokens, Prompt, TokenUsage
from agentos_action.records.tool import ExecutionMode, ToolCapabilities, ToolHealth

MODEL_ID = "mock"
_LINE = greeting.FILES[greeting.PATH].rstrip("\n")
_ANSWER = f"""```diff
--- a/{greeting.PATH}
+++ b/{greeting.PATH}
@@ -1 +1 @@
-{_LINE}
+{_LINE.replace(greeting.BLANK, "Hello, this answer is a mock.")}
```
"""


class Mock:
    """Gives one text for every call, and touches nothing."""

    adapter_id = provider = "claude_cli"
    instance: str | None = None
    execution_mode: ExecutionMode = "cloud"
    requested_model: str | None = None
    endpoint: str | None = None
    reads_prompt = True
    works_in_tree = False

    def __init__(self, text: str) -> None:
        self._text, self._clock = text, Clock()

    def health_check(self, deadline: Deadline, *, full: bool = False) -> ToolHealth:  # noqa: ARG002 - the port's form
        """Tell that a mock answers."""
        return ToolHealth(
            adapter_id=self.adapter_id,
            provider=self.provider,
            execution_mode=self.execution_mode,
            status="connected",
            details="A mock answer, asked for by AGENTOS_MOCK_CLAUDE; no model is behind it.",
            probe_step="model",
            checked_at=self._clock.now(),
            latency_ms=0,
        )

    def supports(self) -> ToolCapabilities:
        """Return that it does nothing but answer."""
        return ToolCapabilities(execution_mode=self.execution_mode)

    def run(self, prompt: Prompt, deadline: Deadline, on_tokens: OnTokens) -> Answer:  # noqa: ARG002 - the port's form
        """Return the text."""
        on_tokens(1)
        return Answer(self._text, "stop", MODEL_ID, TokenUsage(), 0)

    def context_tokens(self, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: a text has no context."""
        return None

    def count_tokens(self, prompt: Prompt, deadline: Deadline) -> int | None:  # noqa: ARG002 - the port's form
        """Return None: a text counts nothing."""
        return None

    def close(self) -> None:
        """Do nothing; there is nothing to let go of."""


def opener(said: str) -> Callable[..., AbstractContextManager[Adapter]]:
    """Return what opens the mock in place of an adapter; raises UsageError for a file that cannot be read."""
    try:
        text = _ANSWER if said == BUILT_IN else Path(said).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        hint = "Set it to 1, or to the name of a file that holds an answer."
        raise UsageError(f"AGENTOS_MOCK_CLAUDE names {said!r}, which cannot be read", hint) from error

    @contextmanager
    def open_mock(*_given: Any) -> Iterator[Adapter]:  # noqa: ANN401 - whatever an adapter is opened with
        yield Mock(text)

    return open_mock
