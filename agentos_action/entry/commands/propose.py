"""`agentos propose`: the first half of a run, from a task to a judged and checked proposal; the repository is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentos_action.entry.commands import run as run_command

if TYPE_CHECKING:
    import argparse

EXAMPLE = 'agentos propose --instruction "Rename the flag --colour to --color in cli.py" --evidence proposals'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options, which are those of `agentos run`."""
    run_command.arguments(parser)


def execute(options: argparse.Namespace) -> int:
    """Propose and report."""
    return run_command.finish(run_command.perform(options, half="propose"))
