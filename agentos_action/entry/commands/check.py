"""`agentos check`: everything that is wrong in policy, profiles and tasks, with file and line; no model."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from agentos_action.pipeline.steering import Wrong

EXAMPLE = "agentos check agentos.toml .agentos/tasks/colour.md"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a policy (.toml), profile (.json) or task (.md); none: all of the repository",
    )
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: the one you stand in)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else on stdout")


def execute(options: argparse.Namespace) -> int:
    """Check and tell; exit code 2 where a file is wrong."""
    from agentos_action.errors import EXIT_DONE, EXIT_USAGE  # noqa: PLC0415 - not for --help

    top, names = (Path(), tuple(options.files)) if options.files else _all(Path(options.repo))
    told = {name: _wrong(top / name) for name in names}
    valid = all(one.elsewhere for wrong in told.values() for one in wrong)
    if options.json:
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line({"valid": valid, "files": [_row(name, wrong) for name, wrong in told.items()]}))
    else:
        _say(told, valid=valid)
    return EXIT_DONE if valid else EXIT_USAGE


def _all(place: Path) -> tuple[Path, tuple[str, ...]]:
    from agentos_action.pipeline.steering import steering_files  # noqa: PLC0415 - not where files are named
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    top = RepoView.open(place).require_workdir()
    return top, steering_files(top)


def _wrong(file: Path) -> tuple[Wrong, ...]:
    from agentos_action.entry.request import home_folder  # noqa: PLC0415 - not for --help
    from agentos_action.pipeline.steering import Wrong, kind_of, wrong_in  # noqa: PLC0415 - the same

    kind = kind_of(file.name)
    if kind is None:
        said = "neither a policy (.toml), a profile (.json) nor a task (.md)"
        return (Wrong(None, None, said, "Name one of those, or none for all of the repository."),)
    return wrong_in(file, kind, home_folder(os.environ))


def _row(name: str, wrong: tuple[Wrong, ...]) -> dict[str, object]:
    errors, warnings = (
        [
            {key: value for key, value in asdict(one).items() if key != "elsewhere"}
            for one in wrong
            if one.elsewhere is of
        ]
        for of in (False, True)
    )
    return {"file": name, "valid": not errors, "errors": errors, "warnings": warnings}


def _say(told: dict[str, tuple[Wrong, ...]], *, valid: bool) -> None:
    from agentos_action.redact import Redactor  # noqa: PLC0415 - not with --json
    from agentos_action.report.visible import unobeyed, visible_line  # noqa: PLC0415 - the same

    def say(text: str) -> None:
        sys.stderr.write(unobeyed(visible_line(Redactor().text(text))) + "\n")

    for name, wrong in told.items():
        for one in wrong:
            field = f"{one.field!r}: " if one.field else ""
            # What is wrong with a file as a whole stands on no line; a key that is missing, at its beginning.
            place = f"{name}:{one.line or 1}" if one.line or one.field else name
            said = f"warning: {field}{one.message} on this machine" if one.elsewhere else f"{field}{one.message}"
            say(f"{place}: {said}")
            if one.hint:
                sys.stderr.write("  ")
                say(one.hint)
    if not told:
        say("agentos check: there is no policy, profile or task here; the built-in policy holds")
    elif valid:
        say(f"agentos check: {len(told)} {'file is' if len(told) == 1 else 'files are'} right")
