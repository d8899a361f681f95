"""A server for one run: it answers, keeps its key to itself, and is ended however the run ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agentos_action.errors import ToolError, UsageError
from agentos_action.sidecar import models, server
from agentos_action.sidecar.file import own_model
from agentos_action.sidecar.plan import Options, make_plan
from tests.waiting import until_asleep

from .conftest import ONE_THREAD
from .real import RUNNING, all_gone, ask, eventually, family, program, wait_for

pytestmark = pytest.mark.model


def test_it_answers_whoever_has_the_key_and_shows_the_key_to_nobody(embedded_model: models.Model) -> None:
    """It answers whoever has the key and shows the key to nobody."""
    seen: list[tuple[str, float]] = []
    wide = replace(ONE_THREAD, context_tokens=1_000_000)
    with server.running(embedded_model, wide, lambda what, seconds: seen.append((what, seconds))) as sidecar:
        code, answer = ask(sidecar, sidecar.api_key)
        assert (code, answer["model"]) == (200, "smollm2-135m")
        assert answer["choices"][0]["message"]["content"]
        assert ask(sidecar)[0] == ask(sidecar, "wrong")[0] == 401
        assert sidecar.context_tokens == 8192  # asked for more than the model was trained for
        assert sidecar.api_key not in repr(sidecar)
        processes = [psutil.Process(sidecar.pid), *family(sidecar.pid)]
        assert len(processes) == 2
        told = [*("\0".join(one.cmdline()) for one in processes), *(str(one.environ()) for one in processes)]
        assert not any(sidecar.api_key in text for text in told)
        listening = [
            c.laddr.ip for one in processes for c in one.net_connections("tcp") if c.status == psutil.CONN_LISTEN
        ]
        assert listening == ["127.0.0.1"]
    assert all_gone(processes)
    assert seen
    assert all("smollm2-135m" in what for what, _ in seen)


def test_an_exception_in_the_block_ends_it(embedded_model: models.Model) -> None:
    """An exception in the block ends it."""
    processes: list[psutil.Process] = []

    def fail() -> None:
        with server.running(embedded_model, ONE_THREAD) as sidecar:
            processes.extend([psutil.Process(sidecar.pid), *family(sidecar.pid)])
            message = "the run failed"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="the run failed"):
        fail()
    assert len(processes) == 2
    assert all_gone(processes)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["waiting", "ready"])
def test_it_ends_with_us_however_we_end(embedded_model: models.Model, number: signal.Signals, moment: str) -> None:
    """It ends with us however we end."""
    with program(RUNNING, embedded_model) as ours:
        wait_for(ours, moment)
        assert eventually(lambda: len(family(ours.pid)) == 2)
        processes = family(ours.pid)
        until_asleep(ours.pid)
        ours.send_signal(number)
        assert ours.wait(60) != 0
        assert all_gone(processes)


def test_killing_the_watching_process_takes_the_server_along(embedded_model: models.Model) -> None:
    """Killing the watching process takes the server along."""
    with server.running(embedded_model, ONE_THREAD) as sidecar:
        (serving,) = family(sidecar.pid)
        psutil.Process(sidecar.pid).kill()
        assert all_gone([serving])


def test_a_taken_port_is_named(embedded_model: models.Model) -> None:
    """A taken port is named."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(UsageError, match=f"port {port} is taken") as caught,
            server.running(embedded_model, replace(ONE_THREAD, port=port)),
        ):
            pass
    assert "--port" in caught.value.hint


