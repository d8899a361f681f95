"""Real webhook payloads, adapted to the repository `o/r`, and runs that such an event sets off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.evidence.verify import verify_bundle
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.records.delivery import Forge
from agentos_action.records.observer import Nobody
from agentos_action.records.run import RunReport, RunRequest, Workflow
from agentos_action.wiring import parts
from tests.forge.api import GitHubApi, github
from tests.forge.git_server import TOKEN
from tests.git import make_repo
from tests.runs import assert_replayed, diff_answer, scripted, tape_of

PAYLOADS = Path(__file__).parents[1] / "tasks/webhooks"
ANSWER = diff_answer("a.txt", "one", "two")
TITLE, BODY = "Count on", "Write two where one stands."
ISSUE = 5
#: What a run leaves on its tape where no model was asked.
UNASKED = ["run_started", "task_loaded", "run_finished"]
Json = dict[str, Any]


def payload(name: str, *, sender: str = "ada", bot: bool = False) -> Json:
    """Return a payload as GitHub sent it, for our repository and from this sender."""
    found: Json = json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))
    found["repository"].update(full_name="o/r", default_branch="main")
    found["sender"].update(login=sender, type="Bot" if bot else "User")
    return found


def issue_of(found: Json, *, title: str = TITLE, body: str = BODY, by: str = "eve", standing: str = "NONE") -> Json:
    """Let a payload be about our issue, which a stranger wrote."""
    found["issue"].update(number=ISSUE, title=title, body=body, author_association=standing)
    found["issue"]["user"].update(login=by)
    return found


def labelled(label: str = "agentos", *, sender: str = "ada", **issue: str) -> Json:
    """Return the event of an issue that got a label."""
    found = issue_of(payload("issues.labeled", sender=sender), **issue)
    found["label"]["name"] = label
    return found


def commented(body: str, *, sender: str = "ada", standing: str = "MEMBER", comment: int = 500, **issue: str) -> Json:
    """Return the event of a comment on our issue."""
    found = issue_of(payload("issue_comment.created", sender=sender), **issue)
    found["comment"].update(id=comment, body=body, author_association=standing)
    found["comment"]["user"].update(login=sender)
    return found


@dataclass
class Workplace:
    """A repository, the API that knows who may do what in it, and runs that an event sets off there."""

    tmp: Path
    repo: Path
    api: GitHubApi

    @property
    def forge(self) -> Forge:
        return Forge(token=TOKEN, api_url=self.api.url, repository="o/r")

    def workflow(self, name: str, found: Json) -> Workflow:
        """Return the workflow run that an event sets off."""
        file = self.tmp / "event.json"
        file.write_text(json.dumps(found), encoding="utf-8")
        return Workflow(repository="o/r", run_id="7", event=name, event_file=file)

    def run(self, name: str, found: Json, *, answer: str = ANSWER, **more: Any) -> RunReport:
        """Run once, because of an event; whatever comes of it, its evidence is whole and holds no token."""
        fields = {"instruction": None, "forge": self.forge, "secrets": (TOKEN,), **more}
        fields.setdefault("workflow", self.workflow(name, found))
        return self.checked(scripted(self.repo, self.tmp, answer, **fields))

    def propose(self, name: str, found: Json, **more: Any) -> RunReport:
        """Walk the first half."""
        return self.run(name, found, half="propose", evidence=self.tmp / "proposals", **more)

    def commit(self, name: str, found: Json, bundle: str | None, **more: Any) -> RunReport:
        """Walk the second half, because of an event of its own."""
        fields = {"forge": self.forge, "secrets": (TOKEN,), "workflow": self.workflow(name, found), **more}
        request = RunRequest(repo=self.repo, half="commit", proposal=Path(bundle or ""), **fields)
        report = self.checked(commit_proposal(request, parts(), Nobody()))
        if report.status == "committed":
            assert_replayed(self.repo, Path(report.evidence or ""))
        return report

    def checked(self, report: RunReport) -> RunReport:
        """Return a report whose evidence is whole and holds no token."""
        folder = Path(report.evidence or "")
        assert verify_bundle(folder).problems == ()
        assert [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()] == []
        return report


@contextmanager
def workplace(tmp_path: Path, files: dict[str, str] | None = None) -> Iterator[Workplace]:
    """Give a repository with one file, and `ada`, who may write in it, with her API."""
    repo = make_repo(tmp_path, {"a.txt": "one\n", **(files or {})})
    with github(repo) as api:
        api.permissions.update(ada="write", tim="triage", eve="read")
        api.issues[ISSUE] = {"title": TITLE, "body": BODY, "state": "open"}
        yield Workplace(tmp_path, repo, api)


def events_of(report: RunReport) -> list[str]:
    """Return the names on a run's tape."""
    return [line["event"] for line in tape_of(report)]


def loaded(report: RunReport) -> Json:
    """Return what a run's tape tells of its task."""
    return next(line for line in tape_of(report) if line["event"] == "task_loaded")


def ids(report: RunReport) -> list[str]:
    """Return the ids of a report's findings."""
    return [finding.id for finding in report.findings]
