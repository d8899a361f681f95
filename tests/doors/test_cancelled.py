"""A runner that cancels: the door still says how it ended, with its evidence closed and no secret told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agentos_action.evidence.verify import verify_bundle
from tests.adapters.faulty import CHAT, FaultyServer, reply, stall
from tests.git import git_environment, make_repo

SECRET = "correct-horse-battery-staple"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_cancelled_run_is_told_and_its_evidence_is_whole(tmp_path: Path, number: signal.Signals) -> None:
    repo = make_repo(tmp_path, {"notes.txt": "one\n"})
    outputs, summary = tmp_path / "outputs", tmp_path / "summary"
    with FaultyServer() as server:
        server.at[CHAT] = stall
        server.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
        environment = {
            **git_environment(),
            "HOME": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary),
            "SERVICE_TOKEN": SECRET,
            "AGENTOS_INPUT_INSTRUCTION": f"Use {SECRET}",
            "AGENTOS_INPUT_FILES": "notes.txt",
            "AGENTOS_INPUT_PROVIDER": "llamacpp",
            "AGENTOS_INPUT_BASE_URL": server.base_url,
        }
        argv = [sys.executable, "-P", "-m", "agentos_action.entry.action"]
        with subprocess.Popen(
            argv, cwd=repo, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as running:
            _wait_for(server)
            os.kill(running.pid, number)
            said = running.communicate(timeout=60)[0].decode()
    assert running.returncode == 130, said
    told = dict(zip(*[iter(_values(outputs))] * 2, strict=True))
    assert (told["status"], told["exit-code"], told["commit"]) == ("interrupted", "130", "")
    assert not verify_bundle(Path(told["evidence-path"])).problems
    assert said.splitlines()[-1].startswith("::error title=agentos%3A interrupted::")
    text = summary.read_text(encoding="utf-8")
    assert "## AgentOS: interrupted" in text
    assert "redacted&#58;secret" in text
    assert SECRET not in said + text


def _wait_for(server: FaultyServer) -> None:
    until = time.monotonic() + 120
    while not any(request.path == CHAT for request in server.seen):
        assert time.monotonic() < until
        time.sleep(0.02)


def _values(outputs: Path) -> list[str]:
    """Return names and values in turn, as the runner reads `NAME<<DELIMITER`."""
    found = []
    lines = iter(outputs.read_text(encoding="utf-8").splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        while (inner := next(lines)) != delimiter:
            value.append(inner)
        found += [name, "\n".join(value)]
    return found
