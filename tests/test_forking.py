"""A command that is forked says and does what one says and does that Python was started for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests import forking
from tests.git import make_repo
from tests.runs import CLI

DIFF = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+1\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--version",), 0),
        (("judge", "--answer", "-", "--base", "HEAD"), 0),
        (("judge", "--answer", "-", "--base", "no-such-commit", "--json"), 2),
        (("no-such-command",), 2),
    ],
)
def test_a_forked_command_is_a_started_one(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    forked = forking.run(arguments, repo, os.environ, 60, DIFF)
    if forked is None:
        pytest.skip("forking takes Linux, and the environment that the tests began with")
    started = subprocess.run(
        [*CLI, *arguments], cwd=repo, input=DIFF, capture_output=True, text=True, check=False, timeout=60
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (code, started.stdout, started.stderr)
    assert started.returncode == code


def test_what_python_reads_when_it_starts_takes_a_start(tmp_path: Path) -> None:
    assert forking.run(["--version"], tmp_path, {**os.environ, "PYTHONIOENCODING": "ascii"}, 60) is None
    assert forking.run(["--version"], tmp_path, {**os.environ, "LONG": "x" * forking.MOST}, 60) is None
