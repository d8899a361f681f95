"""The delivery through the doors: the command line and the action as processes of their own, watched from outside."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.adapters.faulty import CHAT, FaultyServer, chunk, reply, sse, stream
from tests.forge.api import Fault, GitHubApi, add_comment, github
from tests.forge.git_server import TOKEN, GitServer, serving
from tests.git import git, git_environment, make_repo
from tests.runs import CLI, diff_answer

PERSON = {"login": "ada", "type": "User"}


class Place:
    """A clone with its server and API, and the environment that a runner gives."""

    def __init__(self, tmp: Path, server: GitServer, api: GitHubApi) -> None:
        self.tmp, self.server, self.api = tmp, server, api
        self.repo = tmp / "repo"
        self.answer = tmp / "answer.md"
        self.answer.write_text(diff_answer("a.txt", "one", "two"), encoding="utf-8")
        asked = add_comment(api, 5, "/agentos do it", PERSON)
        event = {
            "action": "created",
            "issue": {"number": 5},
            "comment": {"id": asked["id"], "user": {"login": "ada"}, "author_association": "OWNER"},
            "sender": {"login": "ada", "type": "User"},
            "repository": {"default_branch": "main"},
        }
        (tmp / "event.json").write_text(json.dumps(event), encoding="utf-8")
        self.asked = asked["id"]
        api.permissions["ada"] = "write"

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in git_environment().items() if not name.startswith("GITHUB_")}
        return {
            **kept,
            "HOME": str(self.tmp / "home"),
            "GITHUB_ACTIONS": "true",
            "GITHUB_RUN_ID": "77",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_API_URL": self.api.url,
            "GITHUB_EVENT_NAME": "issue_comment",
            "GITHUB_EVENT_PATH": str(self.tmp / "event.json"),
            "RUNNER_TEMP": str(self.tmp / "temp"),
            **more,
        }

    def run(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        with watched(TOKEN) as seen:
            done = subprocess.run(
                argv, cwd=self.repo, env=self.environment(**more), capture_output=True, text=True, check=False
            )
        assert seen == []
        assert TOKEN not in done.stdout + done.stderr
        kept = [path for path in self.tmp.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]
        assert kept == []
        return done


@contextmanager
def watched(secret: str) -> Iterator[list[str]]:
    """Look through the arguments of every process on this machine, again and again."""
    seen: list[str] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.005):
            for folder in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    if secret.encode() in (folder / "cmdline").read_bytes():
                        seen.append(folder.name)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    first = make_repo(tmp_path, {"a.txt": "one\n"}, "first")
    bare = tmp_path / "served/o/r.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(first), str(bare))
    git(bare, "config", "http.receivepack", "true")
    git(tmp_path, "clone", "--quiet", str(bare), str(tmp_path / "repo"))
    with serving(tmp_path / "served") as server, github(bare) as api:
        git(tmp_path / "repo", "remote", "set-url", "origin", f"{server.url}/o/r.git")
        (tmp_path / "temp").mkdir()
        yield Place(tmp_path, server, api)


def test_one_command_from_an_answer_to_a_pull_request(place: Place) -> None:
    argv = [*CLI, "run", "--instruction", "Change it", "--answer", str(place.answer), "--branch", "agentos/{task}"]
    argv += ["--delivery", "pull-request", "--label", "agent", "--draft", "--json"]
    done = place.run(*argv, GITHUB_TOKEN=TOKEN)
    report = json.loads(done.stdout)
    assert (done.returncode, report["status"]) == (0, "committed"), done.stdout + done.stderr
    assert report["pull_request_url"] == "https://github.com/o/r/pull/100"
    assert report["delivery"]["done"] == "opened"
    assert place.api.labels == {100: ["agent"]}
    assert place.api.reactions == [(place.asked, "eyes"), (place.asked, "rocket")]
    assert [comment["issue"] for comment in place.api.comments] == [5, 5]
    assert "actions/runs/77" in place.api.pull(100)["body"]


def test_a_failed_delivery_is_made_up_for_with_one_more_command(place: Place) -> None:
    place.api.faults.append(Fault("POST", "/repos/o/r/pulls", 403, "Resource not accessible by integration"))
    argv = [*CLI, "run", "--instruction", "Change it", "--answer", str(place.answer), "--branch", "agentos/x"]
    failed = place.run(*argv, "--delivery", "pull-request", GITHUB_TOKEN=TOKEN)
    made = git(place.repo, "rev-parse", "agentos/x").strip()
    assert failed.returncode == 2, failed.stderr
    assert f"agentos deliver {made[:10]} --branch agentos/x" in " ".join(failed.stderr.split())
    done = place.run(*CLI, "deliver", made[:10], "--branch", "agentos/x", "--label", "agent", GITHUB_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert "https://github.com/o/r/pull/100" in done.stderr
    assert made in done.stderr + done.stdout
    report = json.loads(place.run(*CLI, "deliver", made, "--json", GITHUB_TOKEN=TOKEN).stdout)
    assert (report["status"], report["commit"], report["delivery"]["done"]) == ("no_change", made, "updated")
    runs = place.repo / ".git/agentos/runs"
    told = place.run(*CLI, "deliver", str(runs), GITHUB_TOKEN=TOKEN)
    assert (told.returncode, "is a folder of runs" in told.stderr) == (2, True)
    nothing = place.run(*CLI, "deliver", made, "--delivery", "none", GITHUB_TOKEN=TOKEN)
    assert (nothing.returncode, "delivers nothing" in nothing.stderr) == (2, True)
    inside = place.run(*CLI, "deliver", report["evidence"], "--evidence", report["evidence"], GITHUB_TOKEN=TOKEN)
    assert (inside.returncode, "lies in the bundle" in inside.stderr) == (2, True)


def test_a_stranger_is_given_no_voice_of_ours(place: Place) -> None:
    # The comment says that an owner wrote it; what the forge says counts.
    place.api.permissions["ada"] = "read"
    argv = [*CLI, "run", "--instruction", "Change it", "--answer", str(place.answer), "--branch", "agentos/x"]
    done = place.run(*argv, "--delivery", "pull-request", "--json", GITHUB_TOKEN=TOKEN)
    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, "rejected")
    assert set(place.api.asked) == {"GET /repos/o/r/collaborators/ada/permission"}


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("propose", "--instruction", "x", "--delivery", "push"), "needs a commit"),
        (("run", "--instruction", "x", "--delivery", "push", "--label", " "), "a label is empty"),
        (("run", "--instruction", "x", "--delivery", "push", "--issue", "0"), "is no number of an issue"),
    ],
)
def test_options_that_make_no_sense(place: Place, argv: tuple[str, ...], says: str) -> None:
    done = place.run(*CLI, *argv, GITHUB_TOKEN=TOKEN)
    assert done.returncode == 2
    assert says in done.stderr


def test_the_action_tells_the_pull_request_and_that_no_ci_starts(place: Place) -> None:
    output, summary = place.tmp / "output", place.tmp / "summary"
    with FaultyServer() as model:
        model.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
        model.at[CHAT] = stream(sse(chunk(None), chunk(diff_answer("a.txt", "one", "two")), chunk(..., "stop")))
        inputs = {
            "AGENTOS_INPUT_INSTRUCTION": "Change it",
            "AGENTOS_INPUT_FILES": "a.txt",
            "AGENTOS_INPUT_PROVIDER": "llamacpp",
            "AGENTOS_INPUT_BASE_URL": model.base_url,
            "AGENTOS_INPUT_DELIVERY": "pull-request",
            "AGENTOS_INPUT_GITHUB_TOKEN": TOKEN,
            "AGENTOS_INPUT_LABELS": "agent, docs\nmore",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        done = place.run(sys.executable, "-m", "agentos_action.entry.action", **inputs)
    assert done.returncode == 0, done.stdout
    told = output.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(told) if line.startswith("pull-request-url<<"))
    assert told[at + 1] == "https://github.com/o/r/pull/100"
    assert "starts no workflows" in summary.read_text(encoding="utf-8")
    assert place.api.labels == {100: ["agent", "docs", "more"]}


def test_the_action_without_a_token_says_which_input(place: Place) -> None:
    inputs = {"AGENTOS_INPUT_INSTRUCTION": "x", "AGENTOS_INPUT_DELIVERY": "pull-request"}
    done = place.run(sys.executable, "-m", "agentos_action.entry.action", **inputs)
    assert done.returncode == 2
    assert "the input github-token is empty" in done.stdout
    wrong = place.run(sys.executable, "-m", "agentos_action.entry.action", AGENTOS_INPUT_DELIVERY="mail")
    assert "the input delivery is 'mail'" in wrong.stdout
