"""What has to be known before a llama.cpp server is started: which program, which port, how much context."""

from __future__ import annotations

import errno
import importlib.machinery
import os
import secrets
import shutil
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path

from agentos_action.errors import UsageError
from agentos_action.sidecar import models

MAX_THREADS = 8
#: GGML_MAX_N_THREADS; with more it dies of a bad address.
MOST_THREADS = 512


@dataclass(frozen=True)
class Options:
    """How to run the server: context in tokens (at most what the model was trained for), port 0 for any free one.

    `binary` is a llama-server program (a path, or a name on PATH); without it the xllamacpp wheel serves if it is
    installed, else a `llama-server` on PATH. `timeout` is in seconds, for the whole start.
    """

    context_tokens: int = 4096
    threads: int | None = None
    port: int = 0
    binary: str | None = None
    timeout: float = 180.0


DEFAULTS = Options()


@dataclass(frozen=True)
class Plan:
    """Everything checked and decided before a process is started."""

    model: models.Model
    binary: str | None
    import_path: tuple[str, ...]
    context_tokens: int
    threads: int
    port: int
    timeout: float
    api_key: str = field(repr=False)


def make_plan(model: models.Model, options: Options) -> Plan:
    """Check model, engine and port, so that what can be said at once is said before anything starts."""
    if options.context_tokens < 1:
        raise UsageError(f"{options.context_tokens} tokens of context are too few", "leave it out for the default")
    if options.threads is not None and not 1 <= options.threads <= MOST_THREADS:
        message = f"{options.threads} threads cannot be: a server has 1 to {MOST_THREADS}"
        raise UsageError(message, "leave them out for the default")
    model = models.check(model)
    binary, import_path = _engine(options.binary)
    _check_port(options.port)
    return Plan(
        model=model,
        binary=binary,
        import_path=import_path,
        context_tokens=min(options.context_tokens, model.context_length or options.context_tokens),
        threads=options.threads or _default_threads(),
        port=options.port,
        timeout=options.timeout,
        api_key=secrets.token_urlsafe(32),
    )


def _engine(binary: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the llama-server program (nothing: xllamacpp) and where the child finds what it imports."""
    psutil_home = _home_of("psutil")
    if binary is not None:
        found = shutil.which(binary)
        if found is None:
            message = f"no llama-server program: {binary}"
            raise UsageError(message, "give --binary the path of an executable, or a name that is on PATH")
        return os.path.abspath(found), psutil_home  # noqa: PTH100 - resolve() would follow links; wrappers look at theirs
    if home := _home_of("xllamacpp"):
        return None, (*psutil_home, *home)
    if found := shutil.which("llama-server"):
        return os.path.abspath(found), psutil_home  # noqa: PTH100 - the same
    message = "there is no llama.cpp server to start: neither xllamacpp nor llama-server is installed"
    hint = "pip install 'agentos-action[embedded]', or install llama.cpp and give --binary"
    raise UsageError(message, hint)


def _home_of(module: str) -> tuple[str, ...]:
    """Return the folder an installed module lies in; the working directory is not searched.

    `python -m agentos_action` has the working directory on its path, and a repository could bring an `xllamacpp.py`.
    """
    here = Path.cwd()
    path = [entry for entry in sys.path if Path(entry).is_absolute() and Path(entry) != here]
    spec = importlib.machinery.PathFinder.find_spec(module, path)
    if spec is None or spec.origin is None:
        return ()
    origin = Path(spec.origin)
    return (str(origin.parent.parent if spec.submodule_search_locations else origin.parent),)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # As the server does: a port whose last connection is only fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            raise port_error(port, "is taken by another program" if taken else "cannot be used") from error


def port_error(port: int, what: str) -> UsageError:
    """Return the error that says what is wrong with a port."""
    return UsageError(f"port {port} {what}", "give another --port, or leave it out for a free one")


def _default_threads() -> int:
    usable = len(os.sched_getaffinity(0)) if sys.platform == "linux" else (os.cpu_count() or 1)
    # llama.cpp's threads wait for each other at every layer: one that shares its core with other work slows them all
    # (measured on two busy cores: two threads 18 tokens a second, one thread 47).
    busy = round(os.getloadavg()[0])
    return max(1, min(usable - busy, MAX_THREADS))
