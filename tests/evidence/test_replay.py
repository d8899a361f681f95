"""Every run replays, offline and without a byte written, to the same tree; what differs is told with its reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.layout import ANSWERS
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.pipeline.replay import Replayed, replay
from agentos_action.records.observer import Nobody
from agentos_action.records.run import RunReport, RunRequest
from agentos_action.repo import RepoView
from agentos_action.wiring import parts
from tests.git import commit_all, git, make_repo, write_files
from tests.runs import cli, diff_answer, scripted, state_of
from tests.sealing import lines_of, reseal, write_lines

FILES: dict[str, bytes | str] = {
    "a.txt": "one\n",
    "crlf.txt": "one\r\ntwo\r\n",
    "latin.txt": b"caf\xe9\nend\n",
    "gone.txt": "bye\n",
    "old.txt": "".join(f"line {number}\n" for number in range(20)),
    "m.py": "def add(a, b):\n    return a + b\n",
}
SEARCH = "a.txt\n<<<<<<< SEARCH\none\n=======\n1\n>>>>>>> REPLACE\n"
NEW = "```diff\n--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+hello\n```\n"
DELETE = "```diff\n--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-bye\n```\n"
RENAME = (
    "```diff\ndiff --git a/old.txt b/fresh.txt\nsimilarity index 90%\nrename from old.txt\nrename to fresh.txt\n"
    "--- a/old.txt\n+++ b/fresh.txt\n@@ -1,2 +1,2 @@\n-line 0\n+LINE 0\n line 1\n```\n"
)
ANSWERS_OF = {
    "unified diff": diff_answer("a.txt", "one", "1"),
    "search and replace": SEARCH,
    "whole file": "a.txt\n```\n1\n```\n",
    "new file": NEW,
    "deleted file": DELETE,
    "renamed file": RENAME,
    "crlf": diff_answer("crlf.txt", "one", "1"),
    "latin-1": "```diff\n--- a/latin.txt\n+++ b/latin.txt\n@@ -2 +2 @@\n-end\n+END\n```\n",
}


def replayed(report: RunReport, repo: Path) -> Replayed:
    return replay(Path(report.evidence or ""), RepoView.open(repo), parts())


def tree(repo: Path) -> str:
    return git(repo, "rev-parse", "HEAD^{tree}").strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path, FILES)


@pytest.mark.parametrize("kind", ANSWERS_OF)
def test_a_committed_run_replays_to_the_same_tree(repo: Path, tmp_path: Path, kind: str) -> None:
    report = scripted(repo, tmp_path, ANSWERS_OF[kind])
    assert report.status == "committed", report.message
    before = state_of(repo)
    objects = sorted((repo / ".git" / "objects").rglob("*"))
    done = replayed(report, repo)
    assert (done.outcome, done.reasons) == ("same", ())
    assert done.tree == done.recorded_tree == tree(repo)
    assert state_of(repo) == before
    assert sorted((repo / ".git" / "objects").rglob("*")) == objects


def test_it_replays_after_the_branch_moved_on_and_the_policy_changed(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, ANSWERS_OF["unified diff"])
    made = tree(repo)
    write_files(repo, {"a.txt": "other\n", "agentos.toml": 'forbidden_paths = ["a.txt"]\n'})
    commit_all(repo, "later")
    done = replayed(report, repo)
    assert (done.outcome, done.tree) == ("same", made)


def test_both_halves_replay(repo: Path, tmp_path: Path) -> None:
    proposal = scripted(repo, tmp_path, ANSWERS_OF["latin-1"], half="propose", evidence=tmp_path / "proposals")
    write_files(repo, {"b.txt": "meanwhile\n"})
    commit_all(repo, "meanwhile")
    request = RunRequest(repo=repo, half="commit", proposal=Path(proposal.evidence or ""))
    report = commit_proposal(request, parts(), Nobody())
    assert report.status == "committed", report.message
    assert replayed(proposal, repo).outcome == "same"
    done = replayed(report, repo)
    assert (done.outcome, done.tree) == ("same", tree(repo))


def test_a_recipe_replays(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"m.py": FILES["m.py"], "n.py": "def stop(self):\n    self.done = True\n"})
    said = ("Return the sum of a and b.", "Stop it.")
    answers = "".join(json.dumps({"answer": answer}) + "\n" for answer in said)
    report = scripted(repo, tmp_path, answers, recipe="docstrings", instruction=None, answer_name="a.jsonl")
    assert report.status in {"committed", "rejected", "no_change"}, report.message
    done = replayed(report, repo)
    assert done.outcome == "same", done.reasons
    if report.status == "committed":
        assert done.tree == tree(repo)


@pytest.mark.parametrize("answer", ["I would rather not.", diff_answer("a.txt", "no such line", "1"), "", "```diff\n"])
def test_a_rejected_run_replays_to_the_same_findings(repo: Path, tmp_path: Path, answer: str) -> None:
    report = scripted(repo, tmp_path, answer)
    assert report.exit_code != 0
    done = replayed(report, repo)
    if report.status == "rejected":
        assert (done.outcome, done.tree, done.reasons) == ("same", None, ())
    else:
        assert done.outcome == "not_replayable"


def test_a_run_with_an_exception_and_a_refused_one_replay(repo: Path, tmp_path: Path) -> None:
    write_files(repo, {"agentos.toml": 'forbidden_paths = ["a.txt"]\n'})
    commit_all(repo)
    assert replayed(scripted(repo, tmp_path, SEARCH), repo).outcome == "same"
    allowed = scripted(repo, tmp_path, SEARCH, allow_path=("a.txt",))
    assert replayed(allowed, repo).outcome == "same"


def resealed(report: RunReport, tmp_path: Path, event: str, **changes: Any) -> Path:
    bundle = Path(shutil.copytree(report.evidence or "", tmp_path / "forged"))
    reseal(bundle, lambda line: line.update(changes if line["event"] == event else {}))
    return bundle


def test_another_tree_another_version_and_another_answer_are_told(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, SEARCH)
    bundle = resealed(report, tmp_path, "git_commit", tree="0" * 40)
    reseal(bundle, lambda line: line.update(version="0.0.1") if line["event"] == "run_started" else None)
    done = replay(bundle, RepoView.open(repo), parts())
    assert done.outcome == "invalid"  # the summary names this version
    shutil.rmtree(bundle)
    bundle = resealed(report, tmp_path, "git_commit", tree="0" * 40)
    done = replay(bundle, RepoView.open(repo), parts())
    assert done.outcome == "different"
    assert done.reasons == (f"the tree is {tree(repo)}, recorded is {'0' * 40}",)


def test_a_base_or_policy_that_is_not_here_is_told(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, SEARCH)
    elsewhere = make_repo(tmp_path, {"x": "y\n"}, name="elsewhere")
    done = replay(Path(report.evidence or ""), RepoView.open(elsewhere), parts())
    assert done.outcome == "not_replayable"
    assert "is no commit of this repository" in done.reasons[0]


def test_what_redaction_changed_or_was_not_kept_is_refused_with_that_reason(repo: Path, tmp_path: Path) -> None:
    told = "Here, with the password hunter22hunter22:\n" + SEARCH
    redacted = scripted(repo, tmp_path, told, secrets=("hunter22hunter22",))
    (said,) = replayed(redacted, repo).reasons
    assert said.startswith("redaction changed an answer")
    git(repo, "reset", "-q", "--hard", "HEAD^")
    withheld = scripted(repo, tmp_path, SEARCH, content=False)
    done = replayed(withheld, repo)
    assert (done.outcome, "--no-content" in done.reasons[0]) == ("not_replayable", True)


def test_a_changed_bundle_is_invalid(repo: Path, tmp_path: Path) -> None:
    bundle = Path(scripted(repo, tmp_path, SEARCH).evidence or "")
    rows = lines_of(bundle / ANSWERS)
    write_lines(bundle / ANSWERS, [{**row, "answer": "other"} for row in rows])
    assert replay(bundle, RepoView.open(repo), parts()).outcome == "invalid"


def test_the_command(repo: Path, tmp_path: Path) -> None:
    report = scripted(repo, tmp_path, SEARCH)
    done = cli("evidence", "replay", report.evidence or "", "--repo", str(repo), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"the same outcome, tree {tree(repo)}" in done.stderr
    assert cli("evidence", "replay", str(tmp_path / "none"), cwd=tmp_path).returncode == 2
