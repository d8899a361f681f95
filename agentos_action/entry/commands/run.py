"""`agentos run`: the whole way from a task to a commit."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from agentos_action.entry.delivery import delivery_arguments, issue_argument

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from agentos_action.pipeline.walk import Parts
    from agentos_action.records.observer import Observer
    from agentos_action.records.run import Half, RunReport, RunRequest, Target

#: The names of `records.task.EditFormat`, which would load pydantic for --help.
FORMATS = ("auto", "unified_diff", "search_replace", "codex", "structured", "whole_file")

EXAMPLE = 'agentos run --instruction "Rename the flag --colour to --color in cli.py" --provider llamacpp'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of a run."""
    task = parser.add_argument_group("what")
    task.add_argument("--task", metavar="FILE", help="a task file (Markdown, TOML front matter)")
    task.add_argument("--instruction", metavar="TEXT", help="the instruction itself")
    task.add_argument("--recipe", metavar="NAME", help="a narrow task; see `agentos recipe list`")
    issue_argument(task, "the task is this issue's text, where none is given; it is answered (default: the event's)")
    task.add_argument("--files", nargs="+", metavar="FILE", help="the files it is about, from the repository's root")
    path_arguments(task)
    task.add_argument("--check", action="append", metavar="COMMAND", help="a further check besides the policy's")
    where = parser.add_argument_group("where")
    where.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    where.add_argument("--base", metavar="REV", help="start from this commit (default: the branch's tip)")
    where.add_argument("--branch", metavar="NAME", help="commit on this branch, new or existing ({task}: its id)")
    where.add_argument("--policy-ref", metavar="REV", help="read agentos.toml from this commit (default: HEAD)")
    where.add_argument("--allow-path", action="append", metavar="GLOB", help="an exception for this run; is recorded")
    where.add_argument("--dry-run", action="store_true", help="do everything but write; evidence is written")
    model_arguments(parser)
    delivery_arguments(parser)
    parser.add_argument("--edit-format", choices=FORMATS, help="how the model shall answer")
    parser.add_argument("--answer", metavar="FILE", help="the answer, for the provider `scripted`")
    parser.add_argument("--evidence", metavar="DIR", help="where evidence goes (default: <git dir>/agentos/runs)")
    parser.add_argument(
        "--no-content", action="store_true", help="evidence keeps digests only: no prompt, answer, diff"
    )
    parser.add_argument("--verbose", action="store_true", help="say more of what happens")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def path_arguments(group: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Add the options with which whoever hands a task in narrows it."""
    group.add_argument(
        "--allowed-paths",
        nargs="+",
        action="extend",
        metavar="GLOB",
        help="change these only; policy and task narrow on",
    )
    group.add_argument("--forbidden-paths", nargs="+", action="extend", metavar="GLOB", help="leave these alone, too")


def model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a model."""
    model = parser.add_argument_group("which model")
    model.add_argument("--provider", metavar="P[:INSTANCE]", help="llamacpp, openai, …: see `agentos tool list`")
    model.add_argument("--profile", metavar="NAME", help="a profile by name, for example embedded")
    model.add_argument("--base-url", metavar="URL", help="the server's address")
    model.add_argument("--model", metavar="NAME", help="the model that must answer")
    model.add_argument("--embedded", action="store_true", help="start a llama.cpp server for this run, and end it")
    model.add_argument("--binary", metavar="PATH", help="a llama-server program for --embedded")
    model.add_argument("--gguf", metavar="FILE", help="as --embedded, with this model file, used where it lies")
    model.add_argument("--gguf-sha256", metavar="H", help="its sha256; another file is not loaded")
    model.add_argument("--context", type=tokens, metavar="N", help="tokens of context of the embedded server")
    model.add_argument("--threads", type=threads, metavar="N", help="threads of the embedded server")
    model.add_argument("--timeout", type=seconds, metavar="S", help="seconds for health and all answers together")


def seconds(text: str) -> float:
    """Return a time limit as it is given on a command line, more than none and at most a day."""
    import argparse  # noqa: PLC0415 - loaded already by the caller, needed for its error only

    message = f"{text!r} is no number of seconds (more than 0, at most 86400)"
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(message) from error
    if not 0 < value <= 86_400:  # noqa: PLR2004 - a day
        raise argparse.ArgumentTypeError(message)
    return value


def tokens(text: str) -> int:
    """Return a number of tokens as it is given on a command line."""
    import argparse  # noqa: PLC0415 - loaded already by the caller, needed for its error only

    if not (text.isascii() and text.isdecimal() and 0 < int(text[:10]) <= 10_000_000):  # noqa: PLR2004 - beyond any model
        message = f"{text!r} is no number of tokens (1 to 10000000)"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def threads(text: str) -> int:
    """Return a number of threads as it is given on a command line."""
    import argparse  # noqa: PLC0415 - loaded already by the caller, needed for its error only

    from agentos_action.sidecar.plan import MOST_THREADS  # noqa: PLC0415 - only where it is given

    if not (
        text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_THREADS)) and 0 < int(text) <= MOST_THREADS
    ):
        message = f"{text!r} is no number of threads (1 to {MOST_THREADS})"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def execute(options: argparse.Namespace) -> int:
    """Run and report."""
    return finish(perform(options))


def finish(report: RunReport) -> int:
    """Return the exit code, once what was said is known to have arrived."""
    from agentos_action.entry.fail import delivered  # noqa: PLC0415 - not for --help

    delivered(f"; commit {report.commit} was made" if report.commit else "")
    return report.exit_code


def perform(
    options: argparse.Namespace, *, target: Target = "commit", half: Half = "run", obeyed: bool = True
) -> RunReport:
    """Run, say what came of it, and return the report; `obeyed` False: no runner obeys what is said meanwhile."""
    from agentos_action.entry.request import run_request  # noqa: PLC0415 - not for --help
    from agentos_action.pipeline.run import run  # noqa: PLC0415 - the same

    return reported(options, run_request(options, target=target, half=half), run, obeyed=obeyed)


def reported(
    options: argparse.Namespace,
    request: RunRequest,
    walk: Callable[[RunRequest, Parts, Observer], RunReport],
    *,
    obeyed: bool = True,
) -> RunReport:
    """Walk one of the ways, say what came of it, and return the report."""
    from agentos_action.entry.fail import as_line, read_by_runner, uncoloured  # noqa: PLC0415 - not for --help
    from agentos_action.report.near import nearness  # noqa: PLC0415 - the same
    from agentos_action.report.terminal import Reporter  # noqa: PLC0415 - the same
    from agentos_action.wiring import parts  # noqa: PLC0415 - the same

    runner = obeyed and read_by_runner()
    quiet, verbose, near = options.json, options.verbose, nearness(os.environ)
    with Reporter(quiet=quiet, verbose=verbose, plain=uncoloured(), runner=runner, near=near) as reporter:
        report = walk(request, parts(), reporter)
    if options.json:
        sys.stdout.write(as_line(report.model_dump(mode="json")))
    else:
        reporter.report(report)
    return report
