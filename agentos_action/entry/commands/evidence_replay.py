"""`agentos evidence replay DIR`: from the recorded answer to the same tree, offline; nothing is written."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from agentos_action.pipeline.replay import Replayed

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
    from agentos_action.repo import RepoView  # noqa: PLC0415 - the same
    from agentos_action.wiring import parts  # noqa: PLC0415 - the same

    folder = Path(options.folder)
    require_folder(folder)
    done = replay(folder, RepoView.open(Path(options.repo) if options.repo else folder.resolve()), parts())
    if options.json:
        sys.stdout.write(json.dumps(asdict(done)) + "\n")
    else:
        _say(done)
    return 0 if done.outcome == "same" else 1


def _say(done: Replayed) -> None:
    from agentos_action.report.visible import visible_line  # noqa: PLC0415 - not with --json

    said = f"{done.run_id} ({done.status}): {_WORDS[done.outcome]}"
    sys.stderr.write(f"replay {visible_line(said)}{f', tree {done.tree}' if done.tree else ''}\n")
    for reason in done.reasons:
        sys.stderr.write(f"  {visible_line(reason)}\n")
