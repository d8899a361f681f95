"""Measure answers: `python -m benchmarks.patches [--seed S] [--cases N] [--kind K] [--ours-only] [--failures DIR]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.patches import ours, peers, report, trials


def main() -> int:
    """Run every trial with ours and the peers, print the tables; always 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.patches", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="what cases, damages and noise are drawn by (default: 1)")
    parser.add_argument("--cases", type=int, default=400, help="pairs to draw from (default: 400)")
    parser.add_argument("--each", type=int, default=40, help="trials of a kind at most (default: 40)")
    parser.add_argument("--kind", action="append", help="only this kind (may be repeated)")
    parser.add_argument("--ours-only", action="store_true", help="leave the peers out")
    parser.add_argument("--failures", type=Path, metavar="DIR", help="write every failing trial of ours here")
    options = parser.parse_args()
    table = report.Table()
    for trial in trials.load(options.seed, options.cases, options.each, options.kind):
        results = {"ours": ours.run(trial)}
        if options.failures and not report.is_good(trial, results["ours"]):
            report.write_failure(options.failures, trial, results["ours"])
        if trial.is_diff and not options.ours_only:
            results |= {name: peer(trial) for name, peer in peers.PEERS.items()}
        table.add(trial, results)
    table.show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
