"""`agentos init`: policy, workflow, hooks and issue form, asking or by flags; nothing is overwritten."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from agentos_action.entry.start.answering import Choice
    from agentos_action.entry.start.pieces import Name, Piece
    from agentos_action.entry.start.source import Source

EXAMPLE = "agentos init --all --provider embedded"

_QUESTIONS = {
    "policy": "agentos.toml: what a model may change, and who is asked",
    "workflow": ".github/workflows/agentos.yml: the Action",
    "hook": ".pre-commit-config.yaml: the hooks agentos-verify and agentos-check",
    "issue_form": ".github/ISSUE_TEMPLATE/agentos.yml: a form for tasks",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_argument_group("what (none of these: you are asked)")
    what.add_argument("--policy", action="store_true", help="agentos.toml")
    what.add_argument("--workflow", action="store_true", help=".github/workflows/agentos.yml")
    what.add_argument("--hook", action="store_true", help="an entry in .pre-commit-config.yaml")
    what.add_argument("--issue-form", action="store_true", help=".github/ISSUE_TEMPLATE/agentos.yml")
    what.add_argument("--all", action="store_true", help="all of them, as far as something would read them")
    which = parser.add_argument_group("which model (default: what answers here)")
    which.add_argument("--provider", metavar="P[:INSTANCE]", help="llamacpp, ollama, openai, …, or embedded")
    which.add_argument("--model", metavar="NAME", help="the model's name at that provider")
    parser.add_argument("--source", metavar="OWNER/REPO@COMMIT", help="AgentOS itself, for workflow and hook")
    parser.add_argument("--yes", action="store_true", help="ask nothing; without further flags as --all")
    parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would be written")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Look, ask, write, and say what comes next."""
    from agentos_action.entry.start import answering, pieces, source  # noqa: PLC0415 - not for --help
    from agentos_action.errors import EXIT_DONE, UsageError  # noqa: PLC0415 - the same
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    top = RepoView.open(Path(options.repo)).require_workdir()
    if options.model and not options.provider:
        raise UsageError("--model is named, but no provider", "Add --provider.")
    asked = [name for name in pieces.NAMES if getattr(options, name)]
    asks = not (asked or options.all or options.yes)
    if asks and not _somebody():
        raise UsageError("nobody is here to be asked", "Say what to write: --all, or --policy, --workflow, --hook, …")
    came = source.given(options.source) if options.source else source.installed()
    if options.provider:
        choice = answering.named(options.provider, options.model)
        found: tuple[Choice, ...] = (choice,)
    else:
        found = answering.answering()
        choice = _chosen(found) if asks else found[0]
    names = wanted(came, asks=asks, asked=asked, everything=options.all)
    made = [pieces.piece(name, top, choice, came, asked_for=name in asked or asks) for name in names]
    _hold(made, top)
    if not options.dry_run:
        _write(top, made)
    steps = _next(top, made, choice)
    if options.json:
        _as_json(made, choice, found, steps, dry=options.dry_run)
    else:
        _say(made, choice, came, steps, dry=options.dry_run)
    return EXIT_DONE


def _write(top: Path, made: Sequence[Piece]) -> None:
    """Write the pieces one after another; one that cannot be written ends that, and which were is told."""
    from agentos_action.entry.start.pieces import write  # noqa: PLC0415 - not for --help
    from agentos_action.errors import UsageError  # noqa: PLC0415 - the same

    written: list[str] = []
    for one in made:
        try:
            write(top, one)
        except UsageError as error:
            before = f" Written before it, and whole: {', '.join(written)}." if written else ""
            raise UsageError(error.message, f"{error.hint}{before}") from error
        written += [one.file] if one.content is not None else []


def wanted(came: Source | None, *, asks: bool, asked: Sequence[Name], everything: bool) -> list[Name]:
    """Return the pieces to write; a person is asked for those that can be, which a workflow without a source cannot."""
    from agentos_action.entry.start.pieces import FILES, NAMES, UNKNOWN_SOURCE  # noqa: PLC0415 - not for --help

    if asks and came is None:
        _line(f"not asked about: {FILES['workflow']}: {UNKNOWN_SOURCE}")
    if asks:
        return [name for name in NAMES if (came or name != "workflow") and _yes(f"Write {_QUESTIONS[name]}?")]
    return list(NAMES if everything or not asked else asked)


def _somebody() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _yes(question: str) -> bool:
    said = _answer(f"{question} [Y/n] ", {"", "y", "yes", "n", "no"})
    return said in {"", "y", "yes"}


def _chosen(found: tuple[Choice, ...]) -> Choice:
    """Let a person choose among several; the first of one."""
    if len(found) == 1:
        return found[0]
    for number, one in enumerate(found, 1):
        _line(f"  {number}  {_about(one)}")
    numbers = {str(number) for number in range(1, len(found) + 1)}
    return found[int(_answer(f"Which of these models? [1-{len(found)}, 1] ", {"", *numbers}) or 1) - 1]


