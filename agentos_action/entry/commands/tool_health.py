"""`agentos tool health` and `agentos tool models`: what one instance, or all side by side, say of themselves."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agentos_action.clock import Deadline
from agentos_action.entry.commands.instances import check, every, meant, opened, taken
from agentos_action.entry.fail import as_line, read_by_runner
from agentos_action.entry.request import known_secrets
from agentos_action.errors import EXIT_DONE, EXIT_TOOL_FAILED
from agentos_action.evidence.finalize import finalize_health
from agentos_action.redact import Redactor

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from agentos_action.records.tool import ToolHealth
    from agentos_action.settings.choose import ChosenModel

_OF_A_LIST = ("adapter_id", "provider", "instance", "endpoint", "status", "error_category", "raw_error_code")


def health(options: argparse.Namespace) -> int:
    """Walk the four steps of the one that is meant, or of all; 0 where (any) one is connected."""
    deadline = Deadline(options.timeout)
    several = meant(options)
    if several is not None:
        said = _clean((_one(several, deadline),))
        told: object = said[0].model_dump(mode="json")
    else:
        with opened(every(options.model)) as there:
            said = _clean(check(there, deadline, full=True))
        told = [one.model_dump(mode="json") for one in said]
    if options.json:
        sys.stdout.write(as_line(told))
    else:
        _show(said, options.model, one=several is not None)
    return EXIT_DONE if any(one.status == "connected" for one in said) else EXIT_TOOL_FAILED


def models(options: argparse.Namespace) -> int:
    """List the models of each instance; 0 where any has one."""
    with opened(meant(options) or every(options.model)) as there:
        said = _clean(check(there, Deadline(options.timeout), full=False))
    if options.json:
        told = [
            {**one.model_dump(mode="json", include=set(_OF_A_LIST)), "models": one.models, "details": one.details}
            for one in said
        ]
        sys.stdout.write(as_line(told))
    else:
        _list(said)
    return EXIT_DONE if any(one.models for one in said) else EXIT_TOOL_FAILED


def _one(several: Sequence[ChosenModel], deadline: Deadline) -> ToolHealth:
    """Return the health of the instance that a run would take, walked through to the end."""
    if len(several) == 1:
        with opened(several) as there:
            return check(there, deadline, full=True)[0]
    with taken(several, deadline) as (instance, said):
        if instance is None:
            return finalize_health(said)
        return check((instance,), deadline, full=True)[0]


def _clean(said: Sequence[ToolHealth]) -> tuple[ToolHealth, ...]:
    """Return them without any key that we know of, should a server have sent one back."""
    text = Redactor(known_secrets(os.environ)).text
    return tuple(
        one.model_copy(update={"details": text(one.details), "models": tuple(map(text, one.models))}) for one in said
    )


def _show(said: Sequence[ToolHealth], model: str | None, *, one: bool) -> None:
    from agentos_action.report.health import Row, show  # noqa: PLC0415 - rich, and not with --json

    if not said:
        sys.stderr.write("there is no profile\n  agentos tool list\n")
        return
    show([Row(each, model) for each in said], runner=read_by_runner())
    if one and said[0].status == "connected":
        _say(said[0].details)


def _list(said: Sequence[ToolHealth]) -> None:
    for one in said:
        where = f" at {one.endpoint}" if one.endpoint else ""
        if not one.models:
            _say(f"{one.adapter_id}{where}: {one.status.replace('_', ' ')}: {one.details}")
        for name in one.models:
            _write(f"{one.adapter_id}\t{_line(name)}\n")


def _line(text: str) -> str:
    from agentos_action.report.visible import visible_line  # noqa: PLC0415 - not with --json

    return visible_line(text)


def _write(text: str) -> None:
    from agentos_action.report.visible import unobeyed  # noqa: PLC0415 - not with --json

    sys.stdout.write(unobeyed(text) if read_by_runner() else text)


def _say(text: str) -> None:
    from agentos_action.report.visible import unobeyed  # noqa: PLC0415 - not with --json

    line = _line(text)
    sys.stderr.write(f"{unobeyed(line) if read_by_runner() else line}\n")
