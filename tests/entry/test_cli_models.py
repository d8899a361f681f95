"""Models and the sidecar from the command line: a server that really starts, answers behind its key, and stops."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from agentos_action.sidecar import models
from tests.git import make_repo
from tests.runs import cli

pytestmark = pytest.mark.model


def test_an_installed_model_is_listed_and_not_fetched_again(embedded_model: models.Model, tmp_path: Path) -> None:
    listed = json.loads(cli("model", "list", "--json", cwd=tmp_path).stdout)["models"]
    assert embedded_model.name in [model["name"] for model in listed]
    again = cli("model", "install", "smollm2-135m", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["sha256"] == embedded_model.sha256


def test_a_gguf_of_ones_own_needs_the_right_digest(embedded_model: models.Model, tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    name = ("--name", "own")
    wrong = cli("model", "install", embedded_model.path, "--sha256", "0" * 64, *name, cwd=tmp_path, env=env)
    assert wrong.returncode == 2
    assert cli("model", "list", "--json", cwd=tmp_path, env=env).stdout == '{"models": []}\n'
    right = cli(
        "model", "install", embedded_model.path, "--sha256", embedded_model.sha256, *name, cwd=tmp_path, env=env
    )
    assert right.returncode == 0, right.stderr
    assert "own" in cli("model", "list", cwd=tmp_path, env=env).stdout


@pytest.mark.usefixtures("embedded_model")
def test_a_sidecar_starts_serves_a_run_and_stops(tmp_path: Path) -> None:
    env = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert cli("sidecar", "status", cwd=tmp_path, env=env).returncode == 1
    started = cli("sidecar", "start", "--threads", "1", "--json", cwd=tmp_path, env=env)
    try:
        said = json.loads(started.stdout)
        assert (started.returncode, said["state"]) == (0, "running")
        key = Path(said["key_file"]).read_text(encoding="utf-8").strip()
        assert key not in " ".join(psutil.Process(said["pid"]).cmdline())
        assert cli("sidecar", "status", cwd=tmp_path, env=env).returncode == 0
        ask = ("tool", "health", "--base-url", said["base_url"], "--json")
        denied = json.loads(cli(*ask, cwd=tmp_path, env=env).stdout)
        assert (denied["status"], denied["error_category"]) == ("invalid_token", "auth")
        health = json.loads(cli(*ask, cwd=tmp_path, env={**env, "LLAMACPP_API_KEY": key}).stdout)
        assert (health["status"], health["probe_step"], health["error_category"]) == ("connected", "shape", None)
        repo = make_repo(tmp_path / "repo", {"m.py": "def area(width, height):\n    return width * height\n"})
        run = ("run", "--recipe", "docstrings", "--provider", "llamacpp", "--base-url", said["base_url"], "--json")
        report = json.loads(cli(*run, cwd=repo, env={**env, "LLAMACPP_API_KEY": key}).stdout)
        assert report["status"] == "committed", report
        for file in Path(report["evidence"]).rglob("*"):
            assert not file.is_file() or key.encode() not in file.read_bytes()
    finally:
        stopped = cli("sidecar", "stop", cwd=tmp_path, env=env)
    assert stopped.returncode == 0
    # Whoever adopted it (in a container perhaps nobody) may not have collected what is left of it.
    assert not psutil.pid_exists(said["pid"]) or psutil.Process(said["pid"]).status() == psutil.STATUS_ZOMBIE
    assert cli("sidecar", "status", cwd=tmp_path, env=env).returncode == 1
