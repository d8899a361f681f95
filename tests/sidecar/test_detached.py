"""The detached server: start, status, stop, and never anybody else's process."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import psutil
import pytest

from agentos_action.errors import ToolError, UsageError
from agentos_action.sidecar import models, server, state
from tests.waiting import until_asleep

from .conftest import ONE_THREAD
from .real import STARTING, all_gone, ask, eventually, family, program, wait_for

pytestmark = pytest.mark.model


def test_start_status_stop(embedded_model: models.Model, folder: Path) -> None:
    """A server is started, seen, used, found again and stopped, in files of the user alone."""
    assert server.status(folder).state == "not_running"
    started = server.start(embedded_model, folder=folder, options=ONE_THREAD)
    assert (started.state, started.model, started.healthy, started.already) == ("running", "smollm2-135m", True, False)
    assert server.status(folder) == started
    json.dumps(asdict(started))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"state": 0o700, "sidecar.json": 0o600, "api-key": 0o600, "server.log": 0o600, "lock": 0o600}

    sidecar = server.connect(folder)
    assert sidecar is not None
    assert ask(sidecar, sidecar.api_key)[0] == 200
    assert sidecar.api_key not in (folder / "sidecar.json").read_text()
    processes = [psutil.Process(sidecar.pid), *family(sidecar.pid)]

    again = server.start(embedded_model, folder=folder, options=ONE_THREAD)
    assert again == replace(started, already=True)
    with pytest.raises(UsageError, match="already serves smollm2-135m, not other"):
        server.start(replace(embedded_model, name="other"), folder=folder)
    with pytest.raises(UsageError, match="on port"):
        server.start(embedded_model, folder=folder, options=replace(ONE_THREAD, port=9))

    assert server.stop(folder).state == "stopped"
    assert all_gone(processes)
    assert server.status(folder).state == server.stop(folder).state == "not_running"
    assert not (folder / "api-key").exists()


def test_it_outlives_the_program_that_started_it(embedded_model: models.Model, folder: Path) -> None:
    """It outlives the program that started it."""
    with program(STARTING, embedded_model, folder=folder) as ours:
        assert ours.wait(180) == 0
    assert not eventually(lambda: server.status(folder).state != "running", 0.5)
    pid = server.status(folder).pid
    assert pid is not None
    family(pid)[0].kill()  # the server dies by itself: its watcher ends too
    assert eventually(lambda: state.read(folder) is not None and server.status(folder).state == "stale")
    assert server.status(folder).state == "not_running"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_start_that_is_broken_off_leaves_no_server(
    embedded_model: models.Model, folder: Path, number: signal.Signals
) -> None:
    """A start that is broken off leaves no server."""
    with program(STARTING, embedded_model, folder=folder) as ours:
        wait_for(ours, "waiting")
        assert eventually(lambda: len(family(ours.pid)) == 2)
        processes = family(ours.pid)
        ours.send_signal(number)
        assert all_gone(processes)
    assert server.status(folder).state == "not_running"


def test_of_two_starts_at_once_one_wins_and_the_other_finds_it(embedded_model: models.Model, folder: Path) -> None:
    """Of two starts at once one wins and the other finds it."""
    with (
        program(STARTING, embedded_model, folder=folder) as one,
        program(STARTING, embedded_model, folder=folder) as two,
    ):
        words = [wait_for(ours, "started") for ours in (one, two)]
        assert {word[1] for word in words} == {str(server.status(folder).pid)}
        assert {word[2] for word in words} == {"True", "False"}


def test_status_and_stop_while_a_start_is_under_way(embedded_model: models.Model, folder: Path) -> None:
    """Status and stop while a start is under way."""
    with program(STARTING, embedded_model, folder=folder) as ours:
        wait_for(ours, "waiting")
        assert server.status(folder).state == "busy"
        assert server.stop(folder).state == "stopped"  # waits for the start, then ends what it started
        assert ours.wait(180) == 0


def test_a_failed_start_leaves_nothing_but_its_log(embedded_model: models.Model, folder: Path) -> None:
    """A failed start leaves nothing but its log."""
    with pytest.raises(ToolError, match="not ready after"):
        server.start(embedded_model, folder=folder, options=replace(ONE_THREAD, timeout=0.2))
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "server.log"]


@pytest.mark.parametrize("off", [0.0, -100.0])
def test_a_process_that_only_has_the_number_is_left_alone(folder: Path, off: float) -> None:
    """Once with another start time, once with the same start time: then the program it runs gives it away."""
    with _stranger() as stranger:
        state.prepare(folder)
        record = state.Running(stranger.pid, stranger.create_time() + off, 1, "smollm2-135m", "0" * 64, 4096, "then")
        state.write(folder, record, "key")
        assert server.connect(folder) is None
        assert server.stop(folder).state == "stale"
        assert server.status(folder).state == "not_running"
        assert stranger.is_running()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": -1, "created": 1.0}', '{"pid": "1"}'])
def test_a_spoiled_record_is_stale_and_removed(folder: Path, text: str) -> None:
    """A spoiled record is stale and removed."""
    state.prepare(folder)
    (folder / "sidecar.json").write_text(text)
    assert server.status(folder).state == "stale"
    assert server.status(folder).state == "not_running"


@contextmanager
def _stranger() -> Iterator[psutil.Process]:
    with subprocess.Popen(["sleep", "300"]) as process:
        until_asleep(process.pid)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()
