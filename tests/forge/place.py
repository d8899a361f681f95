"""A clone, the git server it came from and the API beside it, for what is delivered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agentos_action.records.delivery import Delivery, Forge
from agentos_action.records.run import RunReport
from tests.forge.api import GitHubApi, github
from tests.forge.git_server import TOKEN, GitServer, serving
from tests.git import git, make_repo
from tests.runs import diff_answer, scripted

BRANCH = "agentos/{task}"


@dataclass
class Here:
    """A clone, the server it came from, the API beside it."""

    tmp: Path
    repo: Path
    server: GitServer
    api: GitHubApi

    @property
    def wish(self) -> Delivery:
        return Delivery(
            way="pull-request",
            run_url="https://github.com/o/r/actions/runs/7",
        )

    @property
    def forge(self) -> Forge:
        return Forge(token=TOKEN, api_url=self.api.url, repository="o/r")

    def run(self, new: str = "two", task: str | None = "Change it", **more: Any) -> RunReport:
        """Run once; a runner's checkout has no branch of ours of an earlier run."""
        for name in git(self.repo, "branch", "--list", "agentos/*", "--format=%(refname:short)").split():
            git(self.repo, "branch", "--quiet", "-D", name)
        wish = replace(self.wish, **{name: more.pop(name) for name in list(more) if name in Delivery.__slots__})
        forge = replace(self.forge, **{name: more.pop(name) for name in list(more) if name in Forge.__slots__})
        fields = {"instruction": task, "branch": BRANCH, "secrets": (TOKEN,), "delivery": wish, "forge": forge, **more}
        return scripted(self.repo, self.tmp, diff_answer("a.txt", "one", new), **fields)

    def tip(self, branch: str) -> str:
        return git(self.server.bare("o/r.git"), "rev-parse", f"refs/heads/{branch}").strip()


@contextmanager
def place(tmp_path: Path) -> Iterator[Here]:
    """Serve until the end of the block."""
    first = make_repo(tmp_path, {"a.txt": "one\n"}, "first")
    bare = tmp_path / "served/o/r.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(first), str(bare))
    git(bare, "config", "http.receivepack", "true")
    repo = tmp_path / "repo"
    git(tmp_path, "clone", "--quiet", str(bare), str(repo))
    for name, value in (("user.name", "Ada Test"), ("user.email", "ada@example.org"), ("core.autocrlf", "false")):
        git(repo, "config", name, value)
    with serving(tmp_path / "served") as server, github(bare) as api:
        git(repo, "remote", "set-url", "origin", f"{server.url}/o/r.git")
        yield Here(tmp_path, repo, server, api)


def told(report: RunReport) -> str:
    return f"{report.message} | {report.hint} | {report.findings}"
