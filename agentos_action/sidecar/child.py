"""The program that stands between us and a llama.cpp server, and sees to it that the server never outlives us.

Run by its path in an isolated interpreter (`python -I .../child.py`), so it imports nothing of this package: an
isolated interpreter may not find it, and one that is not isolated would import from the working directory.

    stdin    one line of JSON (the configuration, with the key), then silence; `detach` lets us go,
             the end of the pipe without it means that we died: the server is ended
    stdout   one line of JSON as soon as the server listens: {"port": 43121}
    stderr   the server's log

It forks: the child becomes the server (a foreign program, or xllamacpp's server in this interpreter), the parent
watches. A thread would not do: xllamacpp holds the interpreter's lock for as long as it loads a model.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from typing import Any, NoReturn

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 3.0
_TICK_SECONDS = 0.02
_WATCH_SECONDS = 0.25


def main() -> NoReturn:
    """Read the configuration, fork the server, watch until one of the three has ended."""
    config = json.loads(_line())
    sys.path.extend(config["import_path"])
    report = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is log, not report
    supervisor = os.getpid()
    server = os.fork()
    if server == 0:
        os.close(report)
        _serve(config, supervisor)
    os._exit(_watch(server, report))


def _line() -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        chunk = os.read(0, 65_536)
        if not chunk:
            os._exit(0)
        data += chunk
    return data


def _serve(config: dict[str, Any], supervisor: int) -> NoReturn:
    if sys.platform == "linux":  # elsewhere the supervisor alone must do; it can only be missed if killed outright
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        os._exit(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    if config["binary"] is not None:
        _become(config)
    _serve_xllamacpp(config, supervisor)


def _become(config: dict[str, Any]) -> NoReturn:
    """Replace this process by a llama-server binary; what older ones may not know goes by environment."""
    argv = [config["binary"], "--model", config["model"], "--alias", config["alias"]]
    argv += ["--host", "127.0.0.1", "--port", str(config["port"])]
    argv += ["--ctx-size", str(config["context_tokens"]), "--parallel", "1", "--jinja"]
    argv += ["--threads", str(config["threads"]), "--threads-batch", str(config["threads"])]
    settings = {"UI": "0", "WEBUI": "0", "OFFLINE": "1", "LOG_VERBOSITY": "2", "CACHE_RAM": str(config["cache_mib"])}
    environ = {**os.environ, **{f"LLAMA_ARG_{name}": value for name, value in settings.items()}}
    environ["LLAMA_API_KEY"] = config["api_key"]
    try:
        os.execve(config["binary"], argv, environ)  # noqa: S606 - no shell is what we want
    except OSError as error:
        os.write(2, f"cannot start {config['binary']}: {error.strerror}\n".encode())
        os._exit(127)


def _serve_xllamacpp(config: dict[str, Any], supervisor: int) -> NoReturn:
    if sys.platform == "darwin":
        # Metal is not safe after a fork without an exec, and the GPU of a virtual Mac (GitHub's runners) hangs or
        # answers nonsense. With no device of Metal's llama.cpp takes the processor; a program (`--binary`) is free.
        os.environ["GGML_METAL_DEVICES"] = "0"
    import xllamacpp  # noqa: PLC0415 - 100 MB that the supervisor must not carry

    params = xllamacpp.CommonParams()
    params.model.path = config["model"]
    params.model_alias = {config["alias"]}
    params.hostnames, params.port = ["127.0.0.1"], config["port"]
    params.api_keys = [config["api_key"]]
    params.n_ctx, params.n_parallel = config["context_tokens"], 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = config["threads"]
    params.use_jinja = True
    params.ui, params.offline, params.verbosity, params.cache_ram_mib = False, True, 2, config["cache_mib"]
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        os.write(2, f"xllamacpp: {error}\n".encode())
        os._exit(3)
    while server is not None and os.getppid() == supervisor:
        time.sleep(1)
    os._exit(0)


def _watch(server: int, report: int) -> int:
    """Return the exit code once the server has ended, or 0 after ending it because nobody wants it any more."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    detached = told = False
    try:
        while True:
            ended, status = os.waitpid(server, 0 if detached and told else os.WNOHANG)
            if ended:
                server = 0
                code = os.waitstatus_to_exitcode(status)
                return 128 - code if code < 0 else code
            if not told and (port := _port_of(server)):
                told = _tell(report, port)
            if detached:
                time.sleep(_TICK_SECONDS)
            elif select.select([0], [], [], _WATCH_SECONDS if told else _TICK_SECONDS)[0]:
                if not os.read(0, 4096):
                    return 0
                detached = True
                os.close(0)
    except SystemExit:
        return 0
    finally:
        if server:
            _end(server)


def _tell(report: int, port: int) -> bool:
    line = json.dumps({"port": port}).encode() + b"\n"
    try:
        os.write(report, line)
    except BrokenPipeError:  # whoever asked is gone; stdin says so too
        return True
    finally:
        os.close(report)
    return True


def _port_of(server: int) -> int:
    """Return the port the server (or a program it started) listens on, 0 while there is none.

    Asked from the kernel: nobody else can have taken the port in between, and no log has to be understood.
    """
    import psutil  # noqa: PLC0415 - found on the path that the configuration brought

    try:
        process = psutil.Process(server)
        for member in (process, *process.children(recursive=True)):
            for connection in member.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    return int(connection.laddr.port)
    except psutil.Error:  # it is ending; the next waitpid says how
        return 0
    return 0


def _end(server: int) -> NoReturn:
    """End the server with all it started: TERM to our group, a grace period, then KILL, which ends us too."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    limit = time.monotonic() + _GRACE_SECONDS
    while not os.waitpid(server, os.WNOHANG)[0] and time.monotonic() < limit:
        time.sleep(_TICK_SECONDS)
    os.killpg(0, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()
