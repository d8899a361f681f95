"""`agentos hook audit`: every agent-made commit that a push hands over, held against its evidence."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.branches import stands_on
from agentos_action.entry.fail import as_line
from agentos_action.errors import EXIT_DONE, EXIT_REJECTED, UsageError
from agentos_action.pipeline.audit import Audited, audit, mends
from agentos_action.repo import RepoView
from agentos_action.report.visible import unobeyed, visible_line

if TYPE_CHECKING:
    import argparse

_HINT = "Bring its bundle here (--evidence DIR in the hook's args), or allow it: --allow-missing."


def execute(options: argparse.Namespace) -> int:
    """Audit; exit code 1 where a commit is not what it says, or has no bundle and that is not allowed."""
    repo = RepoView.open(Path(options.repo))
    tip, without = _pushed(repo)
    usual = os.environ.get("AGENTOS_EVIDENCE")
    # Where runs leave their evidence by themselves there is no folder before the first one.
    roots = [repo.common_dir / "agentos" / "runs", *([_home(usual)] if usual else [])]
    roots += [_given(name) for name in options.evidence or ()]
    found = audit(repo, tip, without, roots)
    there = _remote_tips(repo)
    new = [one for one in found if not any(stands_on(repo.raw, remote, one.commit) for remote in there)]
    faults = [one for one in new if one.state == "wrong" or (one.state == "no_bundle" and not options.allow_missing)]
    if options.json:
        rows = [asdict(one) for one in new]
        sys.stdout.write(as_line({"passed": not faults, "commits": rows}))
    else:
        _say(new, faults)
    return EXIT_REJECTED if faults else EXIT_DONE


def _given(name: str) -> Path:
    """Return a folder that was named; one that is not there would make every bundle of it a missing one."""
    root = _home(name)
    # An empty name is a variable that is not set, and would stand for this folder.
    if not name or not root.is_dir():
        hint = "Give the folder that holds the runs with --evidence (the hook's args), or leave it out."
        raise UsageError(f"{name or repr(name)} is not a folder", hint)
    return root


def _home(name: str) -> Path:
    """Return a path with its leading `~`, which no shell replaced in a hook's args."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _pushed(repo: RepoView) -> tuple[str, str | None]:
    """Return the tip that is pushed and the commit whose history is there already, as pre-commit tells them.

    Where a branch is pushed with its root commit, pre-commit names no range but the branch.
    """
    start, end = os.environ.get("PRE_COMMIT_FROM_REF"), os.environ.get("PRE_COMMIT_TO_REF")
    if start and end:
        return repo.commit_of(end), repo.commit_of(start)
    return repo.commit_of(os.environ.get("PRE_COMMIT_LOCAL_BRANCH") or "HEAD"), None


def _remote_tips(repo: RepoView) -> tuple[str, ...]:
    """Return where the branches of the remote stand, as they were fetched last: what it has is not pushed."""
    name = os.environ.get("PRE_COMMIT_REMOTE_NAME")
    if not name:
        return ()
    prefix = f"refs/remotes/{name}/"
    return tuple(repo.commit_of(str(one)) for one in repo.raw.references if str(one).startswith(prefix))


def _say(found: list[Audited], faults: list[Audited]) -> None:
    for one in faults:
        told = "no evidence" if one.state == "no_bundle" else "not what it says"
        _line(f"{one.commit[:10]}  {told}  {one.subject}  (run {one.run_id})")
        for problem in one.problems:
            sys.stderr.write("  ")
            _line(problem)
    for said in mends(faults):
        sys.stderr.write("  ")
        _line(said)
    missing = sum(one.state == "no_bundle" for one in found)
    if any(one.state == "no_bundle" for one in faults):
        sys.stderr.write(f"  {_HINT}\n")
    verified = sum(one.state == "verified" for one in found)
    _line(
        f"agentos audit: {len(found)} agent-made {'commit' if len(found) == 1 else 'commits'} in this push:"
        f" {verified} verified, {missing} without evidence, {len(found) - verified - missing} wrong"
    )


def _line(text: str) -> None:
    sys.stderr.write(unobeyed(visible_line(text)) + "\n")
