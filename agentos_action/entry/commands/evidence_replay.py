"""`agentos evidence replay DIR`: from the recorded answer to the same tree, offline; nothing is written."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from agentos_action.pipeline.replay import Replayed
    from agentos_action.repo import RepoView

_WORDS = {
    "same": "the same outcome",
    "different": "ANOTHER outcome",
    "not_replayable": "cannot be replayed",
    "invalid": "is not what it says; see `agentos evidence verify`",
}


def execute(options: argparse.Namespace) -> int:
    """Replay a run; exit code 1 where it comes to something else, or cannot be replayed."""
    from agentos_action.entry.commands.evidence_verify import require_folder  # noqa: PLC0415 - not for --help
    from agentos_action.pipeline.replay import replay  # noqa: PLC0415 - the same
    from agentos_action.wiring import parts  # noqa: PLC0415 - the same

    folder = Path(options.folder)
    require_folder(folder)
    done = replay(folder, _repo(folder, options.repo), parts())
    if options.json:
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line(asdict(done)))
    else:
        _say(done)
    return 0 if done.outcome == "same" else 1


def _repo(folder: Path, named: str | None) -> RepoView:
    """Return the repository that is named, else the one that the bundle lies in, else the one we stand in."""
    from agentos_action.errors import UsageError  # noqa: PLC0415 - not for --help
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same

    if named:
        return RepoView.open(Path(named))
    try:
        return RepoView.open(folder.resolve())
    except UsageError:
        return RepoView.open(Path())


def _say(done: Replayed) -> None:
    from agentos_action.report.visible import harmless_line  # noqa: PLC0415 - not with --json

    # A tape that cannot be read does not say whose it is.
    which = f"{done.run_id} ({done.status})" if done.run_id else "of an unknown run"
    said = f"replay {which}: {_WORDS[done.outcome]}{f', tree {done.tree}' if done.tree else ''}"
    sys.stderr.write(f"{harmless_line(said)}\n")
    for reason in done.reasons:
        sys.stderr.write(f"  {harmless_line(reason)}\n")
