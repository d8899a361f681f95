"""The servers of these tests: llama.cpp's own, started once a session, and one that misbehaves on request."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agentos_action.sidecar import models, server
from agentos_action.sidecar.plan import Options

from .faulty import FaultyServer

PEER_MODEL = "local/smol"


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """The running llama.cpp server and what it was started with."""

    base_url: str
    api_key: str
    model: str
    context_tokens: int


@pytest.fixture(scope="session")
def llama(embedded_model: models.Model) -> Iterator[LlamaServer]:
    """Start the real server with the real small model and little context; it is ended with the session."""
    options = Options(context_tokens=1024, threads=1, timeout=120.0)
    with server.running(embedded_model, options) as running:
        yield LlamaServer(running.base_url, running.api_key, running.model_name, running.context_tokens)


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    """Start a loopback server that answers well until it is told otherwise."""
    with FaultyServer() as server:
        yield server


@pytest.fixture(scope="session")
def peer(llama: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an independent program that speaks Ollama's API in front of the real server, and wait until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PROVIDERS_LOCAL_BASE_URL": f"{llama.base_url}/v1",
        "PROVIDERS_LOCAL_API_KEY": llama.api_key,
        "EXTRA_MODELS": PEER_MODEL,
    }
    folder = tmp_path_factory.mktemp("peer")
    log = folder / "log"
    command = [sys.executable, "-m", "ollama_proxy", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as told:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=told, stderr=told)
    try:
        base_url = f"http://127.0.0.1:{port}"
        wait_for(base_url, running, log)
        yield base_url
    finally:
        running.terminate()
        running.wait(60)


def wait_for(base_url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the program answers; one that ends, or never answers, shows its log."""
    end = time.monotonic() + 120
    while time.monotonic() < end and running.poll() is None:
        try:
            with urllib.request.urlopen(f"{base_url}/api/version", timeout=10):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(log.read_text())
