"""`agentos evidence audit`: every agent-made commit of a range, its bundle, policy and model."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from agentos_action.pipeline.audit import Audited
    from agentos_action.repo import RepoView

_STATES = {"verified": "verified", "no_bundle": "no bundle", "wrong": "WRONG"}


def execute(options: argparse.Namespace) -> int:
    """Audit; exit code 1 where a commit is not what it says, or has no bundle and that is not allowed."""
    from agentos_action.pipeline.audit import audit  # noqa: PLC0415 - not for --help
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    repo = RepoView.open(Path(options.repo))
    tip, without = _range(repo, options.range)
    given = [_folder(folder) for folder in options.evidence or ()]
    usual = os.environ.get("AGENTOS_EVIDENCE")
    roots = [repo.common_dir / "agentos" / "runs", *given, *([Path(usual)] if usual else [])]
    found = audit(repo, tip, without, roots)
    passed = all(one.state == "verified" or (options.allow_missing and one.state == "no_bundle") for one in found)
    if options.json:
        counts = {state: sum(one.state == state for one in found) for state in _STATES}
        told = {"passed": passed, **counts, "commits": [asdict(one) for one in found]}
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line(told))
    else:
        _say(found, passed=passed)
    return 0 if passed else 1


def _folder(name: str) -> Path:
    """Return a folder that was named; one that is not there would make every bundle of it a missing one."""
    folder = Path(name)
    if not folder.is_dir():
        from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help

        raise UsageError(f"{name} is not a folder", "Give the folder that holds the runs with --evidence.")
    return folder


def _range(repo: RepoView, text: str | None) -> tuple[str, str | None]:
    """Return the commit to begin with and the one whose history is left out."""
    if text is None:
        return repo.commit_of("HEAD"), None
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help

    start, dots, end = text.partition("..")
    if not dots or not start or end.startswith("."):
        raise UsageError(f"{text!r} is no range", "Give one as A..B, for example origin/main..HEAD.")
    return repo.commit_of(end or "HEAD"), repo.commit_of(start)


def _say(found: list[Audited], *, passed: bool) -> None:
    from agentos_action.pipeline.audit import mends  # noqa: PLC0415 - not with --json
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - the same
    from agentos_action.report.visible import harmless_line  # noqa: PLC0415 - the same

    for one in found:
        about = "  ".join(map(harmless_line, (one.model or "?", one.policy or "?", one.run_id)))
        sys.stderr.write(f"{one.commit[:10]}  {_STATES[one.state]:9}  {about}\n")
        for problem in one.problems:
            sys.stderr.write(f"    {harmless_line(problem)}\n")
    told = ", ".join(f"{sum(one.state == state for one in found)} {word}" for state, word in _STATES.items())
    said = f"{counted(len(found), 'agent-made commit')}: {told}."
    sys.stderr.write(f"{said} {'Passed' if passed else 'NOT PASSED'}.\n")
    for said in mends(found):
        sys.stderr.write(f"  {harmless_line(said)}\n")
    if not passed and any(one.state == "no_bundle" for one in found):
        sys.stderr.write("  Name the folder where their bundles are with --evidence DIR, or give --allow-missing.\n")
