"""A foreign `llama-server` program, played by the stand-in of `llama_server_stand_in.py`."""

from __future__ import annotations

import signal
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agentos_action.errors import ToolError
from agentos_action.sidecar import models, server

from .conftest import ONE_THREAD
from .real import RUNNING, all_gone, ask, family, program, wait_for

pytestmark = pytest.mark.model


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """Write the stand-in out as an executable."""
    source = Path(__file__).with_name("llama_server_stand_in.py").read_text()
    return _executable(tmp_path / "llama-server", f"#!{sys.executable}\n{source}")


def test_it_serves_with_its_real_flags_and_keeps_to_loopback(
    embedded_model: models.Model, stand_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It serves with its real flags and keeps to loopback."""
    monkeypatch.setenv("LLAMA_ARG_HOST", "0.0.0.0")  # noqa: S104 - must not get through
    monkeypatch.setenv("PATH", f"{stand_in.parent}:/usr/bin:/bin")
    with server.running(embedded_model, replace(ONE_THREAD, binary="llama-server")) as sidecar:
        assert ask(sidecar, sidecar.api_key)[0] == 200
        assert ask(sidecar, "wrong")[0] == 401
        processes = [psutil.Process(sidecar.pid), *family(sidecar.pid)]
        assert str(stand_in) in processes[1].cmdline()
        assert not any(sidecar.api_key in word for one in processes for word in one.cmdline())
        listening = [
            c.laddr.ip for one in processes for c in one.net_connections("tcp") if c.status == psutil.CONN_LISTEN
        ]
        assert listening == ["127.0.0.1"]
    assert all_gone(processes)


def test_a_wrapper_that_starts_the_real_one_ends_with_it(
    embedded_model: models.Model, stand_in: Path, tmp_path: Path
) -> None:
    """A wrapper that starts the real one ends with it."""
    wrapper = _executable(tmp_path / "wrapper", f'#!/bin/sh\n{stand_in} "$@" &\nwait\n')
    with program(RUNNING, embedded_model, binary=wrapper) as ours:
        wait_for(ours, "ready")
        processes = family(ours.pid)
        assert len(processes) == 3
        ours.send_signal(signal.SIGKILL)
        assert all_gone(processes)


def test_what_it_said_before_it_died_is_told(embedded_model: models.Model, tmp_path: Path) -> None:
    """What it said before it died is told."""
    script = '#!/bin/sh\necho "error: unknown argument: --jinja\033[31m $LLAMA_API_KEY" >&2\nexit 7\n'
    broken = _executable(tmp_path / "llama-server", script)
    options = replace(ONE_THREAD, binary=str(broken))
    with pytest.raises(ToolError) as caught, server.running(embedded_model, options):
        pass
    assert caught.value.raw_error_code == "sidecar_exited"
    assert caught.value.message.endswith("(exit code 7): error: unknown argument: --jinja[31m ***")


def _executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path
