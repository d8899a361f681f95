"""The real runner tool `act` in host mode: one workflow run, read back from its log of JSON lines."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.doors.tree import ROOT
from tests.git import git_environment

ACT = Path(sys.executable).parent / "act"
#: Actions of others that the runner tool cannot have here, and what does their work.
STAND_INS = {
    "actions/upload-artifact": Path(__file__).parent / "upload_artifact_stand_in",
    "actions/download-artifact": Path(__file__).parent / "download_artifact_stand_in",
}


@dataclass(frozen=True)
class WorkflowRun:
    """What the runner saw: its exit code, every line of its log as an object, what it wrote besides; `raw` is all."""

    returncode: int
    lines: tuple[dict[str, Any], ...]
    said: str
    raw: str

    def of(self, step: str) -> list[dict[str, Any]]:
        """Return the lines of one step of the workflow, those of the action's own steps included."""
        return [line for line in self.lines if (line.get("stepID") or [None])[0] == step]

    def commands(self, step: str) -> list[dict[str, Any]]:
        """Return the printed lines of this step that the runner took for commands (what it ignored has no effect)."""
        return [line for line in self.of(step) if "raw" in line and line["command"] != "ignored"]

    def summary(self, step: str) -> str:
        """Return the job summary that this step wrote."""
        return "".join(line["content"] for line in self.of(step) if line.get("command") == "summary")

    def job(self, name: str) -> WorkflowRun:
        """Return what belongs to one job; its lines are none where the job was skipped."""
        return replace(self, lines=tuple(line for line in self.lines if line.get("jobID") == name))

    def output(self, step: str) -> str:
        """Return everything that this step printed, lines that are or look like commands included."""
        return "".join(line.get("raw") or line["msg"] for line in self.of(step) if _printed(line))


def _printed(line: dict[str, Any]) -> bool:
    return bool(line.get("raw_output")) or "raw" in line


@dataclass(frozen=True)
class Event:
    """What sets a workflow off, and what the repository's settings give it: files of lines NAME=VALUE."""

    name: str = "push"
    payload: Path | None = None
    secrets: Path | None = None
    variables: Path | None = None

    def arguments(self) -> list[str]:
        """Return them for the runner tool."""
        given = {"--eventpath": self.payload, "--secret-file": self.secrets, "--var-file": self.variables}
        return [part for option, file in given.items() if file is not None for part in (option, str(file))]


PUSH = Event()


def run_workflow(
    repo: Path,
    folder: Path,
    environment: Mapping[str, str],
    event: Event = PUSH,
    actions: Mapping[str, Path] | None = None,
) -> WorkflowRun:
    """Run the repository's one workflow, with `folder` for all that the runner keeps; nothing of it is removed.

    `actions` are further ones that the workflow names by repository and commit, and where each lies.
    """
    argv = [str(ACT), event.name, *event.arguments(), "--json", "--platform", "ubuntu-latest=-self-hosted", "--reuse"]
    argv += ["--platform", "self-hosted=-self-hosted"]
    argv += ["--no-cache-server", "--action-cache-path", str(_kept(folder))]
    local = {pinned: STAND_INS[pinned.partition("@")[0]] for pinned in _pinned(repo)}
    for named, place in sorted({**local, **(actions or {})}.items()):
        argv += ["--local-repository", f"{named}={place}"]
    done = subprocess.run(
        argv,
        cwd=repo,
        env={**git_environment(), "GIT_PAGER": "cat", "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = tuple(json.loads(line) for line in done.stdout.splitlines() if line.startswith("{"))
    return WorkflowRun(done.returncode, lines, done.stderr, done.stdout + done.stderr)


def _kept(folder: Path) -> Path:
    """Return the folder for what the runner keeps; its tool cache is one for all runs of this session.

    So our own environment is installed once, as on a machine that keeps its runner.
    """
    kept = folder / "actions"
    session = next((above for above in folder.parents if re.fullmatch(r"pytest-[0-9]+", above.name)), folder)
    shared = session / "tool_cache"
    shared.mkdir(parents=True, exist_ok=True)
    kept.mkdir(parents=True, exist_ok=True)
    if not (kept / "tool_cache").exists():
        (kept / "tool_cache").symlink_to(shared)
    return kept


def _pinned(repo: Path) -> set[str]:
    """Return the actions, with their commits, that stand-ins are there for."""
    texts = [
        file.read_text(encoding="utf-8") for file in (ROOT / "action.yml", *(repo / ".github/workflows").iterdir())
    ]
    used = {found for text in texts for found in re.findall(r"uses: (\S+@\S+)", text)}
    return {one for one in used if one.partition("@")[0] in STAND_INS}
