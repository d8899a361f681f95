"""`agentos commit EVIDENCE_DIR`: the second half of a run: a proposal is judged once more, and committed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.entry.commands import run as run_command
from agentos_action.entry.delivery import delivery_arguments, issue_argument

if TYPE_CHECKING:
    import argparse

    from agentos_action.records.run import RunRequest

EXAMPLE = "agentos commit proposals/20261121T031500Z-8f3a1c2d --branch agentos/colour-flag"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("proposal", metavar="EVIDENCE_DIR", help="the folder of a run of `agentos propose`")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    parser.add_argument("--branch", metavar="NAME", help="commit on this branch, new or existing")
    parser.add_argument("--policy-ref", metavar="REV", help="read agentos.toml from this commit (default: the branch)")
    parser.add_argument("--allow-path", action="append", metavar="GLOB", help="an exception for this run; is recorded")
    run_command.path_arguments(parser)
    issue_argument(parser, "the issue whose text is the task, and is answered (default: the event's)")
    parser.add_argument("--dry-run", action="store_true", help="judge it and write nothing but evidence")
    delivery_arguments(parser)
    parser.add_argument("--evidence", metavar="DIR", help="where evidence goes (default: <git dir>/agentos/runs)")
    parser.add_argument("--verbose", action="store_true", help="say more of what happens")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Judge the proposal, commit it and report."""
    from agentos_action.pipeline.commit import commit_proposal  # noqa: PLC0415 - not for --help

    return run_command.finish(run_command.reported(options, request_of(options), commit_proposal))


def request_of(options: argparse.Namespace) -> RunRequest:
    """Build the request; raises UsageError where the proposal is no folder of one run."""
    from agentos_action.entry.bundle import is_folder_of_one_run, require_apart  # noqa: PLC0415 - not for --help
    from agentos_action.entry.request import commit_request  # noqa: PLC0415 - the same
    from agentos_action.errors import UsageError  # noqa: PLC0415 - the same

    folder = Path(options.proposal)
    if not is_folder_of_one_run(folder, "commit"):
        raise UsageError(f"{folder} is not a folder", "Give the folder of a run of `agentos propose`.")
    request = commit_request(options)
    require_apart(request, folder)
    return request
