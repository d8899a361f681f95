"""A model to measure with: somebody's server by its address, or the project's own sidecar with the small model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import platformdirs

from agentos_action.errors import UsageError
from agentos_action.records.model import Prompt
from agentos_action.sidecar import models, server
from agentos_action.sidecar.plan import Options

SMALL_MODEL = "smollm2-135m"


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
def embedded_server() -> Iterator[Server]:
    """Run the sidecar with the small model on one thread; installs the model where it is missing."""
    cache = platformdirs.user_cache_path("agentos") / "models"
    try:
        model = models.find(SMALL_MODEL, cache)
    except UsageError:
        model = models.install(SMALL_MODEL, cache=cache)
    with server.running(model, Options(threads=1)) as sidecar:
        yield Server(sidecar.base_url, sidecar.api_key, sidecar.model_name)


def key_from(name: str | None) -> str | None:
    """Return the API key that the environment variable of this name holds."""
    return os.environ.get(name) if name else None
