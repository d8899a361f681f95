"""The last job of the fan-out example: every proposal is committed, however many artifacts there are."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.doors.tree import ROOT

BASH = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")
STAND_IN = Path(__file__).parent / "download_artifact_stand_in/action.yml"


def workflow() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "examples/workflows/fan-out.yml").read_text(encoding="utf-8"))
    return loaded


def run(script: str, **environment: str) -> None:
    subprocess.run([*BASH, script], env={"PATH": os.environ["PATH"], **environment}, check=True)


@pytest.mark.parametrize(
    "names", [["proposal-a"], ["proposal-a", "proposal-b"], ["ended-a"], ["proposal-a", "ended-b"], []]
)
def test_every_proposal_is_committed_and_nothing_else(tmp_path: Path, names: list[str]) -> None:
    uploads, temp = tmp_path / "uploads", tmp_path / "temp"
    uploads.mkdir()
    for name in names:
        (uploads / name).mkdir()
        (uploads / name / "SHA256SUMS").write_text(name, encoding="utf-8")
    agentos = temp / "agentos/bin/agentos"
    agentos.parent.mkdir(parents=True)
    agentos.write_text(f'#!/bin/sh\ncat "$2/SHA256SUMS" >> "{temp}/committed"\necho >> "{temp}/committed"\n')
    agentos.chmod(0o755)
    copied = yaml.safe_load(STAND_IN.read_text(encoding="utf-8"))["runs"]["steps"][0]["run"]
    steps = workflow()["jobs"]["commit"]["steps"]
    for step in steps:
        if "download-artifact" in step.get("uses", ""):
            given = step["with"]
            to = given["path"].replace("${{ runner.temp }}", str(temp))
            pattern, merge = given.get("pattern", ""), given.get("merge-multiple", "false")
            run(copied, NAME="", PATTERN=pattern, TO=to, MERGE=merge, STAND_IN_UPLOADS=str(uploads))
    (script,) = (step["run"] for step in steps if step.get("name", "").startswith("Commit every"))
    run(script, RUNNER_TEMP=str(temp))
    done = temp / "committed"
    committed = done.read_text(encoding="utf-8").split() if done.exists() else []
    assert committed == [name for name in names if name.startswith("proposal-")]


def test_nothing_is_committed_where_nothing_was_planned() -> None:
    assert "needs.plan.result == 'success'" in workflow()["jobs"]["commit"]["if"]
