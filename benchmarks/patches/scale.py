"""Measure growth: `python -m benchmarks.patches.scale`; each shape with its size doubled twice, beside GNU patch."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from agentos_action.patches.resolve import resolve
from benchmarks.patches.corpus import Case
from benchmarks.patches.peers import gnu_patch
from benchmarks.patches.trial import Result, Trial
from tests.bases import Files

PATH = "big.txt"
HEAD = f"--- a/{PATH}\n+++ b/{PATH}\n"
ENOUGH = 100_000_000
LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """One file, an answer about it, and how many bytes of answer are allowed."""

    size: str
    text: str
    answer: str
    limit: int = ENOUGH


def big_file(factor: int) -> Load:
    """Make a file of 5 MB at factor 4, with one line changed in its last quarter."""
    count = 31_250 * factor
    lines = [f"line {number:08} of many, all different\n" for number in range(count)]
    return Load(f"{sum(map(len, lines)) / 1e6:.2f} MB", "".join(lines), HEAD + _hunk(lines, count * 3 // 4))


def many_hunks(factor: int) -> Load:
    """Make 10,000 hunks in one file at factor 4."""
    count = 2_500 * factor
    lines = [f"entry {number:08}\n" for number in range(count * 10)]
    return Load(f"{count:,} hunks", "".join(lines), HEAD + "".join(_hunk(lines, 10 * at + 5) for at in range(count)))


def many_hunks_shifted(factor: int) -> Load:
    """Make as many hunks whose numbers are all wrong."""
    count = 2_500 * factor
    lines = [f"entry {number:08}\n" for number in range(count * 10)]
    hunks = "".join(_hunk(lines, 10 * at + 5, shift=50) for at in range(count))
    return Load(f"{count:,} hunks", "".join(lines), HEAD + hunks)


def many_typos(factor: int) -> Load:
    """Make 1,000 hunks at factor 4, each with wrong numbers and a letter too many in a context line."""
    count = 250 * factor
    lines = [f"entry {number:08} of a long list\n" for number in range(count * 10)]
    hunks = "".join(_hunk(lines, 10 * at + 5, shift=50).replace(" entry", " entrry", 1) for at in range(count))
    return Load(f"{count:,} hunks", "".join(lines), HEAD + hunks)


def equal_lines(factor: int) -> Load:
    """Make a file of a million equal lines at factor 4, with hunks at their numbers."""
    lines = ["the same\n"] * (250_000 * factor)
    hunks = "".join(_hunk(lines, len(lines) * part // 5) for part in range(1, 5))
    return Load(f"{len(lines):,} lines", "".join(lines), HEAD + hunks)


def equal_lines_lost(factor: int) -> Load:
    """Make the same file, with hunks whose deleted line is not in it: there is no place to find."""
    lines = ["the same\n"] * (250_000 * factor)
    hunks = "".join(_hunk(lines, len(lines) * part // 5) for part in range(1, 5)).replace("-the same", "-another")
    return Load(f"{len(lines):,} lines", "".join(lines), HEAD + hunks)


def oversize(factor: int) -> Load:
    """Make an answer that is 40 times too long at factor 4; GNU patch knows no limit and applies it."""
    count = LIMIT * 10 * factor // 40
    lines = [f"+line {number:032}\n" for number in range(count)]
    answer = f"{HEAD}@@ -1 +1,{count + 1} @@\n one\n{''.join(lines)}"
    return Load(f"{len(answer) / 1e6:.0f} MB", "one\n", answer, LIMIT)


SHAPES: dict[str, Callable[[int], Load]] = {
    "big file": big_file,
    "many hunks": many_hunks,
    "many hunks, wrong numbers": many_hunks_shifted,
    "many hunks, mistyped": many_typos,
    "equal lines": equal_lines,
    "equal lines, no place": equal_lines_lost,
    "oversize answer": oversize,
}


def main() -> int:
    """Print a row for every shape and size; always 0."""
    table = Table(title="Growth")
    for column in ("shape", "size", "ours", "ours s", "growth", "patch", "patch s", "ratio"):
        table.add_column(column, justify="left" if column == "shape" else "right")
    for row in _rows():
        print(*row, sep="\t", file=sys.stderr, flush=True)
        table.add_row(*row)
    Console(width=110).print(table)
    return 0


def _rows() -> Iterator[tuple[str, ...]]:
    for name, make in SHAPES.items():
        before = 0.0
        for factor in (1, 2, 4):
            load = make(factor)
            outcome, seconds = _ours(load)
            peer = _patch(load)
            growth = f"x{seconds / before:.1f}" if before else ""
            before = seconds
            ratio = f"{seconds / peer.seconds:.2f}"
            yield name, load.size, outcome, f"{seconds:.3f}", growth, _word(peer), f"{peer.seconds:.3f}", ratio


def _ours(load: Load) -> tuple[str, float]:
    base = Files({PATH: load.text})
    started = time.perf_counter()
    resolved = resolve(load.answer, "auto", base, load.limit)
    return ("refused" if resolved.findings else "placed"), time.perf_counter() - started


def _patch(load: Load) -> Result:
    # What is right is not judged here: GNU patch's files are never what no file is.
    return gnu_patch(Trial("scale", Case("scale", {PATH: load.text}, ()), load.answer, {}))


def _word(result: Result) -> str:
    return "refused" if result.outcome == "refused" else "placed"


def _hunk(lines: list[str], at: int, shift: int = 0) -> str:
    before, after = (
        "".join(f" {line}" for line in lines[at - 3 : at]),
        "".join(f" {line}" for line in lines[at + 1 : at + 4]),
    )
    first = at - 2 + shift
    return f"@@ -{first},7 +{first},7 @@\n{before}-{lines[at]}+another line\n{after}"


if __name__ == "__main__":
    sys.exit(main())
