"""Start-up and a whole scripted run, beside bare Python and plain git in the same session.

`python -m benchmarks.startup` prints medians in milliseconds, and each as a ratio to its peer. The bars are those of
the specification: help and version at most 60 ms over bare Python, a scripted run at most 600 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 15
OVER_BARE_MS = 60
RUN_MS = 600
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


def call(*command: str, cwd: Path | None = None) -> None:
    """Run a command quietly; a failure ends the benchmark."""
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)


def main() -> int:
    """Print the table; exit code 1 where a bar is not met."""
    bare = median_ms(lambda: call(sys.executable, "-c", "pass"))
    told = {name: median_ms(lambda name=name: call(AGENTOS, name)) for name in ("--version", "--help")}  # type: ignore[misc]
    print(f"bare Python          {bare:7.1f} ms")
    for name, spent in told.items():
        print(f"agentos {name:<12} {spent:7.1f} ms   {spent - bare:+6.1f} ms over bare, {spent / bare:.1f} times")
    with tempfile.TemporaryDirectory() as folder:
        ours, peer = scripted_and_git(Path(folder))
    print(f"agentos run          {ours:7.1f} ms   scripted answer to commit and evidence")
    print(f"git apply, commit    {peer:7.1f} ms   ratio {ours / peer:.1f}")
    good = all(spent - bare <= OVER_BARE_MS for spent in told.values()) and ours <= RUN_MS
    print("within the bars" if good else f"over a bar ({OVER_BARE_MS} ms over bare, {RUN_MS} ms a run)")
    return 0 if good else 1


def scripted_and_git(folder: Path) -> tuple[float, float]:
    """Return medians of a scripted run and of git applying and committing the same diff."""
    repo = folder / "repo"
    repo.mkdir()
    call("git", "init", "--quiet", cwd=repo)
    call("git", "config", "user.name", "Bench", cwd=repo)
    call("git", "config", "user.email", "bench@example.com", cwd=repo)
    (repo / "a.txt").write_text("one\n")
    call("git", "add", "--all", cwd=repo)
    call("git", "commit", "--quiet", "--no-gpg-sign", "--message", "one", cwd=repo)
    answer, patch = folder / "answer.md", folder / "p.diff"
    answer.write_text(ANSWER)
    patch.write_text("\n".join(ANSWER.split("\n")[1:-2]) + "\n")
    first = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, check=True, capture_output=True, text=True)

    def reset() -> None:
        call("git", "reset", "--quiet", "--hard", first.stdout.strip(), cwd=repo)

    def git() -> None:
        call("git", "apply", "--index", str(patch), cwd=repo)
        call("git", "commit", "--quiet", "--no-gpg-sign", "--message", "two", cwd=repo)

    ours = median_ms(lambda: call(AGENTOS, "run", "--instruction", "x", "--answer", str(answer), cwd=repo), reset)
    return ours, median_ms(git, reset)


if __name__ == "__main__":
    sys.exit(main())
