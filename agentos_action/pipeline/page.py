"""The page of a run, made from the files of its bundle alone: what they do not hold, it cannot show."""

from __future__ import annotations

import os
from pathlib import Path

from agentos_action import __version__
from agentos_action.errors import EvidenceError
from agentos_action.evidence.chain import event_of
from agentos_action.evidence.layout import ANSWERS, DIFF, REPORT, SUMMARY, TAPE, RunFolder
from agentos_action.evidence.reading import Problem, read
from agentos_action.evidence.verify import Checked


def write_page(folder: RunFolder) -> None:
    """Write the page; raises EvidenceError where a file of the bundle cannot be read or the page not be written."""
    summary, tape, answers, diff = (_content(folder, name) for name in (SUMMARY, TAPE, ANSWERS, DIFF))
    folder.write(REPORT, _page(summary, tape, answers, diff))


def check_page(folder: Path, checked: Checked) -> list[Problem]:
    """Return that the page of a bundle, which is whole otherwise, is not the one its files make.

    Another version's page looks another way, so it is not compared.
    """
    if checked.problems or event_of(checked.tape, "run_started").get("version") != __version__:
        return []
    problems: list[Problem] = []
    files = (SUMMARY, TAPE, ANSWERS, DIFF)
    content = [read(folder, name, problems) if os.path.lexists(folder / name) else None for name in files]
    kept = read(folder, REPORT, problems)
    if not problems and kept != _page(*content):
        problems.append(Problem(REPORT, 0, "is not the page that the other files of the bundle make"))
    return problems


def _page(summary: bytes | None, tape: bytes | None, answers: bytes | None, diff: bytes | None) -> bytes:
    from agentos_action.report.html_page import page  # noqa: PLC0415 - a run that writes no evidence needs none
    from agentos_action.report.html_view import view_of  # noqa: PLC0415 - the same

    return page(view_of(summary or b"", tape or b"", answers or b"", diff)).encode()


def _content(folder: RunFolder, name: str) -> bytes | None:
    try:
        return (folder.path / name).read_bytes()
    except FileNotFoundError:
        # A run that ended early has no answer and no diff.
        return None
    except OSError as error:
        message = f"evidence could not be read: {folder.path / name}: {error.strerror}"
        raise EvidenceError(message, "Give another folder with --evidence DIR.") from error
