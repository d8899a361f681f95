"""The four steps a provider is probed by, told as one ToolHealth with the last step that went well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.base import Adapter, Expected
from agentos_action.adapters.faults import STATUS_BY_CATEGORY, Code, Faults
from agentos_action.adapters.text import one_line
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Message, Prompt
from agentos_action.records.tool import ProbeStep, ToolHealth

MINIMAL_PROMPT: Final = Prompt(messages=(Message("user", "Reply with one word: OK."),), max_tokens=8)

# A test answer of eight tokens is cut off on purpose; that it came is the proof.
_GOOD_ENOUGH: Final = Code.ANSWER_CUT


@dataclass(frozen=True, slots=True)
class Probe:
    """A provider's way to take each step; a step raises ToolError where it fails.

    `complete` is None where a test answer costs money; `note` is one more sentence on a model that is ready.
    """

    adapter: Adapter
    list_models: Callable[[Deadline], tuple[str, ...]]
    choose: Callable[[Deadline], Expected]
    complete: Callable[[Deadline], object] | None
    faults: Faults
    clock: Clock
    note: Callable[[], str] = str

    def run(self, deadline: Deadline, *, full: bool) -> ToolHealth:
        """Walk list and model, with `full` also completion and shape; `probe_step` is the last one passed."""
        started = self.clock.monotonic()
        progress = _Progress()
        failure: ToolError | None = None
        try:
            self._walk(deadline, progress, full=full)
        except ToolError as error:
            failure = self._judged(error, progress)
        latency_ms = round(1000 * (self.clock.monotonic() - started))
        return self._report(progress, failure, latency_ms)

    def _walk(self, deadline: Deadline, progress: _Progress, *, full: bool) -> None:
        progress.models = self.list_models(deadline)
        progress.step = "models"
        progress.model = self.choose(deadline).name
        progress.step = "model"
        if not full or self.complete is None:
            return
        try:
            self.complete(deadline)
        except ToolError as error:
            if error.category == "schema":
                progress.step = "completion"
            if error.raw_error_code != _GOOD_ENOUGH:
                raise
        progress.step = "shape"

    def _judged(self, error: ToolError, progress: _Progress) -> ToolError:
        # A server that lists its models and then does not answer is reached: the fault lies in running the model.
        if progress.step == "model" and error.raw_error_code == Code.TIMEOUT:
            return self.faults.error(Code.PROBE_TIMEOUT)
        return error

    def _report(self, progress: _Progress, failure: ToolError | None, latency_ms: int) -> ToolHealth:
        adapter, category = self.adapter, failure.category if failure else None
        return ToolHealth(
            adapter_id=adapter.adapter_id,
            provider=adapter.provider,
            instance=adapter.instance,
            execution_mode=adapter.execution_mode,
            status="connected" if category is None else STATUS_BY_CATEGORY[category],
            details=f"{failure.message} {failure.hint}" if failure else self._ready(progress.model),
            error_category=category,
            raw_error_code=failure.raw_error_code if failure else None,
            endpoint=adapter.endpoint,
            probe_step=progress.step,
            models=progress.models,
            checked_at=self.clock.now(),
            latency_ms=latency_ms,
        )

    def _ready(self, model: str) -> str:
        adapter, wanted = self.adapter, self.adapter.requested_model
        asked = f" It was asked for as {one_line(wanted, 80)}." if wanted not in {None, model} and wanted else ""
        where = f" at {adapter.endpoint}" if adapter.endpoint else ""
        return f"{one_line(model, 80)} is ready{where}.{asked} {self.note()}".rstrip()


@dataclass(slots=True)
class _Progress:
    step: ProbeStep = "none"
    models: tuple[str, ...] = ()
    model: str = ""
