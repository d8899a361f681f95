"""examples/workflows/two-job.yml, unchanged, under the real runner tool: from a labelled issue to a pull request."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.sidecar.launch import Sidecar
from tests.adapters.faulty import CHAT, FaultyServer, chunk, reply, sse, stream
from tests.doors.runner import Event, WorkflowRun, run_workflow
from tests.doors.tree import ROOT, copy_of_this_tree
from tests.forge.api import GitHubApi, add_issue, github
from tests.forge.git_server import TOKEN, serving
from tests.git import commit_all, git, write_files
from tests.runs import diff_answer
from tests.tasks.payloads import issue

pytestmark = [pytest.mark.model, pytest.mark.xdist_group("action")]

EXAMPLE = ROOT / "examples/workflows/two-job.yml"
KEY = "sk-loopback-0123456789abcdef0123456789"
ASKED = "Please change the only line of `notes.txt`."
RECIPE = """Docstrings are missing.

```toml
recipe = "docstrings"
files = ["examples/textkit/textkit/numbers.py"]
```
"""


@dataclass(frozen=True)
class Place:
    """A repository with the example as its one workflow, its server and API, and a model that says what it is told."""

    folder: Path
    repo: Path
    bare: Path
    base: str
    api: GitHubApi
    model: FaultyServer
    asked_before: list[str] = field(default_factory=list)

    def label(
        self, number: int, *, body: str = ASKED, by: str = "ada", now: str | None = None, **more: str
    ) -> WorkflowRun:
        """Let somebody label an issue, whose text may be another by `now`, and run the workflow."""
        add_issue(self.api, number, "Change the notes", body if now is None else now)
        return self.run(labeled(number, body, by), **more)

    def run(self, payload: dict[str, Any], **more: str) -> WorkflowRun:
        """Run the workflow on an event about an issue; its uploads are kept in a folder of the issue's number."""
        file = self.folder / "event.json"
        file.write_text(json.dumps(payload), encoding="utf-8")
        # The only place where the two secrets may stand: a file beside everything that the runner keeps.
        settings = self.folder.parent / "settings"
        settings.mkdir(exist_ok=True)
        key = more.pop("KEY", KEY)
        (settings / "secrets").write_text(f"GITHUB_TOKEN={TOKEN}\nAGENTOS_API_KEY={key}\n", encoding="utf-8")
        address = more.pop("BASE_URL", self.model.base_url)
        (settings / "variables").write_text(
            f"AGENTOS_PROVIDER=llamacpp\nAGENTOS_BASE_URL={address}\n", encoding="utf-8"
        )
        number = payload["issue"]["number"]
        uploads = str(self.folder / f"uploads-{number}")
        return run_workflow(
            self.repo,
            self.folder,
            {"AGENTOS_API_URL": self.api.url, "STAND_IN_UPLOADS": uploads, **more},
            Event(
                "issue_comment" if "comment" in payload else "issues",
                file,
                settings / "secrets",
                settings / "variables",
            ),
        )

    def uploads(self, number: int) -> list[Path]:
        """Return the artifacts that the run for an issue left."""
        return sorted((self.folder / f"uploads-{number}").iterdir(), key=lambda folder: folder.stat().st_mtime)

    def written(self) -> list[str]:
        """Return what was asked of the API besides reading."""
        return [line for line in self.api.asked if not line.startswith("GET ")]

    def says(self, text: str) -> None:
        """Make the model answer every chat with this text, and note how far the API was asked until then."""
        answer = stream(sse(chunk(None), chunk(text), chunk(..., "stop")))

        def behave(connection: Any, request: Any) -> None:
            self.asked_before[:] = self.api.asked
            answer(connection, request)

        self.model.at[CHAT] = behave

    def asked_model(self) -> int:
        """Return how often the model was asked."""
        return sum(request.path == CHAT for request in self.model.seen)


