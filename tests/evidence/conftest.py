"""A real run's bundle, and a copy of it that a test may damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.git import make_repo
from tests.runs import diff_answer, scripted


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    repo = make_repo(folder / "repo", {"a.txt": "one\n"})
    return Path(scripted(repo, folder, diff_answer("a.txt", "one", "1")).evidence or "")


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))
