"""The jobs of a matrix for a person: a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agentos_action.pipeline.matrix import Job
from agentos_action.report.visible import unobeyed, visible_line

_WIDTH = 120
_FEW = 3


def show(jobs: Sequence[Job], *, runner: bool = False) -> None:
    """Write the table on stdout; `runner` says that a CI runner reads along and obeys commands."""
    console = Console(highlight=False, emoji=False, markup=False, color_system=None)
    if not console.is_terminal:
        console = Console(highlight=False, emoji=False, markup=False, color_system=None, width=_WIDTH)
    counted = any(job.places is not None for job in jobs)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="")
    for name in ("task", "places", "files") if counted else ("task", "file"):
        right = name == "places"
        table.add_column(name, overflow="fold", no_wrap=right, justify="right" if right else "left")
    for job in jobs:
        cells = [job.task, str(job.places), _few(job.files)] if counted else [job.task, job.task_file]
        table.add_row(*(Text(visible_line(cell)) for cell in cells))
    with console.capture() as captured:
        console.print(table)
    lines = "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"
    sys.stdout.write(unobeyed(lines) if runner else lines)


def _few(paths: Sequence[str]) -> str:
    more = f", and {len(paths) - _FEW} more" if len(paths) > _FEW else ""
    return ", ".join(paths[:_FEW]) + more
