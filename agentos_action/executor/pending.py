"""Whether a commit was cut short: the one question that every command asks, a hook at every commit among them."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER, NAME = "agentos", "journal.json"


def pending(git_dir: Path) -> bool:
    """Return whether a commit is under way, or was cut short, in the work tree with this git folder."""
    return os.path.lexists(git_dir / FOLDER / NAME)
