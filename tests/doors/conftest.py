"""Shared by the tests of the hooks: one clone, and so one environment that pre-commit makes."""

from __future__ import annotations

import os

import pytest

from tests.doors.clone import Clone, clone_in


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a copy of this working tree as a repository, with a pre-commit home that begins empty."""
    base = tmp_path_factory.getbasetemp()
    # Beside each other's folders where several processes run the tests.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return clone_in(shared / "precommit", tmp_path_factory.mktemp("clone"))
