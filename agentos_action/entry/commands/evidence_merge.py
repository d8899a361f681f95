"""`agentos evidence merge DIR… --into DIR`: the bundles of many jobs side by side, each verified, with an index."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from agentos_action.pipeline.merge import Merged, Merging


def execute(options: argparse.Namespace) -> int:
    """Merge; exit code 1 where a bundle is not what it says, and so was left where it is."""
    from agentos_action.pipeline.merge import merge  # noqa: PLC0415 - not for --help

    into = Path(options.into)
    merging = merge([Path(folder) for folder in options.folders], into)
    results = merging.results
    passed = all(one.outcome != "refused" for one in results)
    if options.json:
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line({"passed": passed, "into": str(into), "bundles": [asdict(one) for one in results]}))
    else:
        _say(results, into)
    if os.environ.get("GITHUB_STEP_SUMMARY"):
        _summarise(merging, Path(os.environ["GITHUB_STEP_SUMMARY"]))
    return 0 if passed else 1


def _summarise(merging: Merging, file: Path) -> None:
    """Write into the summary of a workflow's job what came of each task; the merge stands where that cannot be."""
    from agentos_action.pipeline.task_ends import task_ends  # noqa: PLC0415 - only in a workflow
    from agentos_action.report.outcomes import outcomes  # noqa: PLC0415 - the same
    from agentos_action.report.visible import harmless_line  # noqa: PLC0415 - the same

    # An artifact's folder has its name.
    refused = [
        (Path(one.source).name, next((problem.told for problem in one.problems), "it holds no run"))
        for one in merging.results
        if one.outcome == "refused"
    ]
    try:
        with file.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(outcomes(task_ends(merging.ends), refused))
    except OSError as error:
        sys.stderr.write(harmless_line(f"warning: GITHUB_STEP_SUMMARY cannot be written: {error.strerror}") + "\n")


def _say(results: Sequence[Merged], into: Path) -> None:
    from agentos_action.report.near import nearness  # noqa: PLC0415 - not with --json
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - not with --json
    from agentos_action.report.visible import harmless_line  # noqa: PLC0415 - the same

    near = nearness(os.environ)

    def say(text: str) -> None:
        sys.stderr.write(harmless_line(near(text)) + "\n")

    for one in results:
        if one.outcome == "refused":
            say(f"{one.source}: NOT MERGED")
            for problem in one.problems:
                sys.stderr.write("  ")
                say(problem.told)
    told = {"merged": "merged", "there": "there already", "refused": "refused"}
    counts = ", ".join(f"{sum(one.outcome == key for one in results)} {word}" for key, word in told.items())
    say(f"{counted(len(results), 'bundle')}: {counts}. {into / 'index.json'}")
