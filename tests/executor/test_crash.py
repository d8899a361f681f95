"""kill -9, a failure or a user's save at every call that writes: wholly before or after, nothing of the user's lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agentos_action.executor import journal
from tests.git import git, make_repo
from tests.runs import CLI, diff_answer

SHIM = Path(__file__).with_name("fault_points.c")


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the library that makes a process die at its n-th call."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("walking the fault points takes a C compiler (cc) and Linux's LD_PRELOAD")
    library = tmp_path_factory.mktemp("shim") / "fault_points.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"], check=True)
    return library


# Ten seconds of work each, of which a busy machine gives little at a time; what hangs ends, and says where, by itself.
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("kind", "mode", "least"),
    [
        ("here", "half", 60),
        ("here", "fail", 60),
        ("existing", "half", 25),
        ("existing", "fail", 25),
        ("new", "half", 25),
        ("new", "fail", 25),
        ("recover", "half", 60),
        ("saved", "save", 150),
        ("saved", "replace", 150),
    ],
)
def test_every_fault_point_is_survived(shim: Path, memory: Path, kind: str, mode: str, least: int) -> None:
    walked = subprocess.run(
        [sys.executable, "-m", "tests.executor.fault_walk", kind, mode, str(memory)],
        env={**os.environ, "LD_PRELOAD": str(shim)},
        capture_output=True,
        text=True,
        check=False,
        timeout=1100,
    )
    assert walked.returncode == 0, walked.stderr
    found = json.loads(walked.stdout)
    assert found["wrong"] == []
    assert found["points"] >= least
    assert {"before", "after"} <= set(found["ends"])


def test_kill_9_at_random_instants_of_a_run_leaves_before_or_after(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n", "b.txt": "two\n"})
    first = git(repo, "rev-parse", "HEAD").strip()
    answer = tmp_path / "answer.md"
    answer.write_text(diff_answer("a.txt", "one", "1"))
    (repo / "b.txt").write_text("mine\n")
    (repo / "u.txt").write_text("mine too\n")
    command = [*CLI, "run", "--instruction", "x", "--answer", str(answer)]
    began = time.monotonic()
    assert subprocess.run(command, cwd=repo, capture_output=True, check=False, timeout=120).returncode == 0
    whole = time.monotonic() - began
    for step in range(20):
        git(repo, "reset", "-q", "--soft", first)
        git(repo, "reset", "-q", "--", "a.txt")
        git(repo, "checkout", "-q", "--", "a.txt")
        run = subprocess.Popen(command, cwd=repo, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Loading takes the first half; from there to the end.
        time.sleep(whole * (0.5 + step * 0.025))
        run.kill()
        run.wait(timeout=60)
        journal.recover(repo)
        after = "one\n" if git(repo, "rev-parse", "HEAD").strip() == first else "1\n"
        assert git(repo, "show", "HEAD:a.txt") == (repo / "a.txt").read_text() == after
        assert git(repo, "status", "--porcelain") == " M b.txt\n?? u.txt\n"
        assert git(repo, "fsck", "--strict", "--no-dangling") == ""
        assert ((repo / "b.txt").read_text(), (repo / "u.txt").read_text()) == ("mine\n", "mine too\n")
