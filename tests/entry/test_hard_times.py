"""Two runs at once, Ctrl-C and SIGTERM at any moment, kill -9, a full disk: nothing lost, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from agentos_action.checks.sandbox import available
from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.policy import CheckRules
from tests.chat_server import ChatServer
from tests.git import git, make_repo
from tests.runs import CLI, diff_answer, state_of

ASK = ("run", "--instruction", "Change a.txt", "--json", "--provider", "llamacpp", "--model", "told", "--base-url")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})


@pytest.fixture
def answer(tmp_path: Path) -> str:
    file = tmp_path / "answer.md"
    file.write_text(diff_answer("a.txt", "one", "1"))
    return str(file)


def start(
    repo: Path, *arguments: str, setup: Callable[[], None] | None = None, env: dict[str, str] | None = None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, *arguments],
        cwd=repo,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=setup,  # noqa: PLW1509 - the test process has no other thread that forks
        env={**os.environ, **(env or {})},
    )


def whole(repo: Path) -> str:
    """Assert that the repository is in one piece, and return what a.txt says in HEAD."""
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""
    assert git(repo, "status", "--porcelain") == ""
    assert list((repo / ".git").rglob("*.lock")) == []
    return git(repo, "show", "HEAD:a.txt")


@pytest.mark.skipif(
    available(CheckRules(commands=("true",))) is not None, reason="bubblewrap makes no read-only repository here"
)
def test_a_repository_that_cannot_be_written_is_told_before_the_model_is_asked(repo: Path, tmp_path: Path) -> None:
    (out := tmp_path / "out").mkdir()
    shown = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(out), str(out))
    words = ("--instruction", "Change a.txt", "--answer", "/nowhere", "--evidence", str(out), "--json")
    for branch in ((), ("--branch", "other")):
        done = subprocess.run(
            ["bwrap", *shown, *CLI, "run", *words, *branch], cwd=repo, capture_output=True, text=True, check=False
        )
        said = json.loads(done.stdout)
        assert (done.returncode, said["timing_ms"]["tool"]) == (2, 0)
        assert "the repository cannot be written" in said["message"]


def test_of_two_runs_at_once_one_wins_and_the_other_is_a_conflict(repo: Path) -> None:
    with ChatServer(diff_answer("a.txt", "one", "1")) as server:
        runs = [start(repo, *ASK, server.url) for _ in range(2)]
        for _ in runs:
            assert server.asked.acquire(timeout=120)
        server.release.set()
        said = [json.loads(run.communicate(timeout=120)[0]) for run in runs]
    assert sorted(one["status"] for one in said) == ["committed", "conflict"]
    assert sorted(run.returncode for run in runs) == [0, 4]
    assert whole(repo) == "1\n"
    assert git(repo, "rev-list", "--count", "HEAD") == "2\n"
    for one in said:
        assert verify_bundle(Path(one["evidence"])).problems == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_model_answers_ends_at_once(repo: Path, number: signal.Signals) -> None:
    before = state_of(repo)
    with ChatServer("never") as server:
        run = start(repo, *ASK, server.url)
        assert server.asked.acquire(timeout=120)
        started = time.monotonic()
        run.send_signal(number)
        said = json.loads(run.communicate(timeout=120)[0])
        assert time.monotonic() - started < 60, "it would have waited for the answer"
    assert (run.returncode, said["status"]) == (130, "interrupted")
    assert state_of(repo) == before
    assert verify_bundle(Path(said["evidence"])).problems == ()


def test_ctrl_c_at_any_moment_leaves_before_or_after(repo: Path, answer: str) -> None:
    codes = set()
    began = time.monotonic()
    run = start(repo, "run", "--instruction", "x", "--answer", answer)
    _, talk = run.communicate(timeout=120)
    assert run.returncode == 0, talk
    whole_run = time.monotonic() - began
    for step in range(14):
        git(repo, "reset", "-q", "--hard", git(repo, "rev-list", "--max-parents=0", "HEAD").strip())
        run = start(repo, "run", "--instruction", "x", "--answer", answer)
        time.sleep(0.02 + step * whole_run / 13)
        run.send_signal(signal.SIGINT)
        _, talk = run.communicate(timeout=120)
        after = whole(repo)
        if run.returncode == 0:
            assert after == "1\n", talk
        elif run.returncode == 130:
            assert after in {"one\n", "1\n"}, talk
        else:
            # Before our first line runs and after our last, the interpreter itself ends the process by the signal.
            assert run.returncode in {-signal.SIGINT, 1}, talk
            assert after == "one\n" or "committed" in talk, talk
        codes.add(run.returncode)
    assert codes & {0, 130}


def test_kill_9_at_any_moment_leaves_the_branch_before_or_after(repo: Path, answer: str) -> None:
    first = git(repo, "rev-parse", "HEAD").strip()
    for step in range(10):
        run = start(repo, "run", "--instruction", "x", "--answer", answer, "--branch", f"b{step}")
        time.sleep(0.05 + step * 0.06)
        run.kill()
        run.communicate(timeout=120)
        tips = git(repo, "branch", "--list", f"b{step}", "--format=%(objectname)").split()
        assert tips == [] or git(repo, "show", f"b{step}:a.txt") == "1\n"
        assert git(repo, "rev-parse", "HEAD").strip() == first
        assert whole(repo) == "one\n"


@pytest.mark.parametrize("kilobytes", [0, 1, 2, 3, 4])
def test_a_disk_that_fills_up_with_evidence_commits_nothing_unsaid(repo: Path, answer: str, kilobytes: int) -> None:
    def small_files() -> None:
        # Writing past the limit fails as a full disk does; Python ignores the signal that comes with it.
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    run = start(repo, "run", "--instruction", "x", "--answer", answer, setup=small_files)
    _, talk = run.communicate(timeout=120)
    assert run.returncode == 2, talk
    assert "evidence" in talk
    assert "Traceback" not in talk
    after = whole(repo)
    assert after == "one\n" or "the commit" in talk


@pytest.mark.model
@pytest.mark.usefixtures("embedded_model")
@pytest.mark.parametrize("wait", [0.3, 0.9, 2.0])
def test_ctrl_c_with_the_embedded_server_leaves_no_process(tmp_path: Path, wait: float) -> None:
    source = "".join(f"def area{n}(width, height):\n    return width * height * {n}\n\n\n" for n in range(30))
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", "m.py": source})
    run = start(repo, "run", "--recipe", "docstrings", "--embedded", "--threads", "1")
    time.sleep(wait)
    below = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    _, talk = run.communicate(timeout=120)
    assert run.returncode in {130, -signal.SIGINT, 1}, talk
    assert whole(repo) == "one\n"
    _, alive = psutil.wait_procs(below, timeout=60)
    assert alive == []
