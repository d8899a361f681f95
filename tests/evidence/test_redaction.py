"""Secrets leave the values of evidence; its keys, numbers and our own names stay, so that it still verifies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.clock import Clock
from agentos_action.evidence.answers import AnswerLog
from agentos_action.evidence.canonical import hash_of
from agentos_action.evidence.layout import ANSWERS, PROMPTS, SUMMARY, TAPE, RunFolder
from agentos_action.evidence.tape import Tape
from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.model import Answer, Message, Prompt, TokenUsage
from agentos_action.redact import Redactor
from tests.git import make_repo
from tests.runs import diff_answer, scripted, tape_of

TOKEN = "ghp_" + "a1B2" * 9


def test_a_token_after_an_escape_is_redacted(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "run", Redactor())
    Tape(folder, "run", Clock()).write("run_started", {"said": [f"x\n{TOKEN}", {"deep": f"\t{TOKEN}"}]})
    folder.write_json(SUMMARY, {"message": f"x\n{TOKEN}"})
    for name in (TAPE, SUMMARY):
        assert TOKEN.encode() not in (folder.path / name).read_bytes()
    assert folder.redacted


@pytest.mark.parametrize("secret", ["run_id", "123456", "started", "digests", "status", "run_started", "20260102"])
def test_keys_numbers_and_our_own_names_are_not_redacted(tmp_path: Path, secret: str) -> None:
    folder = RunFolder.create(tmp_path, "20260102", Redactor([secret]))
    data = {"calls": 123456789, "status": "started", "digests": {"diff": "123456"}, "instruction_sha256": "123456"}
    Tape(folder, "20260102", Clock()).write("run_started", data)
    line = json.loads((folder.path / TAPE).read_bytes())
    assert {key: line[key] for key in data} == data
    assert (line["run_id"], line["event"], line["hash"]) == ("20260102", "run_started", hash_of(line))
    assert not folder.redacted


def test_an_id_is_ours_and_a_name_in_its_place_is_not(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "run", Redactor(["123456"]))
    folder.write_json(SUMMARY, {"commit": "123456" + "a" * 34, "base": "123456"})
    assert json.loads((folder.path / SUMMARY).read_bytes()) == {
        "base": "[redacted:secret]",
        "commit": "123456" + "a" * 34,
    }


@pytest.mark.parametrize("secret", ["status", "digests", "sha256", "scripted", "000000", "content", "one line of mine"])
def test_a_run_whose_secret_is_a_word_of_the_evidence_verifies(tmp_path: Path, secret: str) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    told = f"Change it; my secret is {secret}\n{TOKEN}"
    report = scripted(repo, tmp_path, diff_answer("a.txt", "one", "1"), secrets=(secret,), instruction=told)
    assert report.status == "committed"
    folder = Path(report.evidence or "")
    assert verify_bundle(folder).problems == ()
    checks = next(line for line in tape_of(report) if line["event"] == "checks_completed")
    # What is asked is not what is replayed: the answer and the diff are whole.
    assert (checks["replayable"], "prompts" in checks["redacted"], "tape" in checks["redacted"]) == (True, True, True)
    for file in folder.rglob("*.json*"):
        assert TOKEN not in file.read_text()


def test_what_a_server_calls_its_model_is_redacted_in_the_rows_too(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "run", Redactor())
    log = AnswerLog(folder)
    log.add(Prompt((Message("user", "half \ud800"),), 9), Answer("a", "stop", f"m {TOKEN}", TokenUsage(), 1))
    row = json.loads((folder.path / ANSWERS).read_bytes())
    assert row["model_id"] == "m [redacted:github-token]"
    assert json.loads((folder.path / PROMPTS).read_bytes())["content"] == "half ?"
    assert folder.redacted


def test_a_secret_in_a_name_is_in_nothing_that_is_told(tmp_path: Path) -> None:
    name = "hunter22.txt"
    repo = make_repo(tmp_path, {name: "one\n"})
    report = scripted(repo, tmp_path, diff_answer(name, "one", "1"), secrets=("hunter22",), branch="to-hunter22")
    assert report.status == "committed", report.message
    assert "hunter22" not in report.model_dump_json()
    assert report.placements[0].path == "[redacted:secret].txt"
    assert verify_bundle(Path(report.evidence or "")).problems == ()
