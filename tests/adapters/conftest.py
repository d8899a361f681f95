"""The servers of these tests: llama.cpp's own, started once a session, and one that misbehaves on request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from agentos_action.sidecar import models, server
from agentos_action.sidecar.plan import Options

from .faulty import FaultyServer


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
