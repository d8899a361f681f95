"""A push to a remote that says nothing more, ended by Ctrl-C: at once, with the commit kept and the evidence closed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.evidence.verify import verify_bundle
from tests.forge.git_server import TOKEN
from tests.forge.place import Here, place
from tests.git import git
from tests.runs import CLI, diff_answer


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    with place(tmp_path) as one:
        yield one


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["service=git-receive-pack", "POST /o/r.git/git-receive-pack"])
def test_a_push_that_stalls_is_ended_by_a_signal(here: Here, where: str, number: signal.Signals) -> None:
    stalled, over = threading.Event(), threading.Event()

    def stall() -> None:
        stalled.set()
        over.wait(200)

    here.server.meanwhile = (where, stall)
    answer = here.tmp / "answer.md"
    answer.write_text(diff_answer("a.txt", "one", "two"), encoding="utf-8")
    argv = [*CLI, "run", "--instruction", "x", "--answer", str(answer), "--branch", "agentos/x", "--json"]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    environment = {**outer, "HOME": str(here.tmp / "home"), "GITHUB_TOKEN": TOKEN, "TMPDIR": str(here.tmp)}
    with subprocess.Popen(
        [*argv, "--delivery", "push"], cwd=here.repo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert stalled.wait(120)
        process.send_signal(number)
        sent = time.monotonic()
        said, _ = process.communicate(timeout=60)
        spent = time.monotonic() - sent
        over.set()
    assert spent < 25, "libgit2 itself would wait for half a minute"
    report = json.loads(said)
    assert (process.returncode, report["status"]) == (130, "interrupted")
    made = git(here.repo, "rev-parse", "agentos/x").strip()
    assert report["commit"] == made
    assert f"agentos deliver {made[:10]} --branch agentos/x" in report["hint"]
    folder = Path(report["evidence"])
    assert verify_bundle(folder).problems == ()
    finished = json.loads((folder / "audit/run_tape.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (finished["status"], finished["delivery"]) == ("interrupted", None)
    assert made[:10] in finished["message"]
    assert "delivery was cut off" in finished["message"]
    assert list(here.tmp.glob("agentos-push-*")) == [], "nothing temporary stays"
