"""`agentos hook docstrings`: a recipe on the staged files, left in the work tree, as formatters do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from agentos_action.entry.cli import described
from agentos_action.entry.commands import run as run_command

if TYPE_CHECKING:
    import argparse

EXAMPLE = "agentos hook docstrings src/a.py src/b.py"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="docstrings", required=True)
    docstrings = below.add_parser("docstrings", **described("fill in missing docstrings of these files", EXAMPLE))
    docstrings.add_argument("files", nargs="*", metavar="FILE", help="the staged files (pre-commit gives them)")
    docstrings.add_argument("--strict", action="store_true", help="fail where no model answers, instead of a note")
    docstrings.add_argument("--repo", default=".", metavar="DIR", help="the repository")
    docstrings.add_argument("--evidence", metavar="DIR", help="where evidence goes")
    docstrings.add_argument("--verbose", action="store_true", help="say more of what happens")
    docstrings.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    run_command.model_arguments(docstrings)


def execute(options: argparse.Namespace) -> int:
    """Run the recipe on the index; exit 1 where files changed, so that the commit waits for them to be staged."""
    from agentos_action.errors import EXIT_REJECTED  # noqa: PLC0415 - not for --help

    if not options.files:
        return 0
    for name in ("task", "instruction", "base", "branch", "policy_ref", "allow_path", "edit_format", "answer"):
        setattr(options, name, None)
    options.recipe, options.dry_run = options.what, False
    if not (options.provider or options.profile or options.base_url):
        options.embedded = True
    if options.embedded and not options.strict and not _installed(options.model):
        sys.stderr.write("agentos: skipped, because no model is installed here\n  agentos model install smollm2-135m\n")
        return 0
    if _unborn(options.repo):
        sys.stderr.write("agentos: skipped, because this is the first commit\n")
        return 0
    report = run_command.perform(options, target="worktree")
    if report.status == "applied":
        return EXIT_REJECTED
    if report.status == "tool_failed" and not options.strict:
        sys.stderr.write("agentos: skipped, because the model did not answer (--strict makes this an error)\n")
        return 0
    return report.exit_code


def _unborn(repo: str) -> bool:
    from pathlib import Path  # noqa: PLC0415 - not for --help

    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    return RepoView.open(Path(repo)).unborn


def _installed(name: str | None) -> bool:
    from agentos_action.entry.request import cache_folder  # noqa: PLC0415 - not for --help
    from agentos_action.sidecar import models  # noqa: PLC0415 - the same

    return any(name in {None, model.name} for model in models.installed(cache_folder() / "models"))
