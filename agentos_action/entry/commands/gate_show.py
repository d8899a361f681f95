"""The results of gates for a person: a table, and in full whatever did not pass."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agentos_action.gates.check import GateResult
from agentos_action.gates.registry import GATES
from agentos_action.report.visible import unobeyed, visible_line

_STYLES = {"passed": "green", "failed": "red", "skipped": "yellow"}
_PLAIN = 80


def show(results: Sequence[GateResult], out: Path, *, runner: bool = False) -> None:
    """Write the table on stdout; `runner` says that a CI runner reads along and obeys commands."""
    console = _console(runner=runner)
    with console.capture() as captured:
        for result in results:
            _draw(console, result)
        console.print(_table(results))
        console.print(Text(f"evidence: {visible_line(str(out))}", overflow="fold"))
    _write(captured.get(), runner=runner)


def listed(*, runner: bool = False) -> None:
    """Write the table of gates on stdout."""
    console = _console(runner=runner)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("gate", "proves", "checks"):
        table.add_column(name, overflow="fold")
    for gate in GATES.values():
        ids = gate.check_ids
        table.add_row(Text(gate.name), Text(gate.title), Text(f"{ids[0]} to {ids[-1]}"))
    with console.capture() as captured:
        console.print(table)
    _write(captured.get(), runner=runner)


def _console(*, runner: bool) -> Console:
    console = Console(highlight=False, emoji=False, markup=False)
    plain = runner or console.no_color or not console.is_terminal
    width = max(_PLAIN, console.width) if not console.is_terminal else console.width
    return Console(highlight=False, emoji=False, markup=False, width=width, color_system=None if plain else "auto")


def _table(results: Sequence[GateResult]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("gate", "status", "checks", "time", "why"):
        table.add_column(name, overflow="fold", no_wrap=name in {"gate", "status", "checks", "time"})
    for result in results:
        good = sum(check.status == "passed" for check in result.checks)
        table.add_row(
            Text(result.gate),
            Text(result.status, style=_STYLES[result.status]),
            Text(f"{good}/{len(result.checks)}"),
            Text(f"{result.duration_ms / 1000:.1f} s"),
            Text(visible_line(("mock; " if result.mock else "") + result.why)),
        )
    return table


def _draw(console: Console, result: GateResult) -> None:
    """Say every check that did not pass, and every warning; a gate that could not run says so in the table."""
    if result.status == "skipped" and all(check.status == "skipped" for check in result.checks):
        return
    for check in result.checks:
        if check.status == "passed" and not check.warnings:
            continue
        status = check.status if check.status != "passed" else "warning"
        console.print(Text(f"{check.id} {status}: {check.title}", style=_STYLES.get(check.status, "")))
        for said in (check.why, *check.warnings):
            console.print(Padding(Text(visible_line(said), overflow="fold"), (0, 0, 0, 2)))


def _write(text: str, *, runner: bool) -> None:
    lines = "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
    sys.stdout.write(unobeyed(lines) if runner else lines)
