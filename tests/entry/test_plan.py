"""`agentos plan`: the tasks of a commit, or a recipe's files, as a matrix; in a workflow what its event asks for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.git import commit_all, make_repo, write_files
from tests.runs import cli, state_of

NIGHTLY = "Tidy up\n"
WEEKLY = '+++\nid = "weekly"\ncron = "0 4 * * 1"\n+++\nSweep\n'
PUSHED = '+++\non = ["push"]\n+++\nLook again\n'
CODE = "def f():\n    return 1\n"
FILES = {
    ".agentos/tasks/nightly.md": NIGHTLY,
    ".agentos/tasks/weekly.md": WEEKLY,
    ".agentos/tasks/pushed.md": PUSHED,
    "other/one.md": '+++\nid = "one"\nrecipe = "docstrings"\n+++\n',
    "a.py": CODE,
    "${{ github.token }} \"'.py": CODE,
    "##[error]b.py": CODE,
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repo(tmp_path_factory.mktemp("plan"), FILES)


def tasks(repo: Path, *arguments: str, env: dict[str, str] | None = None) -> list[str]:
    done = cli("plan", *arguments, "--json", cwd=repo, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return [row["task"] for row in json.loads(done.stdout)["include"]]


def workflow(tmp_path: Path, name: str, payload: object) -> dict[str, str]:
    event, output = tmp_path / "event.json", tmp_path / "output"
    event.write_text(json.dumps(payload), encoding="utf-8")
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": name,
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_OUTPUT": str(output),
    }


def test_the_tasks_of_the_commit_are_told_and_nothing_is_written(repo: Path) -> None:
    before = state_of(repo)
    done = cli("plan", "--json", cwd=repo)
    row = {"task": "nightly", "task-file": ".agentos/tasks/nightly.md", "recipe": "", "files": ""}
    assert json.loads(done.stdout) == {"include": [row]}
    assert done.stderr == "1 job\n"
    assert tasks(repo, "--cron", "0  4 * * 1") == ["nightly", "weekly"]
    assert tasks(repo, "--event", "push") == ["pushed"]
    assert tasks(repo, "./other/one.md", "other/one.md") == ["one"]
    assert state_of(repo) == before


def test_in_a_workflow_its_own_event_decides(repo: Path, tmp_path: Path) -> None:
    assert tasks(repo, env=workflow(tmp_path, "schedule", {"schedule": "0 4 * * 1"})) == ["nightly", "weekly"]
    assert tasks(repo, env=workflow(tmp_path, "push", {"head_commit": {"message": "Mine"}})) == ["pushed"]
    ours = {"head_commit": {"message": "Tidy up\n\nAgentOS-Run: 20261121T031500Z-8f3a1c2d\n"}}
    done = cli("plan", "--github-output", cwd=repo, env=workflow(tmp_path, "push", ours))
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 jobs: the last commit of the push is one of ours" in done.stderr
    lines = (tmp_path / "output").read_text(encoding="ascii").splitlines()
    assert (lines[1], lines[4]) == ('{"include": []}', "0")


def test_the_outputs_of_a_job_hold_any_name_and_cannot_be_forged(repo: Path, tmp_path: Path) -> None:
    env = workflow(tmp_path, "workflow_dispatch", {})
    done = cli("plan", "--recipe", "docstrings", "--jobs", "1", "--github-output", cwd=repo, env=env)
    assert done.returncode == 0, done.stderr
    head, matrix, end, second, count, last = (tmp_path / "output").read_text(encoding="ascii").splitlines()
    assert head == f"matrix<<{end}"
    assert (second, count, last) == (f"count<<{end}", "1", end)
    row = json.loads(matrix)["include"][0]
    assert (row["files"].split("\n"), row["places"]) == (sorted(name for name in FILES if name.endswith(".py")), 3)
    assert "##[" not in done.stdout + done.stderr + matrix
    assert "##\\x5berror]b.py" in done.stdout


def test_no_tasks_are_no_failure(tmp_path: Path) -> None:
    empty = make_repo(tmp_path, {"a.txt": "x"})
    done = cli("plan", cwd=empty)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "0 jobs: no task of .agentos/tasks is for the event schedule\n"
    assert tasks(empty, "--recipe", "docstrings") == []


def test_the_commit_counts_and_not_the_work_tree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {".agentos/tasks/a.md": NIGHTLY})
    write_files(repo, {".agentos/tasks/b.md": NIGHTLY})
    assert tasks(repo) == ["a"]
    commit_all(repo)
    assert (tasks(repo), tasks(repo, "--ref", "HEAD^")) == (["a", "b"], ["a"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.md"], "'none.md' is not in commit"),
        (["other/one.md", "--recipe", "docstrings"], "task files and --recipe are given together"),
        (["--recipe", "docstrings", "--event", "push"], "--recipe and --event are given together"),
        (["--event", "push", "--cron", "x"], "--cron is given for a push"),
        (["--jobs", "2"], "--files and --jobs go with --recipe"),
        (["--recipe", "docstrings", "--jobs", "257"], "--jobs is 257"),
        (["--recipe", "none"], "There is no recipe named 'none'"),
        (["--github-output"], "GITHUB_OUTPUT is not set"),
    ],
)
def test_what_does_not_go_together_is_told(repo: Path, arguments: list[str], said: str) -> None:
    done = cli("plan", *arguments, cwd=repo)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
