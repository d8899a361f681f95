"""A bundle says itself where its task comes from; `agentos commit --issue` takes no other than the event's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.events import ISSUE, commented, ids, labelled, workplace
from tests.sealing import reseal


@pytest.mark.parametrize("source", ["command line", "file", "hook"])
def test_a_task_that_calls_itself_given_is_none_of_the_event(tmp_path: Path, source: str) -> None:
    with workplace(tmp_path) as here:
        proposal = here.propose("issues", labelled())
        forged = {"task_loaded": {"source": source}}
        reseal(Path(proposal.evidence or ""), lambda line: line.get("task", {}).update(forged.get(line["event"], {})))
        report = here.commit("issues", labelled(), proposal.evidence, issue=ISSUE)
        assert (report.status, ids(report)) == ("rejected", ["bundle.other-task"]), report.message
        assert "its source is not what the event asks for" in report.message


def test_the_event_s_own_task_is_taken_by_its_number(tmp_path: Path) -> None:
    with workplace(tmp_path) as here:
        proposal = here.propose("issues", labelled())
        report = here.commit("issues", labelled(), proposal.evidence, issue=ISSUE, branch="agentos/{task}")
        assert report.status == "committed", report.message
        skipped = here.propose("issue_comment", commented("/agentosfoo"))
        assert here.commit("issue_comment", commented("/agentosfoo"), skipped.evidence, issue=ISSUE).exit_code == 0
