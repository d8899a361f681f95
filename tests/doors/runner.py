"""The real runner tool `act` in host mode: one workflow run, read back from its log of JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.doors.tree import ROOT
from tests.git import git_environment

ACT = Path(sys.executable).parent / "act"
STAND_IN = Path(__file__).parent / "upload_artifact_stand_in"


@dataclass(frozen=True)
class WorkflowRun:
    """What the runner saw: its exit code, every line of its log as an object, what it wrote besides."""

    returncode: int
    lines: tuple[dict[str, Any], ...]
    said: str

    def of(self, step: str) -> list[dict[str, Any]]:
        """Return the lines of one step of the workflow, those of the action's own steps included."""
        return [line for line in self.lines if (line.get("stepID") or [None])[0] == step]

    def commands(self, step: str) -> list[dict[str, Any]]:
        """Return the printed lines of this step that the runner took for commands (what it ignored has no effect)."""
        return [line for line in self.of(step) if "raw" in line and line["command"] != "ignored"]

    def summary(self, step: str) -> str:
        """Return the job summary that this step wrote."""
        return "".join(line["content"] for line in self.of(step) if line.get("command") == "summary")

    def output(self, step: str) -> str:
        """Return everything that this step printed, lines that are or look like commands included."""
        return "".join(line.get("raw") or line["msg"] for line in self.of(step) if _printed(line))


def _printed(line: dict[str, Any]) -> bool:
    return bool(line.get("raw_output")) or "raw" in line


def run_workflow(repo: Path, folder: Path, environment: Mapping[str, str]) -> WorkflowRun:
    """Run the repository's one workflow on a push, with `folder` for all that the runner keeps."""
    upload = next(line for line in (ROOT / "action.yml").read_text().splitlines() if "actions/upload-artifact@" in line)
    pinned = upload.split("uses: ", 1)[1].split(" #", 1)[0]
    argv = [str(ACT), "push", "--json", "--platform", "ubuntu-latest=-self-hosted", "--no-cache-server"]
    argv += ["--action-cache-path", str(folder / "actions"), "--local-repository", f"{pinned}={STAND_IN}"]
    done = subprocess.run(
        argv,
        cwd=repo,
        env={**git_environment(), "GIT_PAGER": "cat", "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = tuple(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return WorkflowRun(done.returncode, lines, done.stderr)
