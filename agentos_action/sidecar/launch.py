"""Starting a llama.cpp server as a child process and waiting until it can answer, or saying why it cannot."""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

from agentos_action import process
from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError, ToolError
from agentos_action.sidecar import fetch, models
from agentos_action.sidecar.plan import Plan, port_error

StartProgress: TypeAlias = Callable[[str, float], None]
"""Called a few times a second with what is being waited for and the seconds since the start."""

PROGRAM = Path(__file__).with_name("child.py")
# llama.cpp keeps up to 8 GiB of old prompts by default; this sidecar lives on laptops and CI runners.
PROMPT_CACHE_MIB = 512
# What a native server needs to find its libraries and its GPU, and what lets a GitHub runner clean up after a job.
_KEEP = (
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"),
    *("GGML_*", "OMP_NUM_THREADS", "RUNNER_TRACKING_ID"),
)
_TICK_SECONDS = 0.05
_ANSWERS_WITHIN = 2.0
_PROGRESS_SECONDS = 0.2
_LOG_TAIL = 16_384
_SAID_LINES = 3
#: Where llama.cpp's log says what is wrong with a file.
_CAUSE = re.compile(r"(?:gguf_\w+|llama_model_load): (?!failed to (?:load|read)).*")
_OUT_OF_MEMORY_EXIT = 137


@dataclass(frozen=True)
class Sidecar:
    """A server that answers: where, with which key (kept out of its repr), and what it serves."""

    base_url: str
    api_key: str = field(repr=False)
    pid: int
    model_name: str
    context_tokens: int


def silent(_what: str, _seconds: float) -> None:
    """Report nothing."""


def start(log: IO[bytes]) -> process.Child:
    """Start the watching child; it does nothing before `wait_until_ready` hands it the plan."""
    return process.spawn([sys.executable, "-I", str(PROGRAM)], cwd=Path("/"), keep=_KEEP, stderr_to=log)


def wait_until_ready(child: process.Child, wanted: Plan, log: IO[bytes], progress: StartProgress) -> Sidecar:
    """Hand the plan over and wait until the server answers, within the plan's time-out."""
    deadline = Deadline(wanted.timeout)
    watch = _Wait(child, wanted, log, progress, deadline)
    _hand_over(child, wanted, watch)
    port = watch.port()
    watch.health(port)
    return Sidecar(
        base_url=f"http://127.0.0.1:{port}",
        api_key=wanted.api_key,
        pid=child.pid,
        model_name=wanted.model.name,
        context_tokens=_context_of(port, wanted),
    )


def is_healthy(port: int) -> bool:
    """Tell whether a server on this loopback port says that its model is loaded."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWERS_WITHIN)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _Wait:
    """Waiting for one start: every step sees the same deadline and notices when the child has ended."""

    def __init__(
        self, child: process.Child, wanted: Plan, log: IO[bytes], progress: StartProgress, deadline: Deadline
    ) -> None:
        self._child, self._wanted, self._log, self._progress, self._deadline = child, wanted, log, progress, deadline
        self._shown = 0.0

    def port(self) -> int:
        """Return the port that the watching child reports."""
        line = b""
        while not line.endswith(b"\n"):
            self.tick(f"starting llama.cpp with {self._wanted.model.name}")
            if select.select([self._child.stdout], [], [], _TICK_SECONDS)[0]:
                chunk = os.read(self._child.stdout.fileno(), 4096)
                line += chunk
                if not chunk:
                    self._child.wait(self._deadline.remaining())
        return int(json.loads(line)["port"])

    def health(self, port: int) -> None:
        """Return when the server says that the model is loaded."""
        while not is_healthy(port):
            self.tick(f"loading {self._wanted.model.name}")
            time.sleep(_TICK_SECONDS)

    def tick(self, what: str) -> None:
        """Raise if the child has ended or the time has come, else show progress now and then."""
        code = self._child.poll()
        if code is not None:
            raise _early_end(code, self._wanted, self._log)
        left = self._deadline.remaining()
        if left <= 0:
            message = f"the model server was not ready after {self._wanted.timeout:g} s ({what})"
            hint = "give it more time, or a smaller model or context"
            raise ToolError(message, hint, category="runtime", code="sidecar_start_timeout")
        passed = self._deadline.seconds - left
        if passed - self._shown >= _PROGRESS_SECONDS:
            self._shown = passed
            self._progress(what, passed)


def _hand_over(child: process.Child, wanted: Plan, watch: _Wait) -> None:
    told = {
        "binary": wanted.binary,
        "import_path": wanted.import_path,
        "model": wanted.model.path,
        "alias": wanted.model.name,
        "port": wanted.port,
        "context_tokens": wanted.context_tokens,
        "threads": wanted.threads,
        "cache_mib": PROMPT_CACHE_MIB,
        "api_key": wanted.api_key,
    }
    try:
        child.stdin.write(json.dumps(told).encode() + b"\n")
    except BrokenPipeError:
        child.wait(1.0)
        watch.tick("starting the model server")
        raise


def _context_of(port: int, wanted: Plan) -> int:
    """Ask the server for its real context size (it may round); what was asked for where it does not say."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", "/props", headers={"Authorization": f"Bearer {wanted.api_key}"})
        size = json.loads(connection.getresponse().read(1 << 20))["default_generation_settings"]["n_ctx"]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return wanted.context_tokens
    finally:
        connection.close()
    return size if type(size) is int else wanted.context_tokens


def _early_end(code: int, wanted: Plan, log: IO[bytes]) -> AgentOSError:
    lines = _last_lines(log, wanted.api_key)
    said = "; ".join(lines[-_SAID_LINES:]) or "it said nothing"
    if wanted.port and any("couldn't bind" in line for line in lines):
        return port_error(wanted.port, "is taken by another program")
    if any("failed to load model" in line or "error loading model" in line for line in lines):
        # The layers above the loader add only that it failed; it is tried twice, and says the same each time.
        causes = list(dict.fromkeys(found[0] for line in lines if (found := _CAUSE.search(line))))
        said = "; ".join(causes[:_SAID_LINES]) or said
        message = f"llama.cpp cannot load the model {wanted.model.name}: {said}"
        hint = f"it needs another llama.cpp, or is damaged: {models.reinstall_hint(wanted.model)}"
        return ToolError(message, hint, category="runtime", code="model_load_failed")
    message = f"the model server ended while starting (exit code {code}): {said}"
    hint = "agentos sidecar start keeps the server's whole log in its state folder"
    if code == _OUT_OF_MEMORY_EXIT:
        hint = "it was killed, most likely for lack of memory; take a smaller model or context"
    return ToolError(message, hint, category="runtime", code="sidecar_exited")


def _last_lines(log: IO[bytes], secret: str) -> list[str]:
    """Return the log's last lines, only those marked as errors where there are any, printable and without the key."""
    descriptor = log.fileno()
    size = os.fstat(descriptor).st_size
    # Not seek and read: the child writes through the same open file and would move with us.
    tail = os.pread(descriptor, _LOG_TAIL, max(0, size - _LOG_TAIL)).decode("utf-8", "replace")
    lines = [fetch.printable(line.replace(secret, "***"), 200) for line in tail.splitlines() if line.strip()]
    marked = [line for line in lines if " E " in line or "rror" in line]
    return marked or lines
