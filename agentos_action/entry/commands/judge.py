"""`agentos judge`: one answer, or a stream of them, against given files: what it would come to; writes nothing."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.entry.commands.run import FORMATS

if TYPE_CHECKING:
    import argparse

    from agentos_action.pipeline.answer import Judgement
    from agentos_action.records.base import Base
    from agentos_action.settings.policy import LoadedPolicy

EXAMPLE = "agentos judge --answer answer.md --base HEAD"

_WORDS = {"accept": "accepted", "reject": "refused", "no_change": "no change"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--answer", metavar="FILE", help="a model's answer; - reads it from stdin")
    parser.add_argument("--base", metavar="DIR|REV", help="the files it is about: a folder, else a revision of --repo")
    parser.add_argument("--repo", metavar="DIR", help="the repository of REV (default: the one you stand in)")
    parser.add_argument("--policy", metavar="FILE", help="a policy file (default: REV's agentos.toml, else built in)")
    parser.add_argument("--edit-format", choices=FORMATS, help="how the answer is to be read (default: auto)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")
    parser.add_argument("--jsonl", action="store_true", help="read many cases from stdin, answer each with a line")


def execute(options: argparse.Namespace) -> int:
    """Judge and report; exit code 1 where the answer is refused, 0 at the end of a stream."""
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help

    if options.jsonl:
        given = [name for name in ("answer", "base", "repo", "policy", "edit_format") if getattr(options, name)]
        if given:
            option = given[0].replace("_", "-")
            raise UsageError(f"--jsonl and --{option} do not go together", "Each line of a stream brings its own.")
        return _stream()
    if not options.answer or not options.base:
        raise UsageError("there is nothing to judge", "Give --answer FILE and --base DIR|REV, or --jsonl.")
    return _one(options)


def _stream() -> int:
    from agentos_action.entry.fail import heard  # noqa: PLC0415 - not for --help
    from agentos_action.errors import EXIT_DONE, UsageError  # noqa: PLC0415 - the same
    from agentos_action.interrupts import deferred  # noqa: PLC0415 - the same
    from agentos_action.pipeline.bulk import lines  # noqa: PLC0415 - the same

    coming = enumerate(lines(sys.stdin.buffer), 1)
    while True:
        try:
            number, raw = next(coming, (0, b""))
        except OSError as error:
            raise UsageError(f"stdin cannot be read: {error.strerror}") from error
        if not number:
            return EXIT_DONE
        said = _answered(raw, number)
        with deferred():
            # Half a line would be worse than none.
            sys.stdout.write(said)
            sys.stdout.flush()
        if not heard():
            return EXIT_DONE


def _answered(raw: bytes, number: int) -> str:
    from agentos_action.entry.fail import as_line, spared  # noqa: PLC0415 - not for --help
    from agentos_action.pipeline.bulk import Line, read_line  # noqa: PLC0415 - the same

    line = spared(lambda: read_line(raw, number), lambda name: Line(None, bug=name))
    return spared(lambda: as_line(line.row()), lambda name: as_line(line.failed(name).row()))


def _one(options: argparse.Namespace) -> int:
    from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for --help
    from agentos_action.errors import EXIT_DONE, EXIT_REJECTED  # noqa: PLC0415 - the same
    from agentos_action.pipeline.answer import AnswerCase, judge_answer  # noqa: PLC0415 - the same

    base, policy = _base(options)
    text = _read(options.answer).decode("utf-8", "surrogateescape")
    judged = judge_answer(AnswerCase(text, base, policy.policy, options.edit_format or "auto"))
    if options.json:
        sys.stdout.write(as_line(judged.row()))
    else:
        _say(judged, policy.source)
    return EXIT_REJECTED if judged.verdict == "reject" else EXIT_DONE


def _base(options: argparse.Namespace) -> tuple[Base, LoadedPolicy]:
    """Return the base files and the policy."""
    from agentos_action.folder import FolderBase  # noqa: PLC0415 - not for --help
    from agentos_action.settings.policy import built_in, load_policy, read_policy  # noqa: PLC0415 - the same

    named = read_policy(_read(options.policy), options.policy) if options.policy else None
    if Path(options.base).is_dir():
        return FolderBase(Path(options.base)), named or built_in()
    from agentos_action.repo import RepoView  # noqa: PLC0415 - only for a revision

    repo = RepoView.open(Path(options.repo or "."))
    snapshot = repo.snapshot(repo.commit_of(options.base))
    return snapshot, named or load_policy(snapshot)


def _read(name: str) -> bytes:
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help

    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"{name}: {said}", "Name an existing file.") from error


def _obeyed(diff: str) -> bool:
    """Return whether a CI runner reads stdout and would obey a line of the diff; a file obeys nobody."""
    from agentos_action.entry.fail import read_by_runner  # noqa: PLC0415 - not with --json
    from agentos_action.report.visible import forms_command  # noqa: PLC0415 - the same

    return read_by_runner() and forms_command(diff) and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)


def _say(judged: Judgement, source: str) -> None:
    from agentos_action.entry.fail import read_by_runner, uncoloured  # noqa: PLC0415 - not with --json
    from agentos_action.report.placement import guessing  # noqa: PLC0415 - the same
    from agentos_action.report.terminal import Reporter, counted  # noqa: PLC0415 - the same

    Reporter(plain=uncoloured(), runner=read_by_runner()).findings(judged.findings)
    facts = [f"policy {source}"]
    if judged.result is not None:
        result = judged.result
        facts = [f"{counted(len(result.files), 'file')}, +{result.added} -{result.removed}", *facts]
    facts += [guessing(judged.placements)] if guessing(judged.placements) else []
    sys.stderr.write(f"agentos judge: {_WORDS[judged.verdict]} ({', '.join(facts)})\n")
    if judged.verdict == "accept" and _obeyed(judged.diff):
        told = "the diff holds lines that this runner would take for commands, so it is not printed"
        sys.stderr.write(f"warning: {told}; send stdout to a file, or give --json\n")
    elif judged.verdict == "accept":
        # Only what came through is data, and it is the file's own bytes: somebody may pipe it into `git apply`.
        sys.stdout.flush()
        sys.stdout.buffer.write(judged.diff.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
