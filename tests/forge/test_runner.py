"""The delivery under the real runner tool: one step of a workflow, from an instruction to a pull request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.faulty import CHAT, FaultyServer, chunk, reply, sse, stream
from tests.doors.runner import run_workflow
from tests.doors.tree import copy_of_this_tree
from tests.forge.api import github
from tests.forge.git_server import TOKEN, serving
from tests.git import commit_all, git, write_files
from tests.runs import diff_answer

# As slow as one installation with pip, as the other tests of the action.
pytestmark = [pytest.mark.model, pytest.mark.xdist_group("action")]

WORKFLOW = """on: push
permissions: {}
jobs:
  deliver:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2
      - id: deliver
        uses: ./
        env:
          AGENTOS_API_URL: ${{ env.LOOPBACK_API }}
        with:
          instruction: Change it
          files: notes.txt
          provider: llamacpp
          base-url: ${{ env.MODEL_URL }}
          delivery: pull-request
          labels: agent
          github-token: ${{ env.LOOPBACK_TOKEN }}
      - run: echo "opened ${{ steps.deliver.outputs.pull-request-url }}"
        id: told
"""


def test_a_step_opens_a_pull_request(tmp_path: Path) -> None:
    repo = copy_of_this_tree(tmp_path / "repo")
    for old in (repo / ".github/workflows").iterdir():
        old.unlink()
    write_files(repo, {".github/workflows/deliver.yml": WORKFLOW, "notes.txt": "one\n"})
    commit_all(repo, "the workflow")
    bare = tmp_path / "served/o/r.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), str(bare))
    git(bare, "config", "http.receivepack", "true")
    with serving(tmp_path / "served") as server, github(bare) as api, FaultyServer() as model:
        model.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
        model.at[CHAT] = stream(sse(chunk(None), chunk(diff_answer("notes.txt", "one", "two")), chunk(..., "stop")))
        git(repo, "remote", "add", "origin", f"{server.url}/o/r.git")
        environment = {
            "LOOPBACK_API": api.url,
            "LOOPBACK_TOKEN": TOKEN,
            "MODEL_URL": model.base_url,
            "STAND_IN_UPLOADS": str(tmp_path / "uploads"),
        }
        run = run_workflow(repo, tmp_path, environment)
        assert run.returncode == 0, run.output("deliver")
        (pull,) = api.pulls
        assert api.tip(pull["branch"]) is not None
        assert api.labels == {pull["number"]: ["agent"]}
    assert f"opened {pull['html_url']}" in run.output("told")
    assert "starts no workflows" in run.summary("deliver")
    uploads = [path for path in (tmp_path / "uploads").rglob("*") if path.is_file()]
    assert uploads
    assert not [path for path in uploads if TOKEN.encode() in path.read_bytes()]
    assert TOKEN not in run.output("deliver")
