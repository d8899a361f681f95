"""`agentos evidence merge DIR… --into DIR`: the bundles of many jobs side by side, each verified, with an index."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from agentos_action.pipeline.merge import Merged


def execute(options: argparse.Namespace) -> int:
    """Merge; exit code 1 where a bundle is not what it says, and so was left where it is."""
    from agentos_action.pipeline.merge import merge  # noqa: PLC0415 - not for --help

    into = Path(options.into)
    results = merge([Path(folder) for folder in options.folders], into)
    passed = all(one.outcome != "refused" for one in results)
    if options.json:
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line({"passed": passed, "into": str(into), "bundles": [asdict(one) for one in results]}))
    else:
        _say(results, into)
    return 0 if passed else 1


def _say(results: list[Merged], into: Path) -> None:
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - not with --json
    from agentos_action.report.visible import harmless_line  # noqa: PLC0415 - the same

    def say(text: str) -> None:
        sys.stderr.write(harmless_line(text) + "\n")

    for one in results:
        if one.outcome == "refused":
            say(f"{one.source}: NOT MERGED")
            for problem in one.problems:
                sys.stderr.write("  ")
                say(problem.told)
    told = {"merged": "merged", "there": "there already", "refused": "refused"}
    counts = ", ".join(f"{sum(one.outcome == key for one in results)} {word}" for key, word in told.items())
    say(f"{counted(len(results), 'bundle')}: {counts}. {into / 'index.json'}")
