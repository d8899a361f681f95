"""What the probes of several models found, as one table for a person."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agentos_action.records.tool import ToolHealth
from agentos_action.report.visible import unobeyed, visible_line

#: Narrower, what to do stands below the table: in a column it would be a word a line.
WIDE = 120

_COLUMNS = ("status", "provider", "endpoint", "model", "latency", "step")


@dataclass(frozen=True, slots=True)
class Row:
    """One model's health, and the model that was asked for (None: any)."""

    health: ToolHealth
    wanted: str | None = None


def show(rows: Sequence[Row], *, runner: bool = False) -> None:
    """Write the table on stdout; `runner` says that a CI runner reads along and obeys commands."""
    console = Console(highlight=False, emoji=False, markup=False)
    if console.no_color or runner:
        # NO_COLOR takes rich's colours only; without a colour system there is no bold and no dim either.
        console = Console(highlight=False, emoji=False, markup=False, color_system=None)
    with console.capture() as captured:
        _draw(console, rows)
    text = "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
    sys.stdout.write(unobeyed(text) if runner else text)


def _draw(console: Console, rows: Sequence[Row]) -> None:
    wide = console.width >= WIDE
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold", no_wrap=name in {"status", "latency", "step"})
    if wide:
        table.add_column("what to do", overflow="fold", ratio=1)
    for row in rows:
        cells = [Text(visible_line(text)) for text in _cells(row)]
        cells[0].stylize("green" if row.health.status == "connected" else "red")
        table.add_row(*cells, *([Text(_todo(row))] if wide else []))
    console.print(table)
    for row in rows:
        if not wide and _todo(row):
            console.print(Text(f"\n{visible_line(row.health.adapter_id)}"))
            console.print(Padding(Text(_todo(row)), (0, 0, 0, 2)))


def _cells(row: Row) -> tuple[str, ...]:
    health = row.health
    latency = f"{health.latency_ms} ms" if health.probe_step != "none" or health.latency_ms else "-"
    status = health.status.replace("_", " ")
    return status, health.adapter_id, health.endpoint or "-", _model(row), latency, health.probe_step


def _model(row: Row) -> str:
    """Return the model that is asked: the wanted one, else the first of its list."""
    models = row.health.models
    if row.wanted:
        return row.wanted
    more = f" (+{len(models) - 1})" if len(models) > 1 else ""
    return f"{models[0]}{more}" if models else "-"


def _todo(row: Row) -> str:
    return "" if row.health.status == "connected" else visible_line(row.health.details)
