"""The page of a run, made from the files of its bundle alone: what they do not hold, it cannot show."""

from __future__ import annotations

from agentos_action.errors import EvidenceError
from agentos_action.evidence.layout import ANSWERS, DIFF, REPORT, SUMMARY, TAPE, RunFolder


def write_page(folder: RunFolder) -> None:
    """Write the page; raises EvidenceError where a file of the bundle cannot be read or the page not be written."""
    from agentos_action.report.html_page import page  # noqa: PLC0415 - a run that writes no evidence needs none
    from agentos_action.report.html_view import view_of  # noqa: PLC0415 - the same

    tape, answers = _content(folder, TAPE), _content(folder, ANSWERS)
    view = view_of(_content(folder, SUMMARY) or b"", tape or b"", answers or b"", _content(folder, DIFF))
    folder.write(REPORT, page(view).encode())


def _content(folder: RunFolder, name: str) -> bytes | None:
    try:
        return (folder.path / name).read_bytes()
    except FileNotFoundError:
        # A run that ended early has no answer and no diff.
        return None
    except OSError as error:
        message = f"evidence could not be read: {folder.path / name}: {error.strerror}"
        raise EvidenceError(message, "Give another folder with --evidence DIR.") from error
