"""`agentos deliver EVIDENCE_DIR|COMMIT`: a commit that was made and not delivered is delivered; no model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.entry.commands import run as run_command
from agentos_action.entry.delivery import delivery_arguments, issue_argument

if TYPE_CHECKING:
    import argparse

EXAMPLE = "agentos deliver 8f3a1c2d55 --branch agentos/colour-flag --delivery pull-request"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("what", metavar="EVIDENCE_DIR|COMMIT", help="the run that made the commit, or the commit")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    parser.add_argument("--branch", metavar="NAME", help="the local branch whose tip it is (default: the one there is)")
    parser.add_argument("--base", metavar="BRANCH", help="the pull request goes to this branch of the remote")
    parser.add_argument("--policy-ref", metavar="REV", help="read agentos.toml from this commit (default: the commit)")
    issue_argument(parser, "the issue that asked (default: the event's)")
    delivery_arguments(parser)
    parser.set_defaults(delivery="pull-request", allow_path=None, allowed_paths=None, forbidden_paths=None)
    parser.set_defaults(dry_run=False, proposal=".")
    parser.add_argument("--evidence", metavar="DIR", help="where evidence goes (default: <git dir>/agentos/runs)")
    parser.add_argument("--verbose", action="store_true", help="say more of what happens")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Deliver it and report."""
    from agentos_action.entry.bundle import is_folder_of_one_run, require_apart  # noqa: PLC0415 - not for --help
    from agentos_action.entry.request import commit_request  # noqa: PLC0415 - the same
    from agentos_action.errors import UsageError  # noqa: PLC0415 - the same
    from agentos_action.evidence.layout import SUMS  # noqa: PLC0415 - the same
    from agentos_action.pipeline.deliver_again import deliver_commit  # noqa: PLC0415 - the same

    if options.delivery == "none":
        raise UsageError("--delivery none delivers nothing", "Give push or pull-request.")
    if options.delivery == "push" and options.base is not None:
        said = "--base names where a pull request goes to, and --delivery push opens none"
        raise UsageError(said, "Leave one of them out.")
    named = Path(options.what)
    # A word that is no folder of a run is taken for a commit.
    folder = named if is_folder_of_one_run(named, "deliver") and (named / SUMS).exists() else None
    request = replace(commit_request(options), half="deliver", proposal=folder, base=options.base, issue=None)
    if folder is not None:
        require_apart(request, folder)
    walk = partial(deliver_commit, commit=None if folder else options.what)
    return run_command.finish(run_command.reported(options, request, walk))
