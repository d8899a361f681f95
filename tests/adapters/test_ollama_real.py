"""An independent program that speaks Ollama's API, in front of the real llama.cpp server with the real small model."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint

from .building import ask, failure, prompt
from .conftest import LlamaServer
from .faulty_ollama import ollama

pytestmark = pytest.mark.model

MODEL = "local/smol"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"path": {"type": "string", "enum": ["index.html", "style.css"]}},
    "required": ["path"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def peer(llama: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start `ollama-proxy` on a free port in an empty folder and wait until it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "PROVIDERS_LOCAL_BASE_URL": f"{llama.base_url}/v1",
        "PROVIDERS_LOCAL_API_KEY": llama.api_key,
        "EXTRA_MODELS": MODEL,
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
        running.wait(10)


def wait_for(base_url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the program answers; one that ends, or never answers, shows its log."""
    end = time.monotonic() + 60
    while time.monotonic() < end and running.poll() is None:
        try:
            with urllib.request.urlopen(f"{base_url}/api/version", timeout=1):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(log.read_text())


def test_healthy_in_all_four_steps(peer: str) -> None:
    """The list, the model, a short answer and its shape."""
    with ollama(peer, model=MODEL) as made:
        health = made.health_check(Deadline(20), full=True)
    assert (health.status, health.probe_step, health.error_category) == ("connected", "shape", None)
    assert MODEL in health.models
    assert MODEL in health.details


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer(peer: str, *, stream: bool) -> None:
    """Streamed and whole, with the model's name and counts."""
    heard: list[int] = []
    with ollama(peer, model=MODEL, capabilities={"stream": stream}) as made:
        answer = made.run(prompt("Say hello."), Deadline(20), heard.append)
    assert answer.text
    assert (answer.finish_reason, answer.model_id) == ("stop", MODEL)
    assert answer.usage.prompt == 2
    assert heard == list(range(1, len(heard) + 1))
    assert (len(heard) > 1) == stream


def test_json_schema_is_enforced(peer: str) -> None:
    """`format` goes through to the server, and the answer is a document of the schema."""
    with ollama(peer, model=MODEL) as made:
        answer = ask(made, prompt("Which file?", max_tokens=60, constraint=Constraint(json_schema=SCHEMA)), 20)
    assert json.loads(answer.text)["path"] in {"index.html", "style.css"}


def test_what_show_says(peer: str) -> None:
    """It claims tools and names no context."""
    with ollama(peer, model=MODEL) as made:
        assert made.context_tokens(Deadline(5)) is None
        assert made.supports().function_call


def test_a_model_that_is_not_there(peer: str) -> None:
    """It is missed in the list, and nothing is asked."""
    with ollama(peer, model="llama3") as made:
        error = failure(made)
    assert (error.category, error.raw_error_code) == ("model", "model_missing")