def _answer(question: str, known: set[str]) -> str:
    """Ask until the answer is a known one, without regard to case."""
    from agentos_action.errors import Interrupted  # noqa: PLC0415 - only where somebody is asked

    while True:
        sys.stderr.write(question)
        sys.stderr.flush()
        try:
            said = sys.stdin.readline()
        except KeyboardInterrupt:
            said = ""
        if not said:
            sys.stderr.write("\n")
            raise Interrupted("no answer", "Nothing was written.")
        if said.strip().lower() in known:
            return said.strip().lower()


def _hold(made: Sequence[Piece], top: Path) -> None:
    """Read the policy as a run would, and look for what it names, before it is written."""
    from agentos_action.entry.request import home_folder  # noqa: PLC0415 - not for --help
    from agentos_action.errors import UsageError  # noqa: PLC0415 - the same
    from agentos_action.folder import FolderBase  # noqa: PLC0415 - the same
    from agentos_action.pipeline.named_model import unusable  # noqa: PLC0415 - the same
    from agentos_action.report.visible import visible_line  # noqa: PLC0415 - the same
    from agentos_action.settings.policy import read_policy  # noqa: PLC0415 - the same

    for one in made:
        if one.name == "policy" and one.content is not None:
            loaded = read_policy(one.content, one.file)
            for wrong in unusable(loaded.policy.model, FolderBase(top), home_folder(os.environ)):
                if not wrong.elsewhere:
                    raise UsageError(wrong.message, wrong.hint)
                sys.stderr.write(f"warning: {visible_line(wrong.message)} on this machine\n")


def _about(choice: Choice) -> str:
    model = f", model {choice.model}" if choice.model else ""
    return f"{choice.name}{model}{f' ({choice.why})' if choice.why else ''}"


def _as_json(made: Sequence[Piece], choice: Choice, found: tuple[Choice, ...], steps: list[str], *, dry: bool) -> None:
    from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

    def told(one: Choice) -> dict[str, object]:
        return {"provider": one.name, "model": one.model, "ready": one.ready, "details": one.why}

    rows = [
        {"what": one.name, "file": one.file, "why": one.why, "by_hand": one.by_hand}
        for one in made
        if one.content is None
    ]
    written = [one.file for one in made if one.content is not None]
    fields = {"dry_run": dry, "written": written, "left": rows, "model": told(choice), "found": [*map(told, found)]}
    sys.stdout.write(as_line(fields | {"next": steps}))


def _say(made: Sequence[Piece], choice: Choice, came: Source | None, steps: list[str], *, dry: bool) -> None:
    _line(f"model: {_about(choice)}")
    for one in made:
        if one.content is None:
            _line(f"not written: {one.file}: {one.why}")
            if one.by_hand:
                _line("  what could be added to it:")
                for line in one.by_hand.splitlines():
                    sys.stderr.write("    ")
                    _line(line, keep=True)
            continue
        verb = "would be " if dry else ""
        _line(f"{verb}{'added to' if one.before is not None else 'written'}: {one.file}")
    if came is None and any(one.name == "hook" and one.content for one in made):
        _line("the hooks run agentos as it is installed here; --source OWNER/REPO@COMMIT makes them work everywhere")
    if steps and not dry:
        _line("next:")
        for step in steps:
            _line(f"  {step}", keep=True)


def _next(top: Path, made: Sequence[Piece], choice: Choice) -> list[str]:
    """Return the commands that come next, from where the person stands."""
    from agentos_action.entry.start.pieces import hooked  # noqa: PLC0415 - not for --help

    written = [one for one in made if one.content is not None]
    if not written:
        return []
    hook = any(one.name == "hook" for one in written)
    # The files are protected ones, and their hook may be installed already.
    skip = "SKIP=agentos-verify " if hook or hooked(top) else ""
    steps = [] if top.samefile(Path()) else [f"cd {shlex.quote(str(top))}"]
    steps += [f'git add {" ".join(one.file for one in written)} && {skip}git commit -m "Add AgentOS"']
    if hook:
        steps += [*(["pip install pre-commit"] if shutil.which("pre-commit") is None else []), "pre-commit install"]
    steps += choice.todo
    return [*steps, "agentos run --recipe docstrings" if choice.embedded else 'agentos run --instruction "…"']


def _line(text: str, *, keep: bool = False) -> None:
    from agentos_action.report.visible import unobeyed, visible, visible_line  # noqa: PLC0415 - not with --json

    sys.stderr.write(unobeyed(visible(text) if keep else visible_line(text)) + "\n")
