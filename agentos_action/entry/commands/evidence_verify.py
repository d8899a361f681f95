"""`agentos evidence verify DIR…`: whether a bundle is what it says, and its commit too."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from agentos_action.evidence.reading import Problem
    from agentos_action.evidence.verify import Checked


def execute(options: argparse.Namespace) -> int:
    """Check every bundle; exit code 1 where one is not what it says."""
    results = [_check(Path(folder), options.repo) for folder in options.folders]
    if options.json:
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line({"bundles": results}))
    else:
        for result in results:
            _say(result)
    return 0 if all(result["valid"] for result in results) else 1


def require_folder(folder: Path) -> None:
    """Raise UsageError for what is no folder of a run."""
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help
    from agentos_action.evidence.layout import SUMS  # noqa: PLC0415 - the same

    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", f"Give the folder of a run, which holds {SUMS}.")
    if not os.path.lexists(folder / SUMS) and next(folder.glob(f"*/{SUMS}"), None):
        raise UsageError(f"{folder} is a folder of runs", f"Give the runs in it: agentos evidence verify {folder}/*")
    if (folder / "runs").is_dir() and (folder / "reports" / "gate_results.json").is_file():
        hint = f"Give the run in it: agentos evidence verify {folder}/runs/*"
        raise UsageError(f"{folder} is the folder of a gate", hint)


def _check(folder: Path, repo: str | None) -> dict[str, Any]:
    from agentos_action.evidence.verify import verify_bundle  # noqa: PLC0415 - not for --help
    from agentos_action.pipeline.page import check_page  # noqa: PLC0415 - the same

    require_folder(folder)
    checked = verify_bundle(folder)
    commit, problems = _check_commit(folder, checked, repo)
    problems = [*checked.problems, *check_page(folder, checked), *problems]
    return {
        "folder": str(folder),
        "run_id": checked.run_id,
        "valid": not problems,
        "events": checked.events,
        "files": checked.files,
        "commit": checked.commit,
        "commit_checked": commit,
        "problems": [{"file": p.file, "line": p.line, "message": p.message} for p in problems],
    }


def _check_commit(folder: Path, checked: Checked, repo: str | None) -> tuple[str, list[Problem]]:
    """Return how the commit was checked (`yes`, `none`, or why not) and what is wrong with it."""
    if checked.commit is None:
        return "none", []
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help
    from agentos_action.evidence.reading import Problem  # noqa: PLC0415 - the same
    from agentos_action.evidence.verify import compare_commit  # noqa: PLC0415 - the same
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    try:
        view, named = RepoView.open(Path(repo) if repo else folder.resolve()), True
    except UsageError:
        if repo:
            raise
        # A bundle outside of every repository, an artifact for one: perhaps it is of the one that we stand in.
        try:
            view, named = RepoView.open(Path()), False
        except UsageError:
            return "skipped: no repository here; give --repo", []
    facts = view.commit_facts(checked.commit)
    if facts is None and not named:
        return "skipped: not of the repository here; give --repo", []
    if facts is None:
        return "no", [Problem("", 0, f"the commit {checked.commit} is not in {view.git_dir}")]
    return "yes", compare_commit(checked.tape, facts)


def _say(result: dict[str, Any]) -> None:
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - not with --json
    from agentos_action.report.visible import harmless_line  # noqa: PLC0415 - the same

    word = "valid" if result["valid"] else "NOT VALID"
    said = f"{counted(result['events'], 'event')}, {counted(result['files'], 'file')}"
    if result["commit"]:
        said += f", commit {result['commit'][:10]} checked: {result['commit_checked']}"
    # A tape that cannot be read does not say whose it is.
    which = result["run_id"] or f"of an unknown run in {result['folder']}"
    sys.stderr.write(harmless_line(f"evidence {which}: {word} ({said})") + "\n")
    for problem in result["problems"]:
        place = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
        # A commit that is not there is in no file of the bundle.
        told = f"{place}: {problem['message']}" if place else problem["message"]
        sys.stderr.write(f"  {harmless_line(told)}\n")
