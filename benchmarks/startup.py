"""Start-up and a whole scripted run, beside bare Python and plain git in the same session.

`python -m benchmarks.startup` prints medians in milliseconds, and each as a ratio to its peer. The bars are those of
the specification: help and version at most 60 ms over bare Python, `verify --staged` at most 250 ms, a scripted run at
most 600 ms.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 15
OVER_BARE_MS = 60
VERIFY_MS = 250
RUN_MS = 600
TOLD = ("--version", "--help")
POLICY = 'forbidden_paths = ["*.lock"]\n[limits]\nmax_files = 9\n[checks]\ntimeout_seconds = 60\n'
ANSWER = "```diff\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+two\n```\n"
AGENTOS = str(Path(sys.executable).with_name("agentos"))


def median_ms(work: Callable[[], object], before: Callable[[], object] = lambda: None) -> float:
    """Return the median time of a call in milliseconds; `before` is not timed."""
    spent = []
    for _ in range(ROUNDS):
        before()
        start = time.perf_counter()
        work()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


#: What a hook in Python that reads a repository cannot do without; and with records that pydantic validates.
READS = "import pygit2; raw = pygit2.Repository('.'); raw.head.peel(pygit2.Tree).diff_to_index(raw.index).patch"
RECORDS = "class Record(pydantic.BaseModel): x: int"


def call(*command: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Run a command quietly; a failure ends the benchmark."""
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)


def program(folder: Path) -> dict[str, str]:
    """Return the environment in which our programs find their bytecode (in `folder`), as installed ones do."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def main() -> int:
    """Print the table; exit code 1 where a bar is not met."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        environment = program(folder)
        bare = median_ms(lambda: call(sys.executable, "-c", "pass", environment=environment))
        print(f"bare Python          {bare:7.1f} ms")
        told = [median_ms(lambda name=name: call(AGENTOS, name, environment=environment)) for name in TOLD]  # type: ignore[misc]
        for name, spent in zip(TOLD, told, strict=True):
            print(f"agentos {name:<12} {spent:7.1f} ms   {spent - bare:+6.1f} ms over bare, {spent / bare:.1f} times")
        repo, answer, patch = prepared(folder)
        hook = verify_and_peers(repo, environment)
        ours, peer = scripted_and_git(repo, answer, patch, environment)
    print(f"agentos run          {ours:7.1f} ms   scripted answer to commit and evidence")
    print(f"git apply, commit    {peer:7.1f} ms   ratio {ours / peer:.1f}")
    good = all(spent - bare <= OVER_BARE_MS for spent in told) and hook <= VERIFY_MS and ours <= RUN_MS
    bars = f"{OVER_BARE_MS} ms over bare, {VERIFY_MS} ms a hook, {RUN_MS} ms a run"
    print("within the bars" if good else f"over a bar ({bars})")
    return 0 if good else 1


def prepared(folder: Path) -> tuple[Path, Path, Path]:
    """Return a repository of one file and one commit, an answer that changes the file, and its diff alone."""
    repo, answer, patch = folder / "repo", folder / "answer.md", folder / "p.diff"
    repo.mkdir()
    call("git", "init", "--quiet", cwd=repo)
    call("git", "config", "user.name", "Bench", cwd=repo)
    call("git", "config", "user.email", "bench@example.com", cwd=repo)
    (repo / "a.txt").write_text("one\n")
    call("git", "add", "--all", cwd=repo)
    call("git", "commit", "--quiet", "--no-gpg-sign", "--message", "one", cwd=repo)
    answer.write_text(ANSWER)
    patch.write_text("\n".join(ANSWER.split("\n")[1:-2]) + "\n")
    return repo, answer, patch


def verify_and_peers(repo: Path, environment: dict[str, str]) -> float:
    """Print and return the median of `verify --staged`; its peers are measured and printed beside it."""
    (repo / "a.txt").write_text("two\n")
    call("git", "add", "--all", cwd=repo)

    def timed(*command: str) -> float:
        call(*command, cwd=repo, environment=environment)
        return median_ms(lambda: call(*command, cwd=repo, environment=environment))

    ours = timed(AGENTOS, "verify", "--staged")
    peers = {
        "bare Python": timed(sys.executable, "-c", "pass"),
        "import pygit2": timed(sys.executable, "-c", "import pygit2"),
        "git diff --check": timed("git", "diff", "--cached", "--check"),
        "Python and pygit2": timed(sys.executable, "-c", READS),
        "and pydantic": timed(sys.executable, "-c", f"import pydantic; {READS}\n{RECORDS}"),
    }
    print(f"agentos verify       {ours:7.1f} ms   --staged, one line changed")
    for name, spent in peers.items():
        print(f"{name:<20} {spent:7.1f} ms   ratio {ours / spent:.1f}")
    (repo / "agentos.toml").write_text(POLICY)
    call("git", "add", "--all", cwd=repo)
    call("git", "commit", "--quiet", "--no-gpg-sign", "--message", "policy", cwd=repo)
    (repo / "a.txt").write_text("three\n")
    call("git", "add", "--all", cwd=repo)
    under = timed(AGENTOS, "verify", "--staged")
    call("git", "reset", "--quiet", "--hard", "HEAD~1", cwd=repo)
    print(f"agentos verify       {under:7.1f} ms   the same, under an agentos.toml")
    return max(ours, under)


def scripted_and_git(repo: Path, answer: Path, patch: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Return medians of a scripted run and of git applying and committing the same diff."""
    first = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, check=True, capture_output=True, text=True)

    def reset() -> None:
        call("git", "reset", "--quiet", "--hard", first.stdout.strip(), cwd=repo)

    def run() -> None:
        call(AGENTOS, "run", "--instruction", "x", "--answer", str(answer), cwd=repo, environment=environment)

    def git() -> None:
        call("git", "apply", "--index", str(patch), cwd=repo)
        call("git", "commit", "--quiet", "--no-gpg-sign", "--message", "two", cwd=repo)

    reset()
    run()
    return median_ms(run, reset), median_ms(git, reset)


if __name__ == "__main__":
    sys.exit(main())
