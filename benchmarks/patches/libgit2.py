"""libgit2's apply through pygit2, in a forked process: it may hang, and a start of Python would cost more than it."""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pygit2
from pygit2.enums import ApplyLocation


def apply(folder: Path, diff: bytes, patience: float) -> tuple[str, float]:
    """Apply a diff to a folder as a fresh repository; return why not (`` if done) and the seconds it took."""
    forks = multiprocessing.get_context("fork")
    ours, theirs = forks.Pipe(duplex=False)
    child = forks.Process(target=_child, args=(folder, diff, theirs))
    child.start()
    theirs.close()
    try:
        reason, seconds = ours.recv() if ours.poll(patience) else ("no end", patience)
    except EOFError:
        reason, seconds = "died", 0.0
    child.kill()
    child.join()
    return str(reason), float(seconds)


def _child(folder: Path, diff: bytes, answers: Connection) -> None:
    repository = pygit2.init_repository(str(folder))
    started = time.perf_counter()
    try:
        parsed = pygit2.Diff.parse_diff(diff)
        reason = "" if len(parsed) else "no diff"
        if parsed:
            repository.apply(parsed, ApplyLocation.WORKDIR)
    except (pygit2.GitError, ValueError, KeyError, OSError) as error:
        reason = str(error) or "refused"
    answers.send((reason, time.perf_counter() - started))
