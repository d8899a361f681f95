"""The action's own environment: found again by what goes into it, never used half made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentos_action.entry.installed import content, environment_for, found
from agentos_action.errors import ToolError, UsageError
from tests.git import write_files

UNMAKEABLE = '[build-system]\nrequires = []\nbuild-backend = "none"\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Write what stands for a checkout of ours; pip can make nothing of it."""
    folder = tmp_path / "source"
    write_files(folder, {"pyproject.toml": UNMAKEABLE, "agentos_action/a.py": "A = 1\n", "profiles/p.json": "{}\n"})
    return folder


def whole(root: Path, name: str) -> Path:
    """Put an environment there, as one that was made and named."""
    folder = root / f"{name}-0123"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    (root / name).write_text(folder.name, encoding="utf-8")
    return folder


def test_the_same_content_is_found_again_wherever_it_lies(source: Path, tmp_path: Path) -> None:
    there = whole(tmp_path / "tools", content(source, "embedded"))
    assert environment_for(source, "embedded", (tmp_path / "tools",)) == there
    moved = source.rename(tmp_path / "elsewhere")
    write_files(moved, {"agentos_action/__pycache__/a.pyc": "x", "tests/t.py": "x"})
    assert environment_for(moved, "embedded", (tmp_path / "tools",)) == there


def test_every_part_counts(source: Path) -> None:
    seen = {content(source, ""), content(source, "embedded")}
    for name in ("pyproject.toml", "agentos_action/a.py", "profiles/p.json", "agentos_action/new.py"):
        write_files(source, {name: f"changed {name}"})
        seen.add(content(source, ""))
    assert len(seen) == 6


def test_the_first_folder_that_can_be_written_is_taken(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    there = whole(tmp_path / "second", content(source, ""))
    assert environment_for(source, "", (tmp_path / "file/tools", tmp_path / "second")) == there
    with pytest.raises(UsageError, match="no folder can be written"):
        environment_for(source, "", (tmp_path / "file/tools",))


def test_what_cannot_be_made_leaves_nothing_and_what_was_left_long_ago_is_swept(source: Path, tmp_path: Path) -> None:
    root, name = tmp_path / "tools", content(source, "")
    kept = whole(root, "1" * 32)
    whole(root, "0" * 32)
    (root / "half-made").mkdir()
    (root / "spoiled").write_bytes(b"\xff\0")
    for path in (root / ("0" * 32), root / "half-made"):
        os.utime(path, (0, 0))
    # It leads out of the folder: whoever wrote that, it is not used.
    (root / name).write_text(f"../other/{whole(tmp_path / 'other', name).name}", encoding="utf-8")
    with pytest.raises(ToolError, match="pip could not install"):
        environment_for(source, "", (root,))
    assert sorted(path.name for path in root.iterdir()) == sorted([kept.name, "1" * 32, name, "spoiled"])


@pytest.mark.parametrize("left", [b"", b"\0" * 49, b"\xff\xfe"])
def test_a_name_that_a_crash_spoiled_is_no_name(source: Path, tmp_path: Path, left: bytes) -> None:
    root, name = tmp_path / "tools", content(source, "")
    whole(root, name)
    (root / name).write_bytes(left)
    assert found(root, name) is None


def test_one_whose_python_is_gone_is_not_used(source: Path, tmp_path: Path) -> None:
    folder = whole(tmp_path / "tools", content(source, ""))
    assert found(tmp_path / "tools", content(source, "")) == folder
    (folder / "bin/python").unlink()
    assert found(tmp_path / "tools", content(source, "")) is None


def test_a_model_that_cannot_be_fetched_is_told_as_a_run_would(tmp_path: Path) -> None:
    told = {"AGENTOS_INPUT_SIDECAR": " embedded\n", "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    # No index, and no folder of wheels: pip finds nothing.
    cut_off = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-I", "-m", "agentos_action.entry.embedded"],
        env={"PATH": os.environ["PATH"], **told, **cut_off},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout.startswith("::error title=agentos%3A tool_failed::pip could not download ")
    written = (tmp_path / "outputs").read_text(encoding="utf-8").splitlines()
    assert written[1::3] == ["tool_failed", "3", "network"]


def test_windows_is_refused_in_words(tmp_path: Path) -> None:
    told = {"RUNNER_OS": "Windows", "GITHUB_ACTION_PATH": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "outputs")}
    done = subprocess.run(
        [sys.executable, "-I", "-m", "agentos_action.entry.installed"],
        env={"PATH": os.environ["PATH"], **told},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=agentos%3A usage::AgentOS Action does not run on Windows%0A")
    assert (tmp_path / "outputs").read_text(encoding="utf-8").splitlines()[1::3] == ["usage", "2", "config"]