def labeled(number: int, body: str, by: str) -> dict[str, Any]:
    """Return GitHub's own example of a labelled issue, as one of the repository `o/r`."""
    text = json.dumps(issue(body, "Change the notes"))
    text = text.replace("Codertocat/Hello-World", "o/r").replace("Hello-World", "r").replace("Codertocat", "ada")
    payload: dict[str, Any] = json.loads(text)
    payload["repository"]["owner"]["login"] = "o"
    payload["repository"]["default_branch"] = "main"
    payload["issue"] |= {"number": number, "labels": [payload["label"]]}
    payload["sender"]["login"] = by
    return payload


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Make the place once; every run takes about as long as its installations with pip."""
    folder = tmp_path_factory.mktemp("two-job") / "kept"
    # The tests of this tree hold the very words that are looked for.
    repo = copy_of_this_tree(folder / "repo", without=("tests/", "benchmarks/"))
    for old in (repo / ".github/workflows").iterdir():
        old.unlink()
    write_files(repo, {".github/workflows/two-job.yml": EXAMPLE.read_bytes(), "notes.txt": "one\n"})
    base = commit_all(repo, "the example as the workflow")
    bare = folder / "served/o/r.git"
    git(folder, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "config", "http.receivepack", "true")
    with serving(folder / "served") as server, github(bare) as api, FaultyServer() as model:
        git(repo, "remote", "add", "origin", f"{server.url}/o/r.git")
        model.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
        api.permissions.update({"ada": "write", "eve": "read"})
        yield Place(folder, repo, bare, base, api, model)


@pytest.fixture(scope="module")
def done(place: Place) -> WorkflowRun:
    """Run the good case once."""
    place.says(diff_answer("notes.txt", "one", "two"))
    return place.label(7)


def told(run: WorkflowRun) -> str:
    """Return what both jobs printed, for a test that fails."""
    return "".join(line.get("msg", "") for line in run.lines if line.get("raw_output")) + run.said


def test_a_labelled_issue_becomes_a_pull_request(place: Place, done: WorkflowRun) -> None:
    assert done.returncode == 0, told(done)
    (pull,) = place.api.pulls
    assert (pull["branch"], pull["target"], pull["state"]) == ("agentos/issue-7", "main", "open")
    assert "Asked in #7." in pull["body"]
    tip = place.api.tip("agentos/issue-7")
    assert git(place.bare, "rev-parse", f"{tip}^").strip() == place.base
    assert git(place.bare, "show", "--format=", "--name-status", str(tip)).split() == ["M", "notes.txt"]
    assert git(place.bare, "show", f"{tip}:notes.txt") == "two\n"


def test_whoever_asked_is_answered_in_one_comment(place: Place, done: WorkflowRun) -> None:
    assert done.returncode == 0
    (comment,) = (row for row in place.api.comments if row["issue"] == 7)
    assert comment["body"].startswith("<!-- agentos-action:")
    assert "The change is in #100." in comment["body"]
    assert (7, "rocket") in place.api.issue_reactions


def test_the_first_job_writes_nothing_and_the_second_asks_no_model(place: Place, done: WorkflowRun) -> None:
    assert done.returncode == 0
    assert not [line for line in place.asked_before if not line.startswith("GET ")]
    assert "GET /repos/o/r/collaborators/ada/permission" in place.asked_before
    (chat,) = (request for request in place.model.seen if request.path == CHAT)
    assert chat.headers["authorization"] == f"Bearer {KEY}"
    assert ASKED.encode() in chat.body


def test_both_jobs_leave_summary_and_evidence(place: Place, done: WorkflowRun) -> None:
    proposed, committed = (verify_bundle(folder) for folder in place.uploads(7))
    assert (proposed.problems, committed.problems) == ((), ())
    assert (proposed.commit, committed.commit) == (None, place.api.tip("agentos/issue-7"))
    summaries = ["".join(row["content"] for row in done.lines if row.get("command") == "summary")]
    assert "## AgentOS: dry run" in summaries[0]
    assert "## AgentOS: committed" in summaries[0]


def test_no_secret_is_in_anything_that_is_left(place: Place, done: WorkflowRun) -> None:
    hidden = [word.encode() for word in (TOKEN, KEY, base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode())]
    assert not [word for word in hidden if word in done.raw.encode()]
    files = [path for path in place.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in files if path.name == "run_tape.jsonl"], "nothing of the runs was kept"
    assert not [path for path in files for word in hidden if word in path.read_bytes()]
    # What git keeps is packed.
    for repo in (path.parent for path in files if path.name == "HEAD" and (path.parent / "objects").is_dir()):
        objects = git(repo, "cat-file", "--batch", "--batch-all-objects", "--buffer", "--unordered")
        assert not [word for word in hidden if word.decode() in objects]


def test_other_labels_and_comments_start_nothing(place: Place) -> None:
    other = labeled(20, ASKED, "ada")
    other["label"]["name"] = "bug"
    comment = labeled(20, ASKED, "ada")
    comment.pop("label")
    comment |= {"action": "created", "comment": {"id": 1, "body": "I like /agentos", "user": {"login": "ada"}}}
    for payload in (other, comment):
        run = place.run(payload)
        assert run.returncode == 0
        assert not [line for line in run.lines if line.get("stepID")]


def test_who_may_only_read_gets_nothing_at_all(place: Place) -> None:
    before = (len(place.api.pulls), len(place.api.comments), place.written(), place.asked_model())
    run = place.label(8, by="eve")
    assert run.returncode == 1
    assert "'eve' has the permission 'read' here" in told(run)
    assert (len(place.api.pulls), len(place.api.comments), place.written(), place.asked_model()) == before
    assert place.api.tip("agentos/issue-8") is None


def test_a_text_that_was_edited_after_the_label_is_not_acted_on(place: Place) -> None:
    before = (len(place.api.pulls), place.asked_model())
    run = place.label(9, now=f"{ASKED} And the licence.")
    assert run.returncode == 1
    assert "was changed after it was approved" in told(run)
    assert (len(place.api.pulls), place.asked_model()) == before
    assert place.api.tip("agentos/issue-9") is None


def test_a_bundle_that_was_changed_between_the_jobs_is_refused(place: Place) -> None:
    before = len(place.api.pulls)
    place.says(diff_answer("notes.txt", "one", "two"))
    run = place.label(10, STAND_IN_TAMPER="find . -name answers.jsonl -exec sed -i s/two/six/ {} +")
    assert run.returncode == 1
    assert "AgentOS: dry run" in "".join(row["content"] for row in run.lines if row.get("command") == "summary")
    assert "bundle.changed" in told(run)
    assert len(place.api.pulls) == before
    assert place.api.tip("agentos/issue-10") is None


def test_who_asked_reads_why_a_proposal_was_refused(place: Place) -> None:
    place.says("--- /dev/null\n+++ b/.github/workflows/own.yml\n@@ -0,0 +1 @@\n+on: push\n")
    run = place.label(11)
    assert run.returncode == 1
    assert place.api.tip("agentos/issue-11") is None
    (comment,) = (row for row in place.api.comments if row["issue"] == 11)
    assert "steers git, CI, hooks, agents or editors" in html.unescape(comment["body"])
    assert (11, "confused") in place.api.issue_reactions


def test_a_real_small_model_does_the_recipe_that_the_issue_names(place: Place, llama: Sidecar) -> None:
    run = place.label(12, body=RECIPE, BASE_URL=llama.base_url, KEY=llama.api_key)
    assert run.returncode == 0, told(run)
    tip = place.api.tip("agentos/issue-12")
    changed = git(place.bare, "show", "--format=", "--unified=0", str(tip))
    assert changed.count('\n+    """') == 3
    assert any(pull["branch"] == "agentos/issue-12" for pull in place.api.pulls)
