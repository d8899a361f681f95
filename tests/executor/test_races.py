"""Two real processes at once on one branch: exactly one commits, the other is a conflict."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.git import git, make_repo

ROUNDS = 12

#: Gets everything ready, says so, waits for the word, commits, and says how it ended.
RACER = """
import sys
from pathlib import Path
from agentos_action.errors import AgentOSError
from agentos_action.executor.commit import Executor
from agentos_action.records.receipt import CommitOrder
from tests.executor.accepting import accept, change
repo, who, branch, rounds = Path(sys.argv[1]), sys.argv[2], sys.argv[3] or None, int(sys.argv[4])
for number in range(rounds):
    base = sys.stdin.readline().strip()
    accepted = accept(base, change("a.txt", b"one\\n", who.encode() + b"\\n"))
    named = branch.replace("#", str(number)) if branch else None
    order = CommitOrder("Change it", "", (("AgentOS-Run", who),), named)
    executor = Executor(repo)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print("done", executor.commit(accepted, order).commit, flush=True)
    except AgentOSError as error:
        print(error.status, "|", error.message, "|", error.hint, flush=True)
"""


@pytest.mark.parametrize("branch", ["", "other", "agentos/new-#"], ids=["checked out", "existing", "new"])
def test_of_two_processes_exactly_one_commits(tmp_path: Path, branch: str) -> None:
    repo = make_repo(tmp_path / "repo", {"a.txt": "one\n"})
    first = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "branch", "other")
    with start(repo, "ada", branch) as ada, start(repo, "bob", branch) as bob:
        race(repo, branch, first, [ada, bob])
    assert git(repo, "fsck", "--strict", "--no-dangling") == ""


def race(repo: Path, branch: str, first: str, racers: list[subprocess.Popen[str]]) -> None:
    for number in range(ROUNDS):
        lines = [ask(racer, first) for racer in racers]
        assert lines == ["ready\n", "ready\n"]
        for racer in racers:
            tell(racer, "go")
        said = [hear(racer) for racer in racers]
        won = [line.split()[1] for line in said if line.startswith("done ")]
        assert len(won) == 1, said
        assert [line.startswith("conflict |") for line in said].count(True) == 1, said
        name = branch.replace("#", str(number)) or "main"
        assert git(repo, "rev-parse", name).strip() == won[0]
        assert git(repo, "rev-list", "--count", name) == "2\n"
        if not branch:
            assert git(repo, "status", "--porcelain") == ""
        git(repo, "update-ref", f"refs/heads/{name}", first)
        git(repo, "reset", "-q", "--hard")
    for racer in racers:
        assert racer.communicate(timeout=120)[0] == ""


def start(repo: Path, who: str, branch: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RACER, str(repo), who, branch, str(ROUNDS)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def tell(racer: subprocess.Popen[str], line: str) -> None:
    assert racer.stdin is not None
    racer.stdin.write(line + "\n")
    racer.stdin.flush()


def hear(racer: subprocess.Popen[str]) -> str:
    assert racer.stdout is not None
    return racer.stdout.readline()


def ask(racer: subprocess.Popen[str], line: str) -> str:
    tell(racer, line)
    return hear(racer)
