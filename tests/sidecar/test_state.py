"""Whose process a record speaks of."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agentos_action.sidecar import launch, state
from tests.waiting import until_asleep


@pytest.mark.parametrize(("below", "ours"), [("agentos_action/sidecar", True), ("somebody/sidecar", False)])
def test_a_server_that_another_installation_started_is_ours_too(tmp_path: Path, below: str, *, ours: bool) -> None:
    folder = tmp_path / "other" / below
    folder.mkdir(parents=True)
    program = folder / launch.PROGRAM.name
    program.write_bytes(launch.PROGRAM.read_bytes())
    with subprocess.Popen([sys.executable, "-I", str(program)], stdin=subprocess.PIPE) as waiting:
        # Its arguments cannot be read yet in the very moment in which it is started.
        until_asleep(waiting.pid)
        found = psutil.Process(waiting.pid)
        record = state.Running(waiting.pid, found.create_time(), 1, "m", "0" * 64, 1, "now")
        assert (state.process_of(record) == found) is ours
        assert state.process_of(replace(record, created=record.created + 60)) is None
        waiting.kill()
