"""Secrets that a door has read are out of the environment, and still in nothing that is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentos_action.entry.fail import take_out, tell
from agentos_action.errors import UsageError
from agentos_action.settings.credentials import CREDENTIALS_FILE


def test_a_secret_that_was_taken_out_is_still_kept_out_of_what_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "taken-out-battery-staple"
    monkeypatch.setenv("AGENTOS_INPUT_GITHUB_TOKEN", secret)
    take_out("AGENTOS_INPUT_GITHUB_TOKEN", "NOT_THERE")
    assert secret not in os.environ.values()
    tell(UsageError(f"the server said {secret}", secret), as_json=False)
    said = capsys.readouterr().err
    assert "the server said" in said
    assert secret not in said


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_no_other_process_can_look_into_the_step() -> None:
    # From linux/prctl.h: 3 is PR_GET_DUMPABLE. A key from a file ends a line, and would be found in nothing written.
    asked = "print(f'dumpable {ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)} key {os.environ[KEY]!r}')"
    program = f"import ctypes, os; from agentos_action.entry.action import KEY, main; main(); {asked}"
    given = {"PATH": os.environ["PATH"], "AGENTOS_INPUT_MODE": "judge", "AGENTOS_INPUT_API_KEY": "battery-staple\n"}
    said = subprocess.run([sys.executable, "-I", "-c", program], env=given, capture_output=True, text=True, check=True)
    assert said.stdout.endswith("dumpable 0 key 'battery-staple'\n")


def test_a_step_tells_of_stored_keys_that_cannot_be_read_wherever_its_streams_go(tmp_path: Path) -> None:
    keys = tmp_path / ".agentos" / CREDENTIALS_FILE
    keys.parent.mkdir()
    keys.write_text("{}")
    keys.chmod(0o644)
    told = tmp_path / "output"
    given = {"HOME": str(tmp_path), "GITHUB_OUTPUT": str(told), "AGENTOS_INPUT_INSTRUCTION": "x"}
    command = [sys.executable, "-I", "-m", "agentos_action.entry.action"]
    with (tmp_path / "talk").open("w") as file:
        said = subprocess.run(command, env=given, stdout=subprocess.PIPE, stderr=file, text=True, check=False)
    assert said.returncode == 2
    assert "::error title=agentos%3A usage::" in said.stdout
    assert "Traceback" not in said.stdout + (tmp_path / "talk").read_text()
    assert "\nusage\n" in told.read_text()
