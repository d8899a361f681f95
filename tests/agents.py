"""Agent commands for tests: a real executable that answers as `claude` does, and does what a file beside it says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

_SCRIPT = r"""
import json, os, pathlib, signal, subprocess, sys, time
here = pathlib.Path(__file__).parent
plan = json.loads((here / (pathlib.Path(__file__).name + ".json")).read_text())
arguments = sys.argv[1:]
if "--version" in arguments:
    print(plan.get("version", "2.1.0 (Claude Code)"))
    sys.exit(plan.get("version_exit", 0))
if arguments[:2] == ["auth", "status"]:
    print(json.dumps({"loggedIn": plan.get("logged_in", True)}))
    sys.exit(0 if plan.get("logged_in", True) else 1)
told = sys.stdin.read() if plan.get("stdin", True) else " ".join(arguments)
if plan.get("note"):
    note = {"arguments": arguments, "told": told, "environment": dict(os.environ), "cwd": os.getcwd(),
            "files": sorted(str(p) for p in pathlib.Path(".").rglob("*") if ".git" not in p.parts),
            "home": sorted(str(p.relative_to(os.environ["HOME"])) for p in pathlib.Path(os.environ["HOME"]).rglob("*"))}
    pathlib.Path(plan["note"]).write_text(json.dumps(note))
exec(plan.get("code", ""))
time.sleep(plan.get("sleep", 0))
sys.stdout.write("x" * plan.get("noise", 0))
if plan.get("crash"):
    sys.stderr.write("Traceback: it broke\n")
    sys.exit(plan["crash"])
result = {"type": "result", "subtype": "success", "is_error": False, "result": "Done.", "num_turns": 2,
          "total_cost_usd": 0.01, "session_id": "s", "usage": {"input_tokens": 12, "cache_read_input_tokens": 30,
          "cache_creation_input_tokens": 8, "output_tokens": 5, "service_tier": "standard"},
          "modelUsage": {"claude-haiku-4-5": {"outputTokens": 1}, "claude-sonnet-4-5": {"outputTokens": 4}}}
result.update(plan.get("result", {}))
if "says" in plan:
    sys.stdout.write(plan["says"])
else:
    print(json.dumps(result))
sys.exit(plan.get("exit", 0))
"""


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, name: str = "claude", **plan: Any) -> Path:
    """Put an agent on the PATH that does this (`code` is Python, run where the agent stands); return its folder."""
    folder = tmp_path / "programs"
    folder.mkdir(exist_ok=True)
    program = folder / name
    # Not an environment's own: a clone that stands below /tmp is not shown in the sandbox.
    program.write_text(f"#!{Path(sys.executable).resolve()}\n{_SCRIPT}")
    program.chmod(0o755)
    (folder / f"{name}.json").write_text(json.dumps(plan))
    if str(folder) not in os.environ["PATH"].split(os.pathsep):
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def sandboxed() -> bool:
    """Return whether bubblewrap works here."""
    from agentos_action.adapters import jail
    from agentos_action.records.profile import AgentRules

    return jail.kind(AgentRules(command=("x",)), ()) == "bubblewrap"
