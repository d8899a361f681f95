"""Real processes for these tests: interpreters that use the sidecar, and how to see what became of them."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from agentos_action.sidecar.launch import Sidecar
from agentos_action.sidecar.models import Model

# Turns SIGTERM into an exception, as entry/ does, so that context managers run.
HEAD = """
import dataclasses, os, signal, sys, time
from pathlib import Path
from agentos_action.sidecar import models, server
from agentos_action.sidecar.plan import Options
def stop(*_):
    raise SystemExit(143)
signal.signal(signal.SIGTERM, stop)
def show(what, seconds):
    print("waiting", flush=True)
model = models.find(sys.argv[1], Path(sys.argv[2]))
options = Options(threads=1, timeout=180.0, binary=sys.argv[3] or None)
folder = Path(sys.argv[4])
"""
RUNNING = """
with server.running(model, options, show) as sidecar:
    print("ready", flush=True)
    time.sleep(300)
"""
STARTING = """
status = server.start(model, folder=folder, options=options, progress=show)
print("started", status.pid, status.already, flush=True)
"""


def program(
    body: str, model: Model, *, binary: Path | None = None, folder: Path | None = None
) -> subprocess.Popen[str]:
    """Start a real Python program that uses the sidecar; its standard output is a pipe."""
    cache = str(Path(model.path).parent)
    argv = [sys.executable, "-c", HEAD + body, model.name, cache, str(binary or ""), str(folder or "")]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(ours: subprocess.Popen[str], word: str) -> list[str]:
    """Read the program's lines until one begins with this word; return its words."""
    assert ours.stdout is not None
    for line in ours.stdout:
        if line.split()[:1] == [word]:
            return line.split()
    assert ours.stderr is not None
    raise AssertionError(ours.stderr.read())


def family(pid: int) -> list[psutil.Process]:
    """Return all descendants of a process."""
    return psutil.Process(pid).children(recursive=True)


def all_gone(processes: list[psutil.Process], seconds: float = 60.0) -> bool:
    """Tell whether all of them end within so many seconds."""
    return eventually(lambda: not any(map(_alive, processes)), seconds)


def eventually(true: Callable[[], bool], seconds: float = 60.0) -> bool:
    """Tell whether something becomes true within so many seconds."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if true():
            return True
        time.sleep(0.02)
    return False


def ask(sidecar: Sidecar, key: str | None = None, tokens: int = 8) -> tuple[int, Any]:
    """Ask for a few tokens; return the status code and the decoded answer."""
    connection = http.client.HTTPConnection("127.0.0.1", int(sidecar.base_url.rpartition(":")[2]), timeout=180)
    body = {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": tokens, "temperature": 0}
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
