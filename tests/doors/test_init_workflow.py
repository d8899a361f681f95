"""The workflow that `agentos init` writes, under the real runner tool: from a labelled issue to a pull request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.adapters.faulty import CHAT, FaultyServer, chunk, reply, sse, stream
from tests.doors.runner import Event, run_workflow
from tests.doors.test_two_job import KEY, labeled, told
from tests.doors.tree import copy_of_this_tree
from tests.forge.api import add_issue, github
from tests.forge.git_server import TOKEN, serving
from tests.git import commit_all, git, make_repo
from tests.runs import cli, diff_answer

pytestmark = pytest.mark.xdist_group("action")


def test_a_labelled_issue_becomes_a_pull_request_from_what_init_wrote_alone(tmp_path: Path) -> None:
    ours = copy_of_this_tree(tmp_path / "ours", without=("tests/", "benchmarks/"))
    source = f"o/agentos@{git(ours, 'rev-parse', 'HEAD').strip()}"
    repo = make_repo(tmp_path / "repo", {"notes.txt": "one\n"})
    done = cli("init", "--all", "--provider", "llamacpp", "--source", source, cwd=repo)
    assert done.returncode == 0, done.stderr
    base = commit_all(repo, "Add AgentOS")
    bare = tmp_path / "served/o/r.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "config", "http.receivepack", "true")
    # A form's answers, as GitHub makes a text of them.
    body = "### What should change\n\nMake it two.\n\n### Files\n\nnotes.txt\n\n### Allowed paths\n\nnotes.txt"
    event, secrets = tmp_path / "event.json", tmp_path / "secrets"
    event.write_text(json.dumps(labeled(7, body, "ada")), encoding="utf-8")
    secrets.write_text(f"GITHUB_TOKEN={TOKEN}\n", encoding="utf-8")
    with serving(tmp_path / "served") as server, github(bare) as api, FaultyServer() as model:
        git(repo, "remote", "add", "origin", f"{server.url}/o/r.git")
        model.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
        model.at[CHAT] = stream(sse(chunk(None), chunk(diff_answer("notes.txt", "one", "two")), chunk(..., "stop")))
        api.permissions["ada"] = "write"
        add_issue(api, 7, "Change the notes", body)
        # The address is the runner's affair, as on a machine of one's own: no file of the repository names it.
        there = {"AGENTOS_API_URL": api.url, "AGENTOS_BASE_URL": model.base_url, "LLAMACPP_API_KEY": KEY}
        run = run_workflow(
            repo,
            tmp_path,
            {**there, "STAND_IN_UPLOADS": str(tmp_path / "uploads")},
            Event("issues", event, secrets),
            actions={source: ours},
        )
        assert run.returncode == 0, told(run)
        (pull,) = api.pulls
        tip = api.tip("agentos/issue-7")
        assert (pull["branch"], pull["target"], pull["state"]) == ("agentos/issue-7", "main", "open")
        assert git(bare, "rev-parse", f"{tip}^").strip() == base
        assert git(bare, "show", "--format=", "--name-status", str(tip)).split() == ["M", "notes.txt"]
        assert [row["issue"] for row in api.comments] == [7]
        assert len(list((tmp_path / "uploads").iterdir())) == 1
