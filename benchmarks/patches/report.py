"""Counts by kind and tool as a table, times, and failing trials as files to look at."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.patches.trial import Result, Trial

OUTCOMES = ("right", "wrong", "refused")
RULER = "git apply"
ALL, DIFFS = "total", "total of diffs"


def is_good(trial: Trial, result: Result) -> bool:
    """Say whether a result is what the trial asks for."""
    return result.outcome == ("refused" if trial.expected is None else "right")


class Table:
    """What each tool made of each kind, and how long it took."""

    def __init__(self) -> None:
        self._counts: dict[tuple[bool, str, str], Counter[str]] = defaultdict(Counter)
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._ratios: list[float] = []
        self._tools: dict[str, None] = {}

    def add(self, trial: Trial, results: dict[str, Result]) -> None:
        """Count what the tools made of one trial, by the tool's name."""
        rows = (trial.kind, ALL, DIFFS) if trial.is_diff else (trial.kind, ALL)
        for tool, result in results.items():
            self._tools[tool] = None
            self._seconds[tool].append(result.seconds)
            for row in rows:
                self._counts[trial.expected is None, row, tool][result.outcome] += 1
        if RULER in results:
            self._ratios.append(results["ours"].seconds / results[RULER].seconds)

    def show(self) -> None:
        """Print one table for answers to place and one for answers to refuse, then the times."""
        console = Console(width=max(100, 20 + 22 * len(self._tools)))
        for negative, title in ((False, "To be placed"), (True, "To be refused")):
            kinds = dict.fromkeys(kind for each, kind, _ in self._counts if each is negative)
            if kinds:
                console.print(self._table(title, list(kinds), negative=negative))
        for tool, seconds in self._seconds.items():
            console.print(f"{tool:<12}{_spread([each * 1e3 for each in seconds], 'ms a case')}")
        if self._ratios:
            console.print(f"{'ratio':<12}{_spread(self._ratios, f'of {RULER}, which starts a process')}")

    def _table(self, title: str, kinds: list[str], *, negative: bool) -> RichTable:
        table = RichTable(title=f"{title}: right / wrong / refused")
        table.add_column("kind")
        for tool in self._tools:
            table.add_column(tool, justify="right")
        rows = [kind for kind in kinds if kind not in {ALL, DIFFS}]
        for row in (*rows, DIFFS, ALL):
            if row is DIFFS:
                table.add_section()
            table.add_row(row, *(_cell(self._counts[negative, row, tool]) for tool in self._tools))
        return table


def _cell(counts: Counter[str]) -> str:
    return " / ".join(str(counts[outcome]) for outcome in OUTCOMES) if counts else "-"


def _spread(values: list[float], unit: str) -> str:
    ordered = sorted(values)
    return f"median {statistics.median(ordered):8.2f}   p95 {ordered[len(ordered) * 95 // 100]:8.2f} {unit}"


def write_failure(folder: Path, trial: Trial, result: Result) -> None:
    """Write the answer, the reason and every concerned file before, expected and got below a folder."""
    own = folder / f"{trial.kind}-{trial.case.id}-{result.outcome}"
    _write(own / "answer.txt", trial.answer)
    _write(own / "reason.txt", result.reason)
    for edit in trial.case.edits:
        name = edit.path.replace("/", "__")
        _write(own / f"{name}.base", trial.case.base.get(edit.old_path, ""))
        _write(own / f"{name}.expected", (trial.expected or {}).get(edit.path, ""))
        _write(own / f"{name}.got", result.files.get(edit.path, ""))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
