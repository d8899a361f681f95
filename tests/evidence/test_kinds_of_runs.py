"""What evidence tells of runs that a workflow set off: skipped, refused, in two halves, not delivered."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.records.run import RunReport
from tests.forge.api import Fault
from tests.forge.place import place
from tests.pipeline.events import Workplace, labelled, workplace
from tests.runs import cli
from tests.sealing import reseal


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path) as one:
        yield one


def bundle(report: RunReport) -> Path:
    return Path(report.evidence or "")


def show(folder: Path) -> str:
    return cli("evidence", "show", str(folder), cwd=folder).stdout


def page(folder: Path) -> str:
    """Return what a reader of the page sees."""
    text = (folder / "reports/report.html").read_text(encoding="utf-8")
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def test_a_skipped_run_asked_nobody_and_cannot_be_replayed(here: Workplace) -> None:
    skipped = bundle(here.run("issues", labelled("bug")))
    assert "None" not in show(skipped)
    assert "Model      none was asked" in show(skipped)
    assert "no: the run ended before an answer was judged" in page(skipped)


def test_who_acted_is_told_and_who_said_what_they_may(here: Workplace) -> None:
    proposed = here.propose("issues", labelled())
    committed = here.commit("issues", labelled(), proposed.evidence, branch="agentos/{task}")
    for report in (proposed, committed, here.run("issues", labelled(sender="eve"))):
        told = f"{'eve: permission read' if report.status == 'rejected' else 'ada: permission write'}, says the forge"
        assert told in show(bundle(report))
        assert told in page(bundle(report))
    assert f"Goes on    from run {proposed.run_id}" in show(bundle(committed))


def test_a_forged_name_of_who_acted_stays_text(here: Workplace) -> None:
    folder = bundle(here.propose("issues", labelled()))
    rows = [{"login": "<img src=x>\u202e", "bot": True, "association": "OWNER", "told_by": "event"}, "x", None]
    reseal(folder, lambda line: line.update({"asked_by": rows} if line["event"] == "task_loaded" else {}))
    told = " (a bot): association OWNER, says the event; the forge was not asked"
    assert f"Acting     <img src=x>\\u202e{told}" in show(folder)
    written = (folder / "reports/report.html").read_text(encoding="utf-8")
    assert "<img" not in written
    assert f"&lt;img src=x&gt;<i>\\u202e</i>{told}" in written


def test_what_was_committed_and_not_delivered_was_committed(tmp_path: Path) -> None:
    with place(tmp_path) as here:
        here.api.faults.append(Fault("POST", "/repos/o/r/pulls", 403, "Resource not accessible by integration"))
        report = here.run()
    assert report.status == "usage"
    assert report.commit is not None
    assert "did not put it into the repository" not in page(bundle(report))
