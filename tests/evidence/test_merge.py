"""Bundles of many jobs come to lie side by side, each verified where it lies; what is not whole stays away."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.layout import SUMS, TAPE
from agentos_action.evidence.verify import Checked
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.pipeline.task_ends import RunEnd, run_end, task_ends
from agentos_action.records.observer import Nobody
from agentos_action.report.outcomes import TaskEnd, outcomes
from agentos_action.wiring import parts
from tests.forge.git_server import TOKEN
from tests.forge.place import place
from tests.git import make_repo
from tests.runs import cli, diff_answer, request, scripted
from tests.sealing import reseal


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    """Return two bundles as downloaded artifacts, each in a folder of the artifact's name."""
    repo = make_repo(tmp_path, {"a.txt": "0\n"})
    for number in range(2):
        report = scripted(repo, tmp_path, diff_answer("a.txt", str(number), str(number + 1)))
        assert report.evidence is not None
        shutil.copytree(report.evidence, tmp_path / "artifacts" / f"job-{number}")
    return tmp_path / "artifacts"


def merged(*arguments: str | Path, code: int = 0) -> dict[str, str]:
    done = cli("evidence", "merge", "--json", *map(str, arguments), cwd=Path.cwd())
    assert done.returncode == code, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return {Path(row["source"]).name: row["outcome"] for row in told["bundles"]}


def index(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "index.json").read_text(encoding="utf-8"))["bundles"]
    return rows


def test_bundles_come_to_lie_under_their_ids_with_an_index(artifacts: Path, tmp_path: Path) -> None:
    into = tmp_path / "all"
    assert merged(artifacts, "--into", into) == {"job-0": "merged", "job-1": "merged"}
    rows = index(into)
    assert [row["folder"] for row in rows] == sorted(path.name for path in into.iterdir() if path.is_dir())
    assert {(row["valid"], row["status"], row["exit_code"]) for row in rows} == {(True, "committed", 0)}
    shutil.rmtree(tmp_path / "repo/.git/agentos/runs")
    done = cli("evidence", "audit", "--evidence", str(into), cwd=tmp_path / "repo")
    assert done.returncode == 0, done.stderr
    assert "2 verified" in done.stderr
    # Once more, and with the result among what is looked through: nothing is new.
    assert merged(artifacts, "--into", into) == {"job-0": "there", "job-1": "there"}
    assert merged(artifacts / "job-0", into, "--into", tmp_path / "more") != {}
    assert index(into) == rows


def test_what_is_not_what_it_says_is_not_merged(artifacts: Path, tmp_path: Path) -> None:
    into = tmp_path / "all"
    with (artifacts / "job-0" / TAPE).open("ab") as tape:
        tape.write(b"{}\n")
    assert merged(artifacts, "--into", into, code=1) == {"job-0": "refused", "job-1": "merged"}
    assert len(index(into)) == 1
    assert [path.name for path in into.iterdir() if path.name.startswith(".")] == []


def test_an_unfinished_run_is_not_merged(artifacts: Path, tmp_path: Path) -> None:
    (artifacts / "job-0" / SUMS).unlink()
    lines = (artifacts / "job-0" / TAPE).read_bytes().splitlines(keepends=True)
    (artifacts / "job-0" / TAPE).write_bytes(b"".join(lines[:-1]))
    assert merged(artifacts, "--into", tmp_path / "all", code=1) == {"job-0": "refused", "job-1": "merged"}


def test_two_bundles_of_one_run_are_not_both_true(artifacts: Path, tmp_path: Path) -> None:
    into = tmp_path / "all"
    merged(artifacts / "job-0", "--into", into)
    (target,) = [path for path in into.iterdir() if path.is_dir()]
    (target / SUMS).write_bytes((artifacts / "job-1" / SUMS).read_bytes())
    assert merged(artifacts / "job-0", "--into", into, code=1) == {"job-0": "refused"}
    assert [row["valid"] for row in index(into)] == [False]


