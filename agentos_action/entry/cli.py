"""`agentos`: a table of commands; only the module of the one that was asked for is imported."""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

from agentos_action import __version__
from agentos_action.entry.fail import guarded
from agentos_action.errors import EXIT_USAGE, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "ask a model for a change, judge it, commit it, keep the evidence",
    "propose": "the first half of a run: ask, judge, check; the repository is only read",
    "commit": "the second half: judge a proposal once more, and commit it; no model",
    "deliver": "deliver a commit that was made and whose delivery failed: push, pull request; no model",
    "verify": "judge a staged diff, a range or a diff file against the policy",
    "judge": "read one answer, or many, against given files: verdict, findings, diff; nothing is written",
    "tool": "look whether models answer, list them, try one, and keep keys of your own",
    "model": "install and list model files for the embedded server",
    "sidecar": "start, look at and stop a llama.cpp server of your own",
    "recipe": "list recipes: narrow tasks that a small model can do",
    "plan": "share the work out: tasks, or a recipe's places, as the jobs of a workflow's matrix; no model",
    "profile": "check, show and trust profiles of model servers",
    "evidence": "check, show, replay, audit and merge what runs left behind",
    "gate": "prove on this machine what is claimed, and keep the proof (gate run)",
    "schema": "print the JSON Schema of a record",
    "hook": "the doors for pre-commit (hook docstrings, run, audit)",
    "check": "tell what is wrong in policy, profiles and tasks, with file and line",
    "init": "write policy, workflow, hooks and issue form for this repository; nothing is overwritten",
}

EPILOG = """exit codes:
  0 done, 1 rejected, 2 usage, 3 tool failed, 4 conflict, 5 boundary violated, 70 bug, 130 interrupted

example:
  agentos run --recipe docstrings --embedded --dry-run"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are told as every other error is, also with --json; options are written out."""

    def __init__(self, **told: Any) -> None:  # noqa: ANN401 - argparse's own
        super().__init__(**{"allow_abbrev": False, **told})

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in place of printing and leaving."""
        from agentos_action.entry.said import missing, named, no_command, told  # noqa: PLC0415 - only for what is wrong

        help_ = f"`{self.prog} --help` shows what there is."
        name, said = named(message)
        if not name:
            raise UsageError(missing(message), help_)
        found = None if name.startswith("-") else no_command(self.prog, said)
        what, hint = found or told(name, said)
        raise UsageError(what, hint or help_)


def described(text: str, example: str) -> dict[str, Any]:
    """Return what `add_parser` needs so that a command's help says what it is for and shows an example."""
    return {
        "help": text,
        "description": text[0].upper() + text[1:] + ".",
        "epilog": f"example:\n  {example}",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


class Command(Protocol):
    """What a command's module offers."""

    EXAMPLE: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""

    def execute(self, options: argparse.Namespace) -> int:
        """Do it and return the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; only this ends the process."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        # A process of our own: what modules are made of is not looked through again and again while they load.
        gc.set_threshold(500_000, 10, 10)
    code = guarded(lambda: _main(arguments), as_json="--json" in arguments)
    if argv is None:
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End the process at once: taking every module apart first would take as long as a hook's work.

    Nothing waits for that: files, children and locks are closed where they are used.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _main(arguments: list[str]) -> int:
    # Plugins that somebody installed beside us have no business in our records, and looking for them costs start-up.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    dashes = next((word for word in arguments if re.fullmatch(r"--[a-z][a-z0-9-]*=--", word)), None)
    if dashes is not None:
        # argparse drops such a value, and an address or a narrowing with it.
        raise UsageError(f"{dashes.partition('=')[0]} is '--'", "Write what is meant, or leave it out.")
    name = next((argument for argument in arguments if not argument.startswith("-")), None)
    parser, command = _parser(name if name in COMMANDS else None, alone=arguments[:1] == [name])
    try:
        options, unknown = parser.parse_known_args(arguments)
    except SystemExit as done:
        # --help and --version leave in this way once they have printed.
        return done.code if isinstance(done.code, int) else EXIT_USAGE
    if unknown:
        # A mistyped flag may carry a key.
        names = " ".join(word.partition("=")[0] for word in unknown)
        shown = f"agentos {name}" if command is not None else "agentos"
        raise UsageError(f"unrecognized arguments: {names}", f"`{shown} --help` shows what there is.")
    if command is None:
        parser.print_help()
        return EXIT_USAGE
    return command.execute(options)


def _parser(chosen: str | None, *, alone: bool = False) -> tuple[argparse.ArgumentParser, Command | None]:
    """Return the parser and the chosen command; `alone` leaves the others out, where nobody asks for all of them."""
    parser = Parser(
        prog="agentos",
        description="A model may only propose a diff: AgentOS judges it, commits it and keeps the evidence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"agentos {__version__}")
    below = parser.add_subparsers(dest="command", metavar="command")
    command: Command | None = None
    for name, text in COMMANDS.items():
        if name != chosen:
            if chosen is None or not alone:
                below.add_parser(name, help=text)
            continue
        command = cast("Command", import_module(f"agentos_action.entry.commands.{name}"))
        command.arguments(below.add_parser(name, **described(text, command.EXAMPLE)))
    return parser, command
