"""An answer that cannot be read is judged by the rules all the same: all findings are listed, nothing comes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentos_action.patches.resolve import resolve
from agentos_action.pipeline.answer import AnswerCase, Judgement, judge_answer
from agentos_action.records.policy import Policy
from tests.bases import Files
from tests.git import git, make_repo
from tests.runs import cli, diff_answer, scripted, state_of, tape_of

FILES = {"a.py": "def a():\n    return 1\n", "b.txt": "one\n", ".github/workflows/x.yml": "on: push\n", "Docs": "x\n"}
BASE = Files(FILES)
BROKEN = diff_answer("a.py", "    return 1", "    return (1")
STALE = diff_answer("b.txt", "none", "two")
STEERS = diff_answer(".github/workflows/x.yml", "on: push", "on: [push, issues]")
DELETED = "```diff\n--- a/Docs\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n```\n"
MADE = "```diff\n--- /dev/null\n+++ b/docs\n@@ -0,0 +1 @@\n+new\n```\n"
TOKEN = diff_answer("a.py", "    return 1", "    return 'ghp_" + "a1B2c3D4e5F6" * 3 + "'")
EDITS = json.dumps(
    {
        "edits": [
            {"op": "replace", "path": "b.txt", "old": "none", "new": "two"},
            {"op": "replace", "path": "a.py", "old": "return 2", "new": "return 3"},
            {"op": "replace", "path": ".github/workflows/x.yml", "old": "push", "new": "issues"},
        ]
    }
)


def judged(answer: str, **policy: object) -> Judgement:
    found = judge_answer(AnswerCase(answer, BASE, Policy(**policy)))  # type: ignore[arg-type]
    assert (found.verdict, found.diff, found.after, found.placements) == ("reject", "", {}, ())
    return found


def ids(found: Judgement) -> list[tuple[str, str | None]]:
    return [(finding.id, finding.path) for finding in found.findings]


STEERED = ("protected.place", ".github/workflows/x.yml")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (BROKEN + STEERS, [("patch.breaks-syntax", "a.py"), STEERED]),
        (STALE + STEERS, [("patch.context-not-found", "b.txt"), STEERED]),
        (diff_answer(".github/workflows/x.yml", "on: x", "on: y"), [("patch.context-not-found", STEERED[1]), STEERED]),
        (STALE + BROKEN, [("patch.context-not-found", "b.txt"), ("patch.breaks-syntax", "a.py")]),
        (diff_answer("gone.txt", "a", "b") + STEERS, [("patch.file-missing", "gone.txt"), STEERED]),
        (EDITS, [("patch.context-not-found", "b.txt"), ("patch.context-not-found", "a.py"), STEERED]),
        (STALE + TOKEN, [("patch.context-not-found", "b.txt"), ("secrets.credential", "a.py")]),
        # What was to go with it does not go: `docs` beside `Docs` is no double that the answer meant.
        (DELETED + MADE, [("patch.context-not-found", "Docs")]),
    ],
)
def test_what_reading_and_rules_find_is_listed_together(answer: str, found: list[tuple[str, str]]) -> None:
    assert ids(judged(answer)) == found


def test_every_file_that_breaks_is_told() -> None:
    base = Files({"a.json": "{}\n", "b.json": "{}\n"})
    answer = diff_answer("a.json", "{}", "{") + diff_answer("b.json", "{}", "}")
    found = resolve(answer, "auto", base, 10_000)
    assert [finding.path for finding in found.findings] == ["a.json", "b.json"]
    assert found.changes == ()


def test_names_are_asked_of_the_policy_where_nothing_fits() -> None:
    found = judged(STALE, forbidden_paths=("*.txt",))
    assert ids(found) == [("patch.context-not-found", "b.txt"), ("paths.forbidden", "b.txt")]


def test_a_part_that_fits_is_never_taken_for_the_whole() -> None:
    found = resolve(STALE + diff_answer("a.py", "    return 1", "    return 2"), "auto", BASE, 10_000)
    assert [finding.id for finding in found.findings] == ["patch.context-not-found"]
    assert (found.changes, found.placements, found.sources) == ((), (), ())
    assert found.besides is not None
    assert [change.path for change in found.besides.changes] == ["a.py"]
    judged(STALE + diff_answer("a.py", "    return 1", "    return 2"))


def test_a_run_lists_both_and_writes_nothing(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", FILES)
    before = state_of(repo)
    report = scripted(repo, tmp_path, BROKEN + STEERS)
    assert (report.status, report.diff, report.files) == ("rejected", "", ())
    assert [finding.id for finding in report.findings] == ["patch.breaks-syntax", "protected.place"]
    (event,) = (line for line in tape_of(report) if line["event"] == "tool_result_verified")
    assert [error["id"] for error in event["verdict"]["errors"]] == ["patch.breaks-syntax", "protected.place"]
    assert (event["verdict"]["is_valid"], event["verdict"]["files"], event["files_touched"]) == (False, [], [])
    assert state_of(repo) == before


def test_a_diff_of_a_person_is_told_all_of_it_too(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", FILES)
    diff = tmp_path / "x.diff"
    diff.write_text("".join(line for line in (STALE + STEERS).splitlines(keepends=True) if "```" not in line))
    done = cli("verify", "--diff", str(diff), "--json", cwd=repo)
    result = json.loads(done.stdout)
    assert [error["id"] for error in result["errors"]] == ["patch.context-not-found", "protected.place"]
    assert (done.returncode, result["is_valid"], result["files"], result["added"]) == (1, False, [], 0)
    assert git(repo, "status", "--porcelain") == ""
