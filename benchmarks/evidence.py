"""What evidence costs: of a run, of checking one bundle, and of an audit over a thousand agent-made commits.

`python -m benchmarks.evidence [COMMITS]` prints medians in milliseconds and the audit in seconds. The bars: writing at
most 15 ms of a run, an audit of 1,000 commits at most 5 s.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from agentos_action.evidence.verify import verify_bundle
from agentos_action.pipeline.audit import audit
from agentos_action.repo import RepoView
from tests.git import make_repo
from tests.runs import diff_answer, scripted

COMMITS = 1_000
WRITE_MS = 15
AUDIT_S = 5.0


def main(commits: int = COMMITS) -> int:
    """Measure, print, and return 1 where a bar is missed."""
    with tempfile.TemporaryDirectory(prefix="agentos-bench-") as name:
        folder = Path(name)
        repo = make_repo(folder, {"a.txt": "0\n"})
        written = []
        for number in range(commits):
            report = scripted(repo, folder, diff_answer("a.txt", str(number), str(number + 1)))
            if report.status != "committed":
                sys.stderr.write(f"{report.message}\n")
                return 1
            written.append(report.timing_ms["evidence"])
        start = time.perf_counter()
        verify_bundle(Path(report.evidence or ""))
        once = (time.perf_counter() - start) * 1000
        view = RepoView.open(repo)
        start, began = time.perf_counter(), time.process_time()
        found = audit(view, view.commit_of("HEAD"), None, [view.common_dir / "agentos" / "runs"])
        took, used = time.perf_counter() - start, time.process_time() - began
    verified = sum(one.state == "verified" for one in found)
    write = statistics.median(written)
    sys.stdout.write(f"writing      {write:8.1f} ms of a run (bar {WRITE_MS})\n")
    sys.stdout.write(f"verify       {once:8.1f} ms a bundle\n")
    sys.stdout.write(f"audit        {took:8.2f} s, {used:.2f} s of a processor, {verified} of {commits} verified\n")
    return int(write > WRITE_MS or took > AUDIT_S * max(1, commits / COMMITS) or verified != commits)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else COMMITS))
