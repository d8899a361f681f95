"""Runs for tests: a request with defaults, a scripted answer, and what a repository looks like."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs

from agentos_action.pipeline.replay import replay
from agentos_action.pipeline.run import run
from agentos_action.pipeline.walk import Parts
from agentos_action.records.observer import Nobody, Observer
from agentos_action.records.run import ModelWish, RunReport, RunRequest
from agentos_action.repo import RepoView
from agentos_action.wiring import parts
from tests import forking

SCRIPTED = ModelWish(provider="scripted")
CLI = (sys.executable, "-m", "agentos_action")


def diff_answer(path: str, old: str, new: str) -> str:
    """Return an answer that replaces one line of a file."""
    return f"Here it is:\n\n```diff\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-{old}\n+{new}\n```\n"


def request(repo: Path, tmp_path: Path, **changes: Any) -> RunRequest:
    """Return a request for the scripted provider with an empty home."""
    fields: dict[str, Any] = {
        "repo": repo,
        "instruction": "Change it",
        "flags": SCRIPTED,
        "home": tmp_path / "no-home",
        "cache": platformdirs.user_cache_path("agentos"),
        "threads": 1,
    }
    return RunRequest(**{**fields, **changes})


def scripted(repo: Path, tmp_path: Path, answer: str, **changes: Any) -> RunReport:
    """Run once with this answer."""
    file = tmp_path / changes.pop("answer_name", "answer.md")
    file.write_text(answer, encoding="utf-8", newline="")
    given: Parts = changes.pop("parts", parts())
    observer: Observer = changes.pop("observer", Nobody())
    report = run(request(repo, tmp_path, answer=file, **changes), given, observer)
    if report.status == "committed":
        assert_replayed(repo, Path(report.evidence or ""))
    return report


def assert_replayed(repo: Path, bundle: Path) -> None:
    """Replay a run that committed: it must reach the same tree, unless the bundle itself says that it cannot."""
    done = replay(bundle, RepoView.open(repo), parts())
    if done.outcome != "not_replayable":
        assert (done.outcome, done.tree) == ("same", done.recorded_tree), done.reasons


def cli(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command line in a real process."""
    # A workflow that runs the tests is not the workflow that a test is about.
    outer = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    return agentos(*arguments, cwd=cwd, env={**outer, **(env or {})})


def agentos(*arguments: str, cwd: Path, env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the real command line in a real process with this whole environment: forked, or started if it must be."""
    return forking.run(arguments, cwd, env, 120, stdin) or subprocess.run(
        [*CLI, *arguments],
        cwd=cwd,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def tape_of(report: RunReport) -> list[dict[str, Any]]:
    """Return the events of a run's tape."""
    lines = Path(report.evidence or "", "audit", "run_tape.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def state_of(repo: Path) -> dict[str, str]:
    """Return every file of a repository by digest, loose objects and our own folder aside."""
    found = {}
    for path in sorted(repo.rglob("*")):
        name = path.relative_to(repo).as_posix()
        if path.is_file() and not name.startswith((".git/objects/", ".git/agentos/")):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
