"""A patch of three files in ever larger repositories: the executor and a whole run, beside git in the same session.

`python -m benchmarks.executor` prints medians and 95th percentiles in milliseconds. The bars are those of the
specification: the executor's own work at most 10 ms and flat, a whole scripted run at most 600 ms.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from agentos_action.executor.commit import Executor
from agentos_action.records.verdict import Accepted
from benchmarks.startup import AGENTOS, call, program
from tests.executor.accepting import ORDER, accept, change

SIZES = (1_000, 10_000, 100_000)
OWN_MS = 10
RUN_MS = 600
#: How much slower the largest repository may be than the smallest: room for noise, none for growth with the files.
FLAT = 2.0
OWN_ROUNDS, ROUNDS = 50, 9
PER_FOLDER = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Spent:
    """The times of one way, in milliseconds."""

    median: float
    late: float

    def __str__(self) -> str:
        return f"{self.median:8.1f} ms  p95 {self.late:8.1f} ms"


@dataclasses.dataclass(frozen=True, slots=True)
class Ground:
    """A repository, its first commit, the change as a verdict, as a diff file and as a model's answer."""

    repo: Path
    base: str
    accepted: Accepted
    diff: Path
    answer: Path


def measure(work: Callable[[int], object], rounds: int, before: Callable[[], object] = lambda: None) -> Spent:
    """Return the times of calls with 0, 1, 2 …; one more call goes first, and `before` is not timed."""
    spent = []
    for at in range(rounds + 1):
        before()
        start = time.perf_counter()
        work(at)
        spent.append((time.perf_counter() - start) * 1000)
    return Spent(statistics.median(spent[1:]), statistics.quantiles(spent[1:], n=20, method="inclusive")[-1])


def said(repo: Path, *arguments: str, index: Path | None = None) -> str:
    """Return what git says on stdout."""
    environment = {**os.environ, "GIT_INDEX_FILE": str(index)} if index else None
    done = subprocess.run(["git", *arguments], cwd=repo, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def ground(folder: Path, size: int) -> Ground:
    """Make a repository of `size` small files, fifty a folder, and a change of three that lie far apart."""
    repo = folder / f"repo-{size}"
    call("git", "init", "--quiet", "--initial-branch", "main", str(repo))
    for name, value in (("user.name", "Bench"), ("user.email", "bench@example.com"), ("gc.auto", "0")):
        call("git", "config", name, value, cwd=repo)
    stream = "".join(_stream(size)).encode()
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repo, input=stream, check=True, capture_output=True)
    call("git", "reset", "--quiet", "--hard", cwd=repo)
    base = said(repo, "rev-parse", "HEAD")
    old = {_name(at): _text(at) for at in (0, size // 2, size - 1)}
    changes = [change(path, text.encode(), text.replace("two", "2").encode()) for path, text in old.items()]
    accepted = accept(base, *changes)
    diff, answer = folder / f"{size}.diff", folder / f"{size}.md"
    diff.write_text(accepted.diff)
    answer.write_text(f"```diff\n{accepted.diff}```\n")
    return Ground(repo, base, accepted, diff, answer)


def _name(at: int) -> str:
    folder = at // PER_FOLDER
    return f"part{folder // PER_FOLDER:02}/folder{folder % PER_FOLDER:02}/file{at % PER_FOLDER:02}.txt"


def _text(at: int) -> str:
    return f"one of {at}\ntwo\nthree\n"


def _stream(size: int) -> Iterator[str]:
    yield "commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 3\none\n"
    for at in range(size):
        text = _text(at)
        yield f"M 100644 inline {_name(at)}\ndata {len(text)}\n{text}\n"


class Ways:
    """The same change made in every way that is compared; each call with another number."""

    def __init__(self, here: Ground, environment: dict[str, str]) -> None:
        self._here = here
        self._environment = environment

    def reset(self) -> None:
        """Bring branch, index and work tree back to the first commit."""
        call("git", "reset", "--quiet", "--hard", self._here.base, cwd=self._here.repo)

    def executor(self, at: int) -> None:
        """Open the repository and commit onto a new branch, in this process."""
        Executor(self._here.repo).commit(self._here.accepted, dataclasses.replace(ORDER, branch=f"own-{at}"))

    def executor_here(self, _: int) -> None:
        """Open the repository and commit onto the checked-out branch, in this process."""
        Executor(self._here.repo).commit(self._here.accepted, ORDER)

    def run(self, at: int) -> None:
        """Let a whole process answer, judge, commit onto a new branch and keep the evidence."""
        self._run("--branch", f"run-{at}")

    def run_here(self, _: int) -> None:
        """Let it commit onto the checked-out branch."""
        self._run()

    def _run(self, *options: str) -> None:
        what = ("run", "--instruction", "x", "--provider", "scripted", "--answer", str(self._here.answer), "--files")
        # A run that is told of no files reads them all into the prompt; that is the context's time and no commit's.
        paths = [one.path for one in self._here.accepted.changes]
        call(AGENTOS, *what, *paths, *options, cwd=self._here.repo, environment=self._environment)

    def git_apart(self, at: int) -> None:
        """Let git commit onto a new branch through an index of its own; the work tree is left alone."""
        here, index = self._here, self._here.diff.with_suffix(".index")
        said(here.repo, "read-tree", here.base, index=index)
        said(here.repo, "apply", "--cached", str(here.diff), index=index)
        tree = said(here.repo, "write-tree", index=index)
        commit = said(here.repo, "commit-tree", "-p", here.base, "-m", "two", tree)
        said(here.repo, "update-ref", f"refs/heads/git-{at}", commit, "0" * 40)

    def git_here(self, _: int) -> None:
        """Let git apply and commit onto the checked-out branch."""
        call("git", "apply", "--index", str(self._here.diff), cwd=self._here.repo)
        call("git", "commit", "--quiet", "--no-gpg-sign", "--message", "two", cwd=self._here.repo)


def rows(here: Ground, environment: dict[str, str]) -> dict[str, Spent]:
    """Return the times of every way in one repository."""
    ways = Ways(here, environment)
    return {
        "git, private index": measure(ways.git_apart, ROUNDS),
        "git apply --index, commit": measure(ways.git_here, ROUNDS, ways.reset),
        "executor, another branch": measure(ways.executor, OWN_ROUNDS),
        "agentos run, another branch": measure(ways.run, ROUNDS, ways.reset),
        "executor, checked out": measure(ways.executor_here, ROUNDS, ways.reset),
        "agentos run, checked out": measure(ways.run_here, ROUNDS, ways.reset),
    }


def main() -> int:
    """Print a table for each size; exit code 1 where a bar is not met."""
    own: list[float] = []
    whole: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        environment = program(Path(folder))
        for size in SIZES:
            found = rows(ground(Path(folder), size), environment)
            apart, here = found["git, private index"].median, found["git apply --index, commit"].median
            print(f"{size:,} files")
            for name, spent in found.items():
                shares = f"{spent.median / apart:6.2f} x private index  {spent.median / here:6.2f} x work tree"
                print(f"  {name:<28} {spent}  {shares}", flush=True)
            own.append(found["executor, another branch"].median)
            whole.append(found["agentos run, another branch"].median)
    flat = own[-1] / own[0]
    good = max(own) <= OWN_MS and flat <= FLAT and max(whole) <= RUN_MS
    print(f"executor's own work: {max(own):.1f} ms at most (bar {OWN_MS}), largest by smallest {flat:.2f} (bar {FLAT})")
    print(f"a whole run: {max(whole):.0f} ms at most (bar {RUN_MS})")
    print("within the bars" if good else "over a bar")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
