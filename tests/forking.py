"""Real processes of the command line without a start of Python each: one process has loaded what they share, and forks.

They share Python, pydantic and our rooms, which never load each other. What leads through the rooms, and pygit2, which
looks at its environment when it is loaded, each process loads by itself, as it does else.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).parents[1]
#: What Python, or the C library, reads when a process starts and not any more.
AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "TZ", "OPENSSL_", "SSL_")
#: A message to the process holds the arguments and the environment; a longer one is a case for a start of its own.
MOST = 100_000
#: What a pipe takes before anybody reads it.
PIPE = 32_768
#: What each process loads by itself, in the order of its own command: the corridor, and all that takes pygit2.
BY_ITSELF = {"__main__", "branches", "entry", "executor", "forge", "gates", "pipeline", "repo", "wiring"}


def run(
    arguments: Sequence[str], cwd: Path, environment: Mapping[str, str], seconds: float, stdin: str = ""
) -> subprocess.CompletedProcess[str] | None:
    """Run a command in a process of its own and return what came of it; None where it takes a start of Python."""
    told = {"arguments": [*map(os.fspath, arguments)], "cwd": str(cwd), "environment": dict(environment)}
    message, given = json.dumps(told).encode(), stdin.encode()
    if not sys.platform.startswith("linux") or len(message) > MOST or len(given) > PIPE:
        return None
    forker = _forker()
    if _started_with(environment) != forker.started_with:
        return None
    return forker.run(arguments, message, given, seconds)


def _started_with(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(AT_THE_START)}


class _Forker:
    """The process that forks, from the side of the tests; it ends with us."""

    def __init__(self) -> None:
        self.started_with = _started_with(os.environ)
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "tests.forking", str(theirs.fileno())]
            self._process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        atexit.register(self.close)

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.wait(60)

    def run(
        self, arguments: Sequence[str], message: bytes, given: bytes, seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Let it fork one command, and read what that says until nobody can say any more."""
        (stdin, into), pipes = os.pipe(), [os.pipe() for _ in range(3)]
        try:
            os.write(into, given)
            socket.send_fds(self._channel, [message], [stdin, *(write for _, write in pipes)])
        finally:
            for end in (into, stdin, *(write for _, write in pipes)):
                os.close(end)
        out, err, status = _read([read for read, _ in pipes], seconds, arguments)
        if len(status.split()) != 2:
            raise RuntimeError(f"the process that forks, or the one that waits, has ended: {err.decode()}")
        code = os.waitstatus_to_exitcode(int(status.split()[1]))
        return subprocess.CompletedProcess(list(arguments), code, _text(out), _text(err))


@functools.cache
def _forker() -> _Forker:
    return _Forker()


def _text(content: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read()


def _read(pipes: Sequence[int], seconds: float, arguments: Sequence[str]) -> list[bytes]:
    """Return all that comes out of the pipes, and close them; the last one tells the process and how it ended."""
    heard: dict[int, bytes] = dict.fromkeys(pipes, b"")
    until = time.monotonic() + seconds
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        try:
            while waiting.get_map():
                ready = waiting.select(max(0.0, until - time.monotonic()))
                if not ready:
                    os.kill(int(heard[pipes[-1]].split()[0]), signal.SIGKILL)
                    raise subprocess.TimeoutExpired(list(arguments), seconds)
                for key, _ in ready:
                    piece = os.read(key.fd, 65536)
                    heard[key.fd] += piece
                    if not piece:
                        waiting.unregister(key.fd)
        finally:
            for pipe in pipes:
                os.close(pipe)
    return [heard[pipe] for pipe in pipes]


# --- the process that forks


def serve(channel: socket.socket) -> None:
    """Fork a process for every message, until the other end is closed; who keeps a process is forked as well."""
    keepers: list[int] = []
    while True:
        message, pipes, _, _ = socket.recv_fds(channel, 2 * MOST, 4)
        keepers = [keeper for keeper in keepers if os.waitpid(keeper, os.WNOHANG)[0] == 0]
        if not message:
            return
        keeper = os.fork()
        if keeper == 0:
            channel.close()
            _keep(json.loads(message), *pipes)
        keepers.append(keeper)
        for pipe in pipes:
            os.close(pipe)


def _keep(told: dict[str, object], stdin: int, out: int, err: int, status: int) -> NoReturn:
    """Fork the command's process, wait for it, and tell how it ended."""
    command = os.fork()
    if command == 0:
        for number, pipe in enumerate((stdin, out, err)):
            os.dup2(pipe, number)
        os.closerange(3, max(stdin, out, err, status) + 1)
        _become(told)
    for pipe in (stdin, out, err):
        os.close(pipe)
    os.write(status, f"{command} ".encode())
    os.write(status, str(os.waitpid(command, 0)[1]).encode())
    os._exit(0)


def _become(told: dict[str, object]) -> NoReturn:
    """Be `python -m agentos_action` with these arguments, in this folder and with this environment."""
    code = 1
    try:
        arguments, environment = told["arguments"], told["environment"]
        assert isinstance(arguments, list)
        assert isinstance(environment, dict)
        os.chdir(str(told["cwd"]))
        os.environ.clear()
        os.environ.update(environment)
        sys.path[0] = str(told["cwd"])
        sys.argv = [str(ROOT / "agentos_action" / "__main__.py"), *arguments]
        from agentos_action.entry.cli import main

        code = main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - as Python itself does at the end of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _load() -> None:
    # As the command line has it.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    import agentos_action

    rooms = [found for found in pkgutil.iter_modules(agentos_action.__path__) if found.name not in BY_ITSELF]
    for room in rooms:
        loaded = importlib.import_module(f"agentos_action.{room.name}")
        for module in pkgutil.iter_modules(loaded.__path__) if room.ispkg else ():
            importlib.import_module(f"{loaded.__name__}.{module.name}")
    assert "pygit2" not in sys.modules
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _load()
    with socket.socket(fileno=int(sys.argv[1])) as ours:
        serve(ours)