def test_a_wanted_port_is_used(embedded_model: models.Model) -> None:
    """A wanted port is used."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with server.running(embedded_model, replace(ONE_THREAD, port=port)) as sidecar:
        assert sidecar.base_url == f"http://127.0.0.1:{port}"


def test_too_slow_a_start_is_ended(embedded_model: models.Model) -> None:
    """Too slow a start is ended."""
    others = set(family(os.getpid()))  # a server that other tests of this session share
    with (
        pytest.raises(ToolError, match=r"not ready after 0\.2 s") as caught,
        server.running(embedded_model, replace(ONE_THREAD, timeout=0.2)),
    ):
        pass
    assert (caught.value.category, caught.value.raw_error_code) == ("runtime", "sidecar_start_timeout")
    assert all_gone([each for each in family(os.getpid()) if each not in others])


def test_a_model_that_llamacpp_refuses_is_told_in_its_words(tmp_path: Path) -> None:
    """A model that llama.cpp refuses is told in its words."""
    import hashlib

    noise = tmp_path / "noise.gguf"
    noise.write_bytes(b"GGUF\x03\0\0\0" + os.urandom(100_000))
    digest = hashlib.sha256(noise.read_bytes()).hexdigest()
    model = models.install(str(noise), cache=tmp_path / "cache", sha256=digest)
    with pytest.raises(ToolError, match="cannot load the model noise") as caught, server.running(model, ONE_THREAD):
        pass
    assert (caught.value.category, caught.value.raw_error_code) == ("runtime", "model_load_failed")
    assert "agentos model install" in caught.value.hint


def test_a_file_of_ones_own_that_is_cut_short_is_not_one_to_install_again(
    embedded_model: models.Model, tmp_path: Path
) -> None:
    """A file of one's own that is cut short is told in the loader's words, and there is nothing to install."""
    short = tmp_path / "short.gguf"
    with Path(embedded_model.path).open("rb") as whole:
        short.write_bytes(whole.read(8_000_000))
    own = own_model(short, None)
    with pytest.raises(ToolError, match="not within the file bounds") as caught, server.running(own, ONE_THREAD):
        pass
    assert caught.value.message.count("; ") == 0
    assert caught.value.hint.endswith("get the whole file again, and its sha256 from where it is published")


def test_threads_that_no_server_can_have_are_told_before_it_is_started(embedded_model: models.Model) -> None:
    """Threads that no server can have are told before it is started."""
    for threads in (0, 513):
        with pytest.raises(UsageError, match=f"{threads} threads cannot be: a server has 1 to 512"):
            make_plan(embedded_model, replace(ONE_THREAD, threads=threads))


def test_a_damaged_model_never_reaches_the_server(own_copy: models.Model) -> None:
    """A damaged model never reaches the server."""
    path = Path(own_copy.path)
    path.unlink()
    path.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(ToolError, match="is damaged"), server.running(own_copy, ONE_THREAD):
        pass
    path.unlink()
    with pytest.raises(ToolError, match="cannot be read"), server.running(own_copy, ONE_THREAD):
        pass


@pytest.mark.parametrize("options", [Options(context_tokens=0), Options(threads=0), Options(binary="no-such-llama")])
def test_wrong_options_are_refused_before_anything_starts(embedded_model: models.Model, options: Options) -> None:
    """Wrong options are refused before anything starts."""
    with pytest.raises(UsageError), server.running(embedded_model, options):
        pass


def test_without_any_server_program_the_hint_names_the_extra(embedded_model: models.Model, tmp_path: Path) -> None:
    """Uses an interpreter that sees our package and psutil, and nothing else that is installed."""
    for module in ("psutil", "agentos_action"):
        (tmp_path / module).symlink_to(Path(sys.modules[module].__file__ or "").parent)
    code = f"""
import sys
sys.path.append({str(tmp_path)!r})
from pathlib import Path
from agentos_action.errors import UsageError
from agentos_action.sidecar import models, server
try:
    with server.running(models.find({embedded_model.name!r}, Path({str(Path(embedded_model.path).parent)!r}))):
        pass
except UsageError as error:
    print(error.message, "|", error.hint)
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "neither xllamacpp nor llama-server is installed" in done.stdout
    assert "pip install 'agentos-action[embedded]'" in done.stdout


def test_a_repository_cannot_bring_its_own_xllamacpp(embedded_model: models.Model, tmp_path: Path) -> None:
    """A repository cannot bring its own xllamacpp."""
    (tmp_path / "xllamacpp.py").write_text("open('taken-over', 'w').close()")
    code = RUNNING.replace("time.sleep(300)", "").replace("show", "server.silent")
    # `python -c` puts the working directory first on its path, as `python -m` does.
    with_path = program(f"os.chdir({str(tmp_path)!r}); sys.path.insert(0, {str(tmp_path)!r})" + code, embedded_model)
    with with_path as ours:
        wait_for(ours, "ready")
        assert ours.wait(60) == 0
    assert not (tmp_path / "taken-over").exists()
