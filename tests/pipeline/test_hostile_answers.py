"""Answers that admit one verdict (tests/hostile): every one is judged so, and a real run leaves what it must leave."""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agentos_action.pipeline.bulk import Case, read_line
from tests.git import git, git_run, init_repo
from tests.runs import scripted, state_of

FOLDER = Path(__file__).parents[1] / "hostile"
BASES: dict[str, dict[str, str]] = json.loads((FOLDER / "bases.json").read_text(encoding="utf-8"))
CASES = [json.loads(line) for line in (FOLDER / "cases.jsonl").read_text(encoding="utf-8").splitlines()]
KEYS = set(Case.model_fields)
STATUS = {"accept": "committed", "reject": "rejected", "no_change": "no_change"}
#: The policy of a run is a file, and a broken one ends the run before an answer is read.
BROKEN_POLICY = "judge.bad-line"


def given(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case as `judge --jsonl` takes it."""
    return {**{key: value for key, value in case.items() if key in KEYS}, "files": BASES[case["base"]]}


@cache
def judged(number: int) -> dict[str, Any]:
    """Return what is said of a case by its place in CASES; both tests below read it, and neither changes it."""
    return read_line(json.dumps(given(CASES[number])).encode(), 1).row()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case["id"] for case in CASES])
def test_an_answer_gets_the_verdict_that_is_right(number: int) -> None:
    case, row = CASES[number], judged(number)
    found = [(finding["id"], finding["message"]) for finding in row["findings"]]
    assert row["verdict"] == case["expect"], (case["why"], found)
    if case["expect"] == "accept":
        assert row["files_after"] == case["after"]
    if case["expect"] == "reject":
        assert all(finding["message"] and finding["hint"] for finding in row["findings"])
        assert "judge.bug" not in {code for code, _ in found}


def policy_text(policy: dict[str, Any]) -> str:
    """Return a case's policy as an `agentos.toml`."""
    limits = policy.get("limits", {})
    keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in policy.items() if key != "limits")
    return keys + "[limits]\n" + "".join(f"{key} = {value}\n" for key, value in limits.items())


def told(case: dict[str, Any]) -> bytes | None:
    """Return what `git fast-import` makes the case's repository of, None for one that cannot stand in one."""
    files = dict(BASES[case["base"]])
    if "policy" in case and "agentos.toml" in files:
        return None
    if "policy" in case:
        files["agentos.toml"] = policy_text(case["policy"])
    modes = case.get("modes", {})
    parts = [b"commit refs/heads/main\ncommitter a <a@example.org> 1700000000 +0000\ndata 1\nx\n"]
    for path, text in files.items():
        if modes.get(path) == "160000":
            continue
        content = text.encode("utf-8", "surrogateescape")
        parts.append(f"M {modes.get(path, '100644')} inline {json.dumps(path, ensure_ascii=False)}\n".encode())
        parts.append(b"data %d\n%b\n" % (len(content), content))
    links = [path for path, mode in modes.items() if mode == "160000"]
    parts += [f"M 160000 {'1' * 40} {path}\n".encode() for path in links]
    return b"".join(parts) if files else None


def of_area(area: str) -> list[int]:
    return [number for number, case in enumerate(CASES) if case["area"] == area]


@pytest.mark.parametrize("area", sorted({case["area"] for case in CASES}))
def test_a_run_leaves_the_tree_that_is_right_or_everything_as_it_was(area: str, memory: Path) -> None:
    ran: dict[str, int] = defaultdict(int)
    made: list[int] = []
    for number in of_area(area):
        case, row = CASES[number], judged(number)
        source = told(case)
        if source is None or case.get("output_kind", "diff") != "diff" or BROKEN_POLICY in str(row["findings"]):
            ran["judged only"] += 1
            continue
        made.append(number)
        repo = init_repo(memory / f"r{number}")
        git(repo, "fast-import", "--quiet", stdin=source)
        before = state_of(repo)
        report = scripted(repo, memory, case["answer"], branch="out", edit_format=case.get("edit_format"))
        assert report.status == STATUS[case["expect"]], (case["id"], case["why"], report.message)
        if case["expect"] != "accept":
            assert state_of(repo) == before, case["id"]
        assert {path.name for path in memory.iterdir()} == {"answer.md", *(f"r{at}" for at in made)}
        for path, text in case.get("after", {}).items():
            done = git_run(repo, "cat-file", "blob", f"out:{path}")
            assert (done.stdout if done.returncode == 0 else None) == (None if text is None else text.encode())
        ran["ran"] += 1
    # What cannot be run is what a run has no way to be told: another kind of output, a policy that is no policy.
    assert ran["ran"] >= ran["judged only"] or area == "output-kind"
