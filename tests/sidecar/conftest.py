"""State folders and copies of the model that a test may damage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.sidecar import models, server
from agentos_action.sidecar.plan import Options

# The machine that runs the tests has other things to do beside them.
ONE_THREAD = Options(threads=1, timeout=180.0)


@pytest.fixture
def own_copy(embedded_model: models.Model, tmp_path: Path) -> models.Model:
    """Return the model in a cache of the test's own, so that it may be damaged (a hard link until then)."""
    cache = tmp_path / "models"
    cache.mkdir()
    path = Path(embedded_model.path)
    os.link(path, cache / path.name) if path.stat().st_dev == cache.stat().st_dev else (cache / path.name).symlink_to(
        path
    )
    (cache / f"{embedded_model.name}.json").write_bytes(path.with_name(f"{embedded_model.name}.json").read_bytes())
    return models.find(embedded_model.name, cache)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a state folder; whatever still runs there after the test is stopped."""
    place = tmp_path / "state"
    yield place
    server.stop(place)
