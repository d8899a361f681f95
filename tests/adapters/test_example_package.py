"""The example of a package that brings its own adapter: installed for real, then used through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.git import git, git_environment, init_repo, write_files
from tests.runs import diff_answer

PACKAGE = Path(__file__).parents[2] / "examples" / "adapter-package"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package with pip into a folder of its own, from its source and without any network."""
    folder = tmp_path_factory.mktemp("site")
    how = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *how, str(PACKAGE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def agentos(site: Path, home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run a command that knows the installed package, with an empty home, and return its exit code and its JSON."""
    environment = {**git_environment(), "PYTHONPATH": f"{site}{os.pathsep}{PACKAGE.parents[1]}", "HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "agentos_action", *arguments, "--json"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_health(site: Path, tmp_path: Path) -> None:
    """The provider id comes from the entry point, and all four steps are walked."""
    code, health = agentos(site, tmp_path, "tool", "health", "--provider", "echo")
    assert code == 0
    assert (health["adapter_id"], health["status"], health["probe_step"]) == ("echo", "connected", "shape")
    assert health["models"] == ["echo-1"]


def test_a_model_that_it_does_not_have(site: Path, tmp_path: Path) -> None:
    """Its faults are those of every provider."""
    _code, health = agentos(site, tmp_path, "tool", "health", "--provider", "echo", "--model", "gpt-5")
    assert (health["status"], health["raw_error_code"]) == ("model_missing", "model_missing")
    assert health["details"].endswith("Name echo-1, or none.")


def test_run(site: Path, tmp_path: Path) -> None:
    """What it proposes goes the way of every answer and ends as a commit."""
    repo = init_repo(tmp_path / "repo")
    write_files(repo, {"a.txt": "old\n"})
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "start")
    task = f"Change a.txt.\nAnswer with:\n{diff_answer('a.txt', 'old', 'new')}"
    code, report = agentos(site, tmp_path, "run", "--repo", str(repo), "--provider", "echo", "--instruction", task)
    assert (code, report["status"], report["model_id"]) == (0, "committed", "echo-1")
    assert git(repo, "show", f"{report['commit']}:a.txt") == "new\n"


def test_it_is_not_there_where_it_is_not_installed(tmp_path: Path) -> None:
    """Without the package the id is unknown, and the hint lists what there is."""
    code, report = agentos(tmp_path, tmp_path, "tool", "health", "--provider", "echo")
    assert code == 2
    assert "echo" not in report["hint"]