def test_links_and_pipes_of_a_hostile_bundle_lead_nowhere(artifacts: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (artifacts / "job-0" / "reports" / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(artifacts / "job-1" / "pipe")
    (artifacts / "job-2").symlink_to(tmp_path)
    into = tmp_path / "all"
    assert merged(artifacts, "--into", into, code=1) == {"job-0": "refused", "job-1": "refused"}
    assert sorted(path.name for path in into.iterdir()) == ["index.json"]


def test_no_bundle_takes_the_place_of_the_index(artifacts: Path, tmp_path: Path) -> None:
    reseal(artifacts / "job-0", lambda line: line.update(run_id="index.json"))
    assert merged(artifacts, "--into", tmp_path / "all", code=1) == {"job-0": "refused", "job-1": "merged"}
    assert len(index(tmp_path / "all")) == 1


@pytest.mark.parametrize("folder", ["empty", "nowhere"])
def test_a_folder_without_a_bundle_is_told(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    done = cli("evidence", "merge", str(tmp_path / folder), "--into", str(tmp_path / "all"), cwd=tmp_path)
    assert done.returncode == 2
    assert str(tmp_path / folder) in done.stderr
    assert not (tmp_path / "all").exists()


def test_a_workflow_s_summary_tells_what_came_of_each_task(tmp_path: Path) -> None:
    kept = tmp_path / "summary.md"
    with place(tmp_path) as here:
        taken = scripted(
            here.repo, tmp_path, diff_answer("a.txt", "one", "two"), instruction="Take <b>it</b>", half="propose"
        )
        changes = {"instruction": None, "half": "commit", "proposal": Path(taken.evidence or ""), "secrets": (TOKEN,)}
        where = {"branch": "agentos/{task}", "delivery": here.wish, "forge": here.forge}
        done = commit_proposal(request(here.repo, tmp_path, **changes, **where), parts(), Nobody())
        refused = scripted(
            here.repo, tmp_path, diff_answer("agentos.toml", "one", "two"), instruction="Not this", half="propose"
        )
        left = scripted(here.repo, tmp_path, diff_answer("a.txt", "one", "3"), instruction="Later", half="propose")
    for name, report in {"a": taken, "b": done, "c": refused, "d": left, "e<b>|x": left}.items():
        shutil.copytree(report.evidence or "", tmp_path / "found" / name)
    with (tmp_path / "found/e<b>|x" / TAPE).open("ab") as tape:
        tape.write(b"{}\n")
    environment = {"GITHUB_STEP_SUMMARY": str(kept), "GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(tmp_path)}
    merge = ("evidence", "merge", str(tmp_path / "found"), "--into", str(tmp_path / "all"))
    first = cli(*merge, cwd=tmp_path, env=environment)
    assert (first.returncode, "$RUNNER_TEMP/all/index.json" in first.stderr) == (1, True)
    assert str(tmp_path) not in first.stderr
    told = re.sub(r"&#(\d+);", lambda sign: chr(int(sign[1])), kept.read_text(encoding="utf-8"))
    assert told.startswith("## AgentOS: 3 tasks\n\n")
    assert "1 pull request." in told
    rows = [line for line in told.splitlines() if line.startswith("| <code>task-")]
    (row,) = (row for row in rows if "committed" in row)
    for part in (done.run_id, (done.commit or "")[:10], "[#100](https://github.com/o/r/pull/100)", "accepted"):
        assert part is not None
        assert part in row
    assert str(taken.run_id) not in told, "a proposal and its commit are one row"
    assert [word for line in rows for word in ("rejected", "proposed") if f"<code>{word}</code>" in line] == [
        "rejected",
        "proposed",
    ]
    assert rows[-1] is row, "what went wrong stands first"
    assert "<b>" not in kept.read_text(encoding="utf-8")
    assert "e<b>|x" in told
    kept.unlink()
    kept.mkdir()
    again = cli(*merge, cwd=tmp_path, env=environment)
    assert (again.returncode, "GITHUB_STEP_SUMMARY cannot be written" in again.stderr) == (1, True)


def test_a_summary_of_many_tasks_stays_below_what_a_runner_takes() -> None:
    ends = [
        TaskEnd(task="<" * 400, status="rejected", message="é|" * 400, tokens=2, run_id=str(number))
        for number in range(256)
    ]
    told = outcomes(ends, [("x" * 400, "`" * 400)] * 256)
    assert len(told.encode()) < 1024 * 1024
    assert told.startswith("## AgentOS: 256 tasks\n\n256 <code>rejected</code>; 512 tokens.\n")
    assert "more tasks; the evidence holds all." in told


def test_what_went_wrong_stands_first() -> None:
    said = ("applied", "committed", "delivered", "dry run", "no change", "proposed", "rejected")
    told = outcomes([TaskEnd(task=status, status=status, run_id="r") for status in said], [])
    rows = [line for line in told.splitlines() if line.startswith("| <code>")]
    assert [said.index(row.split("<code>")[1].split("</code>")[0]) for row in rows] == [5, 6, 0, 1, 2, 3, 4]


def test_runs_that_name_each_other_as_parents_end() -> None:
    def run(name: str, parent: str) -> RunEnd:
        started = {"event": "run_started", "parent": {"run_id": parent}, "half": "commit"}
        tape = (started, {"event": "run_finished", "status": "committed"})
        return run_end(name, Checked(name, 2, 0, None, (), tape))

    ends = task_ends([run("a", "b"), run("b", "a"), run("c", "c"), run_end("d", Checked("e", 0, 0, None, ()))])
    assert {end.run_id: end.status for end in ends} == {
        "a": "committed",
        "b": "committed",
        "c": "committed",
        "d": "not verified",
    }
