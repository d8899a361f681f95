"""What evidence holds of content: all of it, no more than so much, or none; and how little a usual run takes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from agentos_action.evidence.answers import ANSWER_KEPT, PROMPT_KEPT, AnswerLog
from agentos_action.evidence.layout import ANSWERS, DIFF, PROMPTS, TAPE, RunFolder
from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.model import Answer, Message, Prompt, TokenUsage
from agentos_action.redact import Redactor
from tests.git import make_repo
from tests.runs import CLI, cli, diff_answer, scripted, tape_of
from tests.sealing import lines_of

MARKED = "the_word_that_must_not_leave"


@pytest.mark.parametrize("half", ["run", "propose"])
@pytest.mark.parametrize("old", [MARKED, "no such line"])
def test_without_content_no_byte_of_a_file_or_an_answer_is_kept(tmp_path: Path, half: str, old: str) -> None:
    repo = make_repo(tmp_path, {"a.txt": f"{MARKED}\n"})
    answer = diff_answer("a.txt", old, f"{MARKED} 2")
    report = scripted(repo, tmp_path, answer, content=False, half=half, instruction=f"Change {MARKED}")
    assert report.status in {"committed", "dry_run", "rejected"}
    bundle = Path(report.evidence or "")
    assert verify_bundle(bundle).problems == ()
    for file in bundle.rglob("*"):
        assert not file.is_file() or MARKED.encode() not in file.read_bytes(), file
    assert not (bundle / DIFF).exists()
    assert not (bundle / PROMPTS).exists()
    (row,) = lines_of(bundle / ANSWERS)
    assert (row["answer"], len(row["answer_sha256"])) == (None, 64)
    checks = next(line for line in tape_of(report) if line["event"] == "checks_completed")
    assert (checks["content"], checks["replayable"]) == (False, False)


def test_the_flag(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    (tmp_path / "answer.md").write_text(diff_answer("a.txt", "one", MARKED))
    given = ("--instruction", "Change it", "--answer", str(tmp_path / "answer.md"), "--no-content", "--json")
    done = cli("propose", *given, "--evidence", str(tmp_path / "evidence"), cwd=repo)
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"]) == (0, "dry_run")
    assert "cannot take it" in report["message"]
    again = cli("commit", report["evidence"], "--evidence", str(tmp_path / "more"), "--json", cwd=repo)
    (finding,) = json.loads(again.stdout)["findings"]
    assert (finding["id"], "--no-content" in finding["message"]) == ("bundle.not-replayable", True)
    shown = cli("evidence", "show", report["evidence"], cwd=repo)
    assert (shown.returncode, MARKED in shown.stdout) == (0, False)


def test_long_texts_are_cut_with_the_digest_of_the_whole(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "run", Redactor())
    log = AnswerLog(folder)
    prompt = Prompt((Message("user", "p" * (PROMPT_KEPT + 1)),), 9)
    log.add(prompt, Answer("a" * 10, "stop", "m", TokenUsage(), 1))
    assert (folder.capped, folder.replayable) == ({"prompts"}, True)
    log.add(prompt, Answer("a" * (ANSWER_KEPT + 1), "stop", "m", TokenUsage(), 1))
    assert (folder.capped, folder.replayable) == ({"prompts", "answers"}, False)
    assert lines_of(folder.path / ANSWERS)[1]["cut_from"] == ANSWER_KEPT + 1


def test_a_run_with_a_long_prompt_verifies_and_is_small(tmp_path: Path) -> None:
    text = "".join(f"line {number} of a usual file\n" for number in range(4000))
    repo = make_repo(tmp_path, {"a.txt": "one\n", "long.txt": text})
    report = scripted(repo, tmp_path, diff_answer("a.txt", "one", "1"), files=("a.txt", "long.txt"))
    assert report.status == "committed", report.message
    bundle = Path(report.evidence or "")
    assert verify_bundle(bundle).problems == ()
    assert sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file()) <= 200_000


def test_a_killed_run_is_told_as_unfinished_up_to_its_last_whole_line(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    fifo = tmp_path / "answer.md"
    os.mkfifo(fifo)
    arguments = ("run", "--instruction", "Change it", "--answer", str(fifo), "--evidence", str(tmp_path / "runs"))
    with subprocess.Popen([*CLI, *arguments], cwd=repo, stderr=subprocess.PIPE) as running:
        watch = threading.Timer(200, running.kill)
        watch.start()
        # It waits for an answer that never comes.
        while not (tapes := list(tmp_path.glob(f"runs/*/{TAPE}"))) or b"task_loaded" not in tapes[0].read_bytes():
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
        watch.cancel()
    bundle = tapes[0].parents[1]
    done = cli("evidence", "verify", str(bundle), "--json", cwd=repo)
    (found,) = json.loads(done.stdout)["bundles"]
    assert done.returncode == 1
    assert found["problems"][0]["message"].startswith(f"unfinished: {found['events']} events, the chain is whole up to")
    whole = tapes[0].read_bytes()
    tapes[0].write_bytes(whole[:-9])
    (first, second) = verify_bundle(bundle).problems
    assert first.line == found["events"] - 1
    assert "not complete" in second.message
    assert cli("evidence", "show", str(bundle), cwd=repo).returncode == 1
