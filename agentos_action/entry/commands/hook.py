"""`agentos hook docstrings|run|audit`: the doors for pre-commit that need more than a command of their own."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from agentos_action.entry.cli import described
from agentos_action.entry.commands import run as run_command

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

EXAMPLE = "agentos hook run --recipe docstrings src/a.py src/b.py"

#: Which module does which of them.
_MODULES = {"docstrings": "hook_run", "run": "hook_run", "audit": "hook_audit"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    below = parser.add_subparsers(dest="what", metavar="docstrings|run|audit", required=True)
    example = "agentos hook docstrings src/a.py src/b.py"
    docstrings = below.add_parser("docstrings", **described("fill in missing docstrings of these files", example))
    _staged(docstrings)
    run = below.add_parser("run", **described("do a task or a recipe on these files, left in the work tree", EXAMPLE))
    what = run.add_mutually_exclusive_group(required=True)
    what.add_argument("--task", metavar="FILE", help="a task file (Markdown, TOML front matter)")
    what.add_argument("--recipe", metavar="NAME", help="a narrow task; see `agentos recipe list`")
    what.add_argument("--instruction", metavar="TEXT", help="the instruction itself")
    run.add_argument("--answer", metavar="FILE", help="the answer, for the provider `scripted`")
    _staged(run)
    pushed = "agentos hook audit --evidence ~/evidence"
    audit = below.add_parser("audit", **described("look for the evidence of every agent-made commit of a push", pushed))
    audit.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    audit.add_argument("--evidence", action="append", metavar="DIR", help="look for bundles here too; may be repeated")
    audit.add_argument("--allow-missing", action="store_true", help="a commit without a bundle here is no fault")
    audit.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    module = import_module(f"agentos_action.entry.commands.{_MODULES[options.what]}")
    return cast("Callable[[argparse.Namespace], int]", module.execute)(options)


def _staged(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", metavar="FILE", help="the staged files (pre-commit gives them)")
    parser.add_argument("--strict", action="store_true", help="fail where no model answers, instead of a note")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository")
    parser.add_argument("--evidence", metavar="DIR", help="where evidence goes")
    parser.add_argument("--verbose", action="store_true", help="say more of what happens")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    run_command.model_arguments(parser)
