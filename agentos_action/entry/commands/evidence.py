"""`agentos evidence verify|show|replay|audit|merge`: what runs left behind, checked, read, done once more."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from agentos_action.entry.cli import described

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

EXAMPLE = "agentos evidence verify .git/agentos/runs/20261121T031500Z-8f3a1c2d"

_REPO = "the repository of its commit (default: the one it lies in, else the one you stand in)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="verify|show|replay|audit|merge", required=True)
    verify = below.add_parser("verify", **described("chain, sums, order, fields, invariants, the commit", EXAMPLE))
    verify.add_argument("folders", nargs="+", metavar="DIR", help="the folder of a run")
    verify.add_argument("--repo", metavar="DIR", help=_REPO)
    shown = "agentos evidence show .git/agentos/runs/20261121T031500Z-8f3a1c2d"
    show = below.add_parser("show", **described("what was asked, answered, judged and done, for a person", shown))
    show.add_argument("folder", metavar="DIR", help="the folder of a run")
    again = "agentos evidence replay .git/agentos/runs/20261121T031500Z-8f3a1c2d --repo ."
    replay = below.add_parser("replay", **described("from the recorded answer to the same tree, offline", again))
    replay.add_argument("folder", metavar="DIR", help="the folder of a run")
    replay.add_argument("--repo", metavar="DIR", help=_REPO)
    looked = "agentos evidence audit --range origin/main..HEAD"
    audit = below.add_parser("audit", **described("every agent-made commit of a range", looked))
    audit.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    audit.add_argument("--range", metavar="A..B", help="commits of B that are not in A (default: all of HEAD)")
    audit.add_argument("--evidence", action="append", metavar="DIR", help="look for bundles here too; may be repeated")
    audit.add_argument(
        "--allow-missing", action="store_true", help="a commit of which only digests are left is no fault"
    )
    merged = "agentos evidence merge artifacts --into evidence"
    merge = below.add_parser("merge", **described("bundles of many jobs side by side, each verified, an index", merged))
    merge.add_argument("folders", nargs="+", metavar="DIR", help="folders of runs, or folders that hold such")
    merge.add_argument("--into", required=True, metavar="DIR", help="where each goes under its run's id")
    for command in (verify, show, replay, audit, merge):
        command.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Do what was asked for; exit code 1 where something is not what it says."""
    module = import_module(f"agentos_action.entry.commands.evidence_{options.what}")
    return cast("Callable[[argparse.Namespace], int]", module.execute)(options)
