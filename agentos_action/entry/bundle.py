"""A folder that a person names as the evidence of one run, before anything in it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentos_action.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from agentos_action.records.run import RunRequest


def is_folder_of_one_run(folder: Path, command: str) -> bool:
    """Return whether this is a folder; raises UsageError for one of many runs, naming one for `command`."""
    from agentos_action.evidence.layout import SUMS  # noqa: PLC0415 - not for --help

    try:
        if not folder.is_dir():
            return False
        inside = [] if (folder / SUMS).exists() else sorted(folder.glob(f"*/{SUMS}"))
    except OSError as error:
        hint = f"Give the folder of a run, which holds {SUMS}."
        raise UsageError(f"{folder} cannot be read: {error.strerror}", hint) from error
    if inside:
        raise UsageError(f"{folder} is a folder of runs", f"Give one of them: agentos {command} {inside[-1].parent}")
    return True


def require_apart(request: RunRequest, folder: Path) -> None:
    """Raise UsageError where new evidence would be written into a bundle."""
    root = request.evidence.resolve() if request.evidence is not None else None
    if root is not None and folder.resolve() in {root, *root.parents}:
        message = f"the evidence folder {request.evidence} lies in the bundle {folder}, which nothing may change"
        raise UsageError(message, "Name another folder with --evidence.")
