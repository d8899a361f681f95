"""`agentos tool test`: a minimal run that asks for one word, and tells what came and what is claimed."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agentos_action.adapters.probe import MINIMAL_PROMPT
from agentos_action.clock import Clock, Deadline
from agentos_action.entry.commands.instances import meant, taken
from agentos_action.entry.fail import as_line, read_by_runner
from agentos_action.entry.request import known_secrets
from agentos_action.errors import EXIT_DONE, EXIT_TOOL_FAILED, AgentOSError, UsageError
from agentos_action.evidence.finalize import finalize_health
from agentos_action.records.model import Prompt
from agentos_action.redact import Redactor
from agentos_action.report.visible import unobeyed, visible_line

if TYPE_CHECKING:
    import argparse

    from agentos_action.adapters.base import Adapter
    from agentos_action.records.model import Answer
    from agentos_action.records.tool import ToolHealth

#: A model that thinks before it says its word needs this room; one that does not ends by itself.
MOST_TOKENS = 512


@dataclass(slots=True)
class _Tested:
    """What came of the test so far."""

    health: ToolHealth
    adapter: Adapter | None = None
    answer: Answer | None = None
    error: AgentOSError | None = None
    chunks: int = 0
    latency_ms: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether the model answered; of an agent command, whether it is ready."""
        return self.health.status == "connected" and self.error is None


def test(options: argparse.Namespace) -> int:
    """Ask the first instance that is ready; 0 where it answered."""
    deadline = Deadline(options.timeout)
    several = meant(options)
    if several is None:
        raise UsageError("no provider is named", "Name one: agentos tool test llamacpp.")
    with taken(several, deadline) as (instance, said):
        tested = _Tested(finalize_health(said))
        if instance is not None and instance.asked is not None:
            tested.adapter = instance.asked.adapter
            _ask(tested, tested.adapter, min(MOST_TOKENS, instance.chosen.profile.params.max_tokens), deadline)
        told = _told(tested)
    clean = Redactor(known_secrets(os.environ)).text
    told = {name: clean(value) if isinstance(value, str) else value for name, value in told.items()}
    if options.json:
        sys.stdout.write(as_line(told))
    else:
        _show(told)
    return EXIT_DONE if tested.well else EXIT_TOOL_FAILED


def _ask(tested: _Tested, adapter: Adapter, most: int, deadline: Deadline) -> None:
    if adapter.works_in_tree:
        tested.notes.append("an agent command works on files, so it was not asked; its health says that it is ready")
        return
    if adapter.execution_mode == "cloud":
        note = f"a cloud model: this costs a few tokens at {adapter.endpoint}"
        tested.notes.append(note)
        _say(note)
    clock = Clock()
    started = clock.monotonic()

    def heard(received: int, /) -> None:
        tested.chunks = received

    try:
        tested.answer = adapter.run(Prompt(MINIMAL_PROMPT.messages, max_tokens=most), deadline, heard)
    except AgentOSError as error:
        tested.error = error
    tested.latency_ms = round(1000 * (clock.monotonic() - started))


def _told(tested: _Tested) -> dict[str, Any]:
    health, answer, adapter, error = tested.health, tested.answer, tested.adapter, tested.error
    failed = error is not None or health.status != "connected"
    return {
        "status": "failed" if failed else "success",
        "exit_code": EXIT_TOOL_FAILED if failed else EXIT_DONE,
        "adapter_id": health.adapter_id,
        "provider": health.provider,
        "instance": health.instance,
        "execution_mode": health.execution_mode,
        "endpoint": health.endpoint,
        "model_id": answer.model_id if answer else None,
        "requested_model": adapter.requested_model if adapter else None,
        "answer": answer.text if answer else None,
        "usage": _usage(answer),
        "latency_ms": tested.latency_ms,
        "chunks": tested.chunks,
        "capabilities": adapter.supports().model_dump(mode="json") if adapter else None,
        "error_category": error.category if error else health.error_category,
        "raw_error_code": error.raw_error_code if error else health.raw_error_code,
        "message": error.message if error else health.details,
        "hint": error.hint if error else "",
        "notes": tested.notes,
    }


def _usage(answer: Answer | None) -> dict[str, int | None]:
    spent = answer.usage if answer else None
    return {
        "prompt_tokens": spent.prompt if spent else None,
        "cached_tokens": spent.cached if spent else None,
        "completion_tokens": spent.completion if spent else None,
    }


def _show(told: dict[str, Any]) -> None:
    where = f" at {told['endpoint']}" if told["endpoint"] else ""
    _say(f"{told['adapter_id']}{where}: {told['status']}")
    if told["status"] == "failed":
        _say(f"  {told['message']} {told['hint']}")
        return
    usage = told["usage"]
    claimed = [name for name, claim in told["capabilities"].items() if claim is True]
    rows = (
        ("answer", told["answer"]),
        ("model", told["model_id"]),
        ("tokens", f"{_count(usage['prompt_tokens'])} prompt, {_count(usage['completion_tokens'])} answer"),
        ("latency", f"{told['latency_ms']} ms, {told['chunks']} pieces"),
        ("claims", ", ".join(claimed)),
        *(("note", note) for note in told["notes"]),
    )
    for name, value in rows:
        if value and (told["answer"] is not None or name in {"claims", "note"}):
            _say(f"  {name:<8} {value}")


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else str(tokens)


def _say(text: str) -> None:
    indent = text[: len(text) - len(text.lstrip())]
    line = indent + visible_line(text)
    sys.stderr.write(f"{unobeyed(line) if read_by_runner() else line}\n")
