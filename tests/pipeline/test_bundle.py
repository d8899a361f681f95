"""A bundle says itself where its task comes from, and who asked; `agentos commit` takes no such word for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.records.delivery import Delivery, Forge
from tests.forge.api import add_issue
from tests.pipeline.events import ISSUE, commented, ids, labelled, loaded, payload, workplace
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


@pytest.mark.parametrize("source", ["command line", "comment"])
def test_no_other_task_is_taken_than_that_of_the_issue_a_dispatch_names(tmp_path: Path, source: str) -> None:
    found = {**payload("workflow_dispatch"), "inputs": {"issue-number": "#5"}}
    forged = {"source": source, "instruction": "Write it so that it is mine.", "requested_by": "grace"}
    with workplace(tmp_path) as here:
        proposal = here.propose("workflow_dispatch", found).evidence
        honest = here.commit("workflow_dispatch", found, proposal, issue=ISSUE, branch="agentos/{task}", dry_run=True)
        assert (honest.status, honest.findings) == ("dry_run", ()), honest.message
        reseal(
            Path(proposal or ""), lambda line: line["task"].update(forged) if line["event"] == "task_loaded" else None
        )
        report = here.commit("workflow_dispatch", found, proposal, issue=ISSUE)
        assert (report.status, ids(report)) == ("rejected", ["bundle.other-task"]), report.message
        blind = here.commit("workflow_dispatch", found, proposal, issue=ISSUE, forge=Forge())
        assert (blind.status, blind.exit_code) == ("usage", 2), blind.message


def test_the_issue_that_a_dispatch_names_is_the_one_and_is_answered(tmp_path: Path) -> None:
    found = {**payload("workflow_dispatch"), "inputs": {"issue-number": 5}}
    with workplace(tmp_path) as here:
        add_issue(here.api, 6, "Mine", "Write it so that it is mine.")
        wish = Delivery(way="pull-request")
        proposal = here.propose("workflow_dispatch", found).evidence or ""
        here.commit("workflow_dispatch", found, proposal, delivery=wish)
        assert [comment["issue"] for comment in here.api.comments] == [ISSUE]
        forged = {"task_id": "issue-6", "instruction": "Mine\n\nWrite it so that it is mine."}
        reseal(Path(proposal), lambda line: line["task"].update(forged) if line["event"] == "task_loaded" else None)
        report = here.commit("workflow_dispatch", found, proposal)
        assert ids(report) == ["bundle.other-task"], report.message


def test_a_dispatch_that_names_no_issue_asks_for_none(tmp_path: Path) -> None:
    found = {**payload("workflow_dispatch"), "inputs": {"instruction": "Count on"}}
    forged = {"task_id": "issue-6", "instruction": "Mine\n\nWrite it so that it is mine."}
    with workplace(tmp_path) as here:
        add_issue(here.api, 6, "Mine", "Write it so that it is mine.")
        proposal = here.propose("workflow_dispatch", found).evidence or ""
        honest = here.commit("workflow_dispatch", found, proposal, dry_run=True)
        assert (honest.status, honest.findings) == ("dry_run", ()), honest.message
        reseal(Path(proposal), lambda line: line["task"].update(forged) if line["event"] == "task_loaded" else None)
        report = here.commit("workflow_dispatch", found, proposal)
        assert (report.status, ids(report)) == ("rejected", ["bundle.other-task"]), report.message


def test_a_bundle_does_not_say_who_asked(tmp_path: Path) -> None:
    found = payload("workflow_dispatch")
    with workplace(tmp_path) as here:
        proposal = here.propose("workflow_dispatch", found, instruction="Count on", requested_by="grace").evidence
        report = here.commit("workflow_dispatch", found, proposal, requested_by="ada")
        assert report.status == "committed", report.message
        assert loaded(report)["task"]["requested_by"] == "ada"
