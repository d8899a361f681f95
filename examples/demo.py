"""The main job on a real repository: a real small model on this machine proposes, AgentOS judges and commits.

Run it with `make demo`. It works in a temporary copy of `examples/textkit` and leaves it there to look at.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

AGENTOS = (sys.executable, "-m", "agentos_action")
LIBRARY = Path(__file__).resolve().parent / "textkit"
IDENTITY = ("-c", "user.name=Demo", "-c", "user.email=demo@example.com")
WANTED = 9


def main() -> int:
    """Tell the story and return 0 only if it ended in a real commit with evidence that verifies."""
    say("1. A model for this machine")
    print(
        "   SmolLM2-135M-Instruct (Apache-2.0, 98 MB) runs on any laptop without a graphics card. It is tiny: it\n"
        "   cannot write a diff, and about one sentence in five it writes is not quite true. So the recipe lets it\n"
        "   fill one blank at a time, code puts the sentence in place, and you read the commit before you keep it.",
        flush=True,
    )
    run(*AGENTOS, "model", "install", "smollm2-135m", cwd=Path.cwd())
    say("2. A repository: ten functions without docstrings, some with")
    repo = make_repository()
    print(f"   {repo}", flush=True)
    say("3. agentos run --recipe docstrings --embedded")
    evidence = Path(tempfile.mkdtemp(prefix="agentos-evidence-"))
    # The diff goes to stdout; the commit is shown below.
    run(*AGENTOS, "run", "--recipe", "docstrings", "--embedded", "--evidence", str(evidence), cwd=repo, quiet=True)
    say("4. git show")
    run("git", "--no-pager", "show", "--stat", "--patch", "HEAD", cwd=repo)
    say("5. agentos evidence verify")
    (bundle,) = evidence.iterdir()
    run(*AGENTOS, "evidence", "verify", str(bundle), "--repo", str(repo), cwd=repo)
    say("6. The library still works as before: every file compiles, and only docstrings changed")
    placed = json.loads((bundle / "reports/run_summary.json").read_text(encoding="utf-8"))["placed"]
    for file in sorted((repo / "textkit").glob("*.py")):
        compile(file.read_text(encoding="utf-8"), str(file), "exec")
    print(f"   {len(placed)} of 10 docstrings placed")
    say("The same on your own repository (see the README for the installation)")
    print("   agentos model install smollm2-135m")
    print("   agentos run --recipe docstrings --embedded --dry-run")
    print("   agentos run --recipe docstrings --embedded --branch docstrings")
    return 0 if len(placed) >= WANTED else 1


def say(text: str) -> None:
    """Print a headline."""
    print(f"\n== {text}", flush=True)


def make_repository() -> Path:
    """Copy the library into a repository of its own and commit it."""
    repo = Path(tempfile.mkdtemp(prefix="agentos-demo-")) / "textkit"
    shutil.copytree(LIBRARY, repo, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    git = ("git", *IDENTITY)
    run(*git, "init", "--quiet", "--initial-branch=main", cwd=repo)
    run(*git, "config", "user.name", "Demo", cwd=repo)
    run(*git, "config", "user.email", "demo@example.com", cwd=repo)
    run(*git, "add", "--all", cwd=repo)
    run(*git, "commit", "--quiet", "--no-gpg-sign", "--message", "textkit", cwd=repo)
    return repo


def run(*command: str, cwd: Path, quiet: bool = False) -> None:
    """Run a command and end the demo with its exit code if it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "AGENTOS_"))}
    output = subprocess.DEVNULL if quiet else None
    code = subprocess.run(command, cwd=cwd, env=environment, stdout=output, check=False).returncode
    if code:
        print(f"\nThe demo ended early: `{' '.join(command[:4])} …` failed with exit code {code}.", file=sys.stderr)
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main())
