"""The door to child processes, with real children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from agentos_action import process
from agentos_action.errors import ToolError


def test_returns_code_and_both_streams() -> None:
    """The exit code and both streams are returned."""
    finished = process.run(["sh", "-c", "echo out; echo err >&2; exit 3"], timeout=60)
    assert finished == process.Finished(3, b"out\n", b"err\n", timed_out=False)


def test_input_larger_than_a_pipe_comes_back_whole() -> None:
    """Input larger than a pipe comes back whole."""
    data = os.urandom(1_000_000)
    assert process.run(["cat"], timeout=60, input=data).stdout == data


def test_a_child_that_does_not_read_its_input_is_no_error() -> None:
    """A child that does not read its input is no error."""
    finished = process.run(["true"], timeout=60, input=b"x" * 1_000_000)
    assert (finished.returncode, finished.timed_out) == (0, False)


def test_output_is_capped_while_it_is_read() -> None:
    """Output is capped while it is read."""
    before = psutil.Process().memory_info().rss
    finished = process.run(["sh", "-c", "head -c 300000000 /dev/zero"], timeout=60, max_output=1000)
    assert finished.stdout == bytes(1000)
    assert finished.truncated
    assert finished.returncode == 0
    assert psutil.Process().memory_info().rss - before < 50_000_000


def test_time_limit_ends_grandchildren_even_in_another_session(tmp_path: Path) -> None:
    """Time limit ends grandchildren even in another session."""
    script = "sleep 300 & echo $! > a; setsid sleep 300 & echo $! > b; trap '' TERM; echo ready; wait"
    began = time.monotonic()
    finished = process.run(["sh", "-c", script], timeout=3, cwd=tmp_path)
    assert finished.timed_out
    assert finished.stdout == b"ready\n"
    assert time.monotonic() - began < 100
    assert all(_gone(int((tmp_path / name).read_text())) for name in "ab")


def test_what_a_finished_child_leaves_in_its_group_is_ended(tmp_path: Path) -> None:
    """What a finished child leaves in its group is ended."""
    began = time.monotonic()
    finished = process.run(["sh", "-c", "sleep 300 & echo $! > pid; echo done"], timeout=30, cwd=tmp_path)
    assert (finished.returncode, finished.stdout, finished.timed_out) == (0, b"done\n", False)
    assert time.monotonic() - began < 100
    assert _gone(int((tmp_path / "pid").read_text()))


def test_ctrl_c_ends_the_child(tmp_path: Path) -> None:
    """Ctrl-C ends the child."""
    code = "import agentos_action.process as p; p.run(['sh', '-c', 'echo $$ > pid; sleep 300'], timeout=600)"
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.DEVNULL) as ours:
        pid = int(_text_of(tmp_path / "pid"))
        ours.send_signal(signal.SIGINT)
        ours.wait(60)
    assert ours.returncode != 0
    assert _gone(pid)


def test_environment_is_an_allow_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the allow-list and what is asked for by name is inherited, GIT_* and PYTHON* never."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "PYTHONPATH", "OPENAI_API_KEY", "PIP_INDEX_URL", "LC_ALL", "https_proxy"):
        monkeypatch.setenv(name, "set")
    asked = ["env"]
    plain = _names(process.run(asked, timeout=60).stdout_text)
    assert {"PATH", "LC_ALL", "https_proxy"} <= plain
    assert not plain & {"GIT_DIR", "GIT_INDEX_FILE", "PYTHONPATH", "OPENAI_API_KEY", "PIP_INDEX_URL"}
    kept = _names(
        process.run(asked, timeout=60, keep=("PIP_*", "GIT_*", "PYTHON*"), env_extra={"OURS": "1"}).stdout_text
    )
    assert {"PIP_INDEX_URL", "OURS"} <= kept
    assert not kept & {"GIT_DIR", "GIT_INDEX_FILE", "PYTHONPATH"}


def test_a_whole_environment_is_taken_as_it_is() -> None:
    """Given a whole environment the child inherits nothing."""
    finished = process.run(["/usr/bin/env"], timeout=60, env={"GIT_DIR": "x", "ONLY": "1"})
    assert sorted(finished.stdout_text.split()) == ["GIT_DIR=x", "ONLY=1"]


def test_output_can_be_heard_as_it_comes() -> None:
    """Output that is handed on piece by piece is whole, and none of it is kept."""
    pieces: list[bytes] = []
    finished = process.run(["sh", "-c", "head -c 300000 /dev/zero; echo x >&2"], timeout=30, on_stdout=pieces.append)
    assert b"".join(pieces) == bytes(300_000)
    assert finished == process.Finished(0, b"", b"x\n", timed_out=False)


def test_a_missing_program_is_a_clear_error() -> None:
    """A missing program is a clear error."""
    with pytest.raises(ToolError, match="cannot start no-such-program: No such file") as caught:
        process.run(["no-such-program"], timeout=1)
    assert (caught.value.category, caught.value.raw_error_code) == ("runtime", "cannot_start")


def test_a_long_lived_child_ends_with_its_block() -> None:
    """A long lived child ends with its block."""
    with process.spawn(["cat"]) as child:
        child.stdin.write(b"hello\n")
        assert child.stdout.read(6) == b"hello\n"
        assert child.poll() is None
    assert _gone(child.pid)


def test_a_released_child_lives_on() -> None:
    """A released child lives on."""
    child = process.spawn(["sleep", "300"])
    child.release()
    found = psutil.Process(child.pid)
    assert found.status() != psutil.STATUS_ZOMBIE
    found.kill()
    found.wait(60)


def _names(text: str) -> set[str]:
    return {line.partition("=")[0] for line in text.splitlines()}


def _text_of(path: Path) -> str:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return text
        time.sleep(0.02)
    raise AssertionError(path)


def _gone(pid: int) -> bool:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False
