"""Three tools that apply diffs, on the same trials: git, GNU patch, libgit2; each gets what a plain wrapper would give.

They read diffs only: they get the text of the answer's first fence where there is one, else the whole answer.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from benchmarks.patches.trial import Result, Trial

SECONDS = 10
_FENCE = re.compile(r"^( *)(`{3,}|~{3,})[^\n`]*\n(.*?)^\1\2[`~]*\s*$", re.DOTALL | re.MULTILINE)
# A repository above the temporary folder, or the user's settings, must not change what git does.
_ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GIT_CONFIG_GLOBAL": os.devnull}

Peer: TypeAlias = Callable[[Trial], Result]


def diff_of(answer: str) -> str:
    """Return what a plain wrapper would hand to a tool."""
    found = None if answer.startswith(("diff ", "--- ")) else _FENCE.search(answer)
    return found[3] if found else answer


def git_apply(trial: Trial) -> Result:
    """Run `git apply --recount`."""
    return _in_folder(trial, ["git", "apply", "--recount", "--whitespace=nowarn", "-"])


def gnu_patch(trial: Trial) -> Result:
    """Run `patch -p1 --fuzz=2`; hunks that fail make it a refusal although others are in by then."""
    options = ["--strip=1", "--fuzz=2", "--batch", "--no-backup-if-mismatch", "--reject-file=-", "--binary"]
    return _in_folder(trial, ["patch", *options])


def libgit2(trial: Trial) -> Result:
    """Run libgit2's apply through pygit2, in a process of its own: it may hang."""
    program = [sys.executable, "-m", "benchmarks.patches.libgit2"]
    return _in_folder(trial, program, in_seconds=True)


PEERS: dict[str, Peer] = {"git apply": git_apply, "patch": gnu_patch, "libgit2": libgit2}


def _in_folder(trial: Trial, command: list[str], *, in_seconds: bool = False) -> Result:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in trial.case.base.items():
            _write(folder / path, text)
        environment = _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(folder.parent), "PYTHONPATH": str(Path.cwd())}
        started = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                input=diff_of(trial.answer).encode("utf-8", "surrogateescape"),
                env=environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Result("refused", {}, "no end", SECONDS)
        seconds = time.perf_counter() - started
        if done.returncode:
            return Result("refused", {}, done.stderr.decode("utf-8", "replace"), seconds)
        if in_seconds:
            seconds = float(json.loads(done.stdout))
        files = _read(folder)
    return Result("right" if files == trial.expected else "wrong", files, "", seconds)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


def _read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "surrogateescape")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
