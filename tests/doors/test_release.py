"""The release workflow's own script: a tag is the version and has its part of the changelog, or nothing is released."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agentos_action import __version__
from tests.doors.tree import ROOT

CHANGELOG = """# Changelog

## [Unreleased]

- later

## [0.2.0] - 2026-12-01

### Added

- the thing

## [0.1.0] - 2026-11-21

- the first
"""


def script() -> str:
    """Return the step that decides."""
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))
    (found,) = (step["run"] for step in workflow["jobs"]["build"]["steps"] if "changelog" in step.get("name", ""))
    return str(found)


def release(folder: Path, tag: str, version: str, changelog: str = CHANGELOG) -> subprocess.CompletedProcess[str]:
    """Run the step as the runner does, beside a package of this version."""
    (folder / "agentos_action").mkdir()
    (folder / "agentos_action/__init__.py").write_text(
        f'"""AgentOS."""\n\n__version__ = "{version}"\n', encoding="utf-8"
    )
    (folder / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "TAG": tag, "REPOSITORY": "o/agentos-action", "COMMIT": "0" * 40}
    argv = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script()]
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_release_tells_its_own_changes_and_how_to_pin_it(tmp_path: Path) -> None:
    done = release(tmp_path, "v0.2.0", "0.2.0")
    assert done.returncode == 0, done.stdout + done.stderr
    notes = (tmp_path / "dist/notes.md").read_text(encoding="utf-8")
    assert "- the thing" in notes
    assert "later" not in notes
    assert "the first" not in notes
    assert f"    uses: o/agentos-action@{'0' * 40} # v0.2.0\n" in notes


@pytest.mark.parametrize(
    ("tag", "version", "says"),
    [
        ("v0.2.1", "0.2.0", "the tag is v0.2.1 and agentos_action.__version__ is 0.2.0"),
        ("v0.3.0", "0.3.0", "nothing under a heading ## [0.3.0]"),
        # A dot is a dot, and a heading is all of it.
        ("v0x2.0", "0x2.0", "nothing under a heading"),
        ("v0.2", "0.2", "nothing under a heading"),
    ],
)
def test_what_does_not_agree_is_not_released(tmp_path: Path, tag: str, version: str, says: str) -> None:
    done = release(tmp_path, tag, version)
    assert done.returncode == 1
    assert says in done.stdout


def test_the_version_at_hand_is_found_in_the_package() -> None:
    text = (ROOT / "agentos_action/__init__.py").read_text(encoding="utf-8")
    assert f'\n__version__ = "{__version__}"\n' in text
