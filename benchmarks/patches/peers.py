"""Three tools that apply diffs, on the same trials: git, GNU patch, libgit2; each gets what a plain wrapper would give.

They read diffs only: they get the text of the answer's first fence where there is one, else the whole answer.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from benchmarks.patches.libgit2 import apply
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
    return _run(trial, ["git", "apply", "--recount", "--whitespace=nowarn", "-"])


def gnu_patch(trial: Trial) -> Result:
    """Run `patch -p1 --fuzz=2`; hunks that fail make it a refusal although others are in by then."""
    options = ["--strip=1", "--fuzz=2", "--batch", "--no-backup-if-mismatch", "--reject-file=-", "--binary"]
    return _run(trial, ["patch", *options])


def libgit2(trial: Trial) -> Result:
    """Run libgit2's apply through pygit2."""
    with _folder(trial) as folder:
        reason, seconds = apply(folder, _bytes(trial), SECONDS)
        return _judged(trial, folder, reason, seconds)


PEERS: dict[str, Peer] = {"git apply": git_apply, "patch": gnu_patch, "libgit2": libgit2}


def _run(trial: Trial, command: list[str]) -> Result:
    with _folder(trial) as folder:
        environment = _ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
        started = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                input=_bytes(trial),
                env=environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Result("refused", {}, "no end", SECONDS)
        seconds = time.perf_counter() - started
        reason = done.stderr.decode("utf-8", "replace") or "refused" if done.returncode else ""
        return _judged(trial, folder, reason, seconds)


@contextmanager
def _folder(trial: Trial) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        for path, text in trial.case.base.items():
            _write(Path(name) / path, text)
        yield Path(name)


def _bytes(trial: Trial) -> bytes:
    return diff_of(trial.answer).encode("utf-8", "surrogateescape")


def _judged(trial: Trial, folder: Path, reason: str, seconds: float) -> Result:
    if reason:
        return Result("refused", {}, reason, seconds)
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
