"""A run among several instances of one provider: which is asked, which is not, and what the evidence tells."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentos_action.pipeline.run import run
from agentos_action.records.observer import Nobody
from agentos_action.records.run import ModelWish, RunReport
from agentos_action.sidecar import models, server
from agentos_action.sidecar.launch import Sidecar
from agentos_action.sidecar.plan import Options
from agentos_action.wiring import parts
from tests.adapters.faulty import CHAT, MODELS, FaultyServer, chunk, model_list, reply, sse, stream
from tests.git import make_repo
from tests.runs import diff_answer, request, tape_of

ELSEWHERE = "http://models.example.org"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n"})


@pytest.fixture
def pair() -> Iterator[tuple[FaultyServer, FaultyServer]]:
    """Start two servers that give a good answer; the first has the model `small`, the second `big` and `small`."""
    with FaultyServer() as first, FaultyServer() as second:
        for one, names in ((first, ("small",)), (second, ("big", "small"))):
            one.at[MODELS] = reply(model_list(*names))
            one.at["/props"] = reply({"default_generation_settings": {"n_ctx": 8192}})
            text = diff_answer("a.txt", "one", "1")
            one.at[CHAT] = stream(sse(chunk(text, model=names[0]), chunk(..., "stop", names[0])))
        yield first, second


def instances(home: Path, *urls: str, **more: Any) -> None:
    """Write the user's profile of llama.cpp: the shipped instances stand elsewhere in it."""
    first, *others = urls
    named = ["qwen3-coder-30b", "third", "fourth"]
    listed = [{"name": name, "base_url": url} for name, url in zip(named, others, strict=False)]
    profile = {"provider": "llamacpp", "name": "llamacpp", "base_url": first, "instances": listed, **more}
    (home / "profiles").mkdir(exist_ok=True)
    (home / "profiles/llamacpp.json").write_text(json.dumps(profile))


def asked(repo: Path, home: Path, model: str | None = None, **wish: Any) -> RunReport:
    """Run once."""
    flags = ModelWish(provider="llamacpp", model=model, **wish)
    return run(request(repo, home.parent, flags=flags, home=home, timeout=60.0), parts(), Nobody())


def lists(*servers: FaultyServer) -> list[int]:
    """Return how often each server was asked for its models."""
    return [sum(one.path == MODELS for one in server.seen) for server in servers]


def health_of(report: RunReport) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the health event and the summary of a run."""
    (event,) = [event for event in tape_of(report) if event["event"] == "health_check"]
    return event, json.loads(Path(report.evidence or "", "reports/health_summary.json").read_text())


def test_the_instance_that_has_the_model_answers(
    repo: Path, home: Path, pair: tuple[FaultyServer, FaultyServer]
) -> None:
    instances(home, pair[0].base_url, pair[1].base_url)
    report = asked(repo, home, "big")
    assert (report.status, report.model_id) == ("committed", "big"), report
    assert lists(*pair) == [1, 1]
    assert not [one for one in pair[0].seen if one.path == CHAT]
    event, summary = health_of(report)
    assert (event["adapter_id"], event["instance"]) == ("llamacpp:qwen3-coder-30b", "qwen3-coder-30b")
    assert (event["endpoint"], event["probe_step"], event["instances_asked"]) == (pair[1].address, "model", 2)
    assert [one["status"] for one in summary["instances"]] == ["model_missing", "connected"]
    assert summary["health"] == summary["instances"][1]


def test_without_a_model_the_first_ready_one_answers(
    repo: Path, home: Path, pair: tuple[FaultyServer, FaultyServer]
) -> None:
    instances(home, "http://127.0.0.1:9", pair[0].base_url, pair[1].base_url)
    report = asked(repo, home)
    assert (report.status, report.model_id, lists(*pair)) == ("committed", "small", [1, 1])


@pytest.mark.parametrize("named", ["instance", "base_url"])
def test_who_is_named_is_the_only_one_asked(
    repo: Path, home: Path, pair: tuple[FaultyServer, FaultyServer], named: str
) -> None:
    instances(home, pair[0].base_url, pair[1].base_url)
    wish = {"instance": "qwen3-coder-30b"} if named == "instance" else {"base_url": pair[1].base_url}
    report = asked(repo, home, "big", **wish)
    assert (report.status, lists(*pair)) == ("committed", [0, 1])
    assert "instances" not in health_of(report)[1]


def test_a_model_that_nobody_has_is_told_with_what_there_is(
    repo: Path, home: Path, pair: tuple[FaultyServer, FaultyServer]
) -> None:
    instances(home, pair[0].base_url, pair[1].base_url)
    report = asked(repo, home, "wanted")
    assert (report.exit_code, report.error_category, report.raw_error_code) == (3, "model", "model_missing")
    assert report.message == "No instance of llamacpp has 'wanted'"
    assert "llamacpp: small; llamacpp:qwen3-coder-30b: big, small." in report.hint
    assert lists(*pair) == [1, 1]


def test_another_model_only_by_the_profile_and_never_silently(
    repo: Path, home: Path, pair: tuple[FaultyServer, FaultyServer]
) -> None:
    instances(home, pair[0].base_url, pair[1].base_url, on_missing_model="first_ready")
    had = asked(repo, home, "big")
    assert (had.model_id, had.findings) == ("big", ())
    report = asked(make_repo(home / "second", {"a.txt": "one\n"}), home, "wanted")
    assert (report.status, report.model_id, report.requested_model) == ("committed", "small", "wanted")
    (warning,) = report.findings
    assert (warning.id, warning.severity) == ("model.other", "warning")
    assert "small is ready at" in warning.hint
    event, summary = health_of(report)
    assert (event["status"], event["requested_model"]) == ("connected", "wanted")
    assert [one["status"] for one in summary["instances"]] == ["connected", "model_missing"]


def test_where_the_policy_lets_no_prompt_go_nobody_is_asked(
    tmp_path: Path, home: Path, pair: tuple[FaultyServer, FaultyServer]
) -> None:
    policy = '[model]\nallow = ["local"]\n'
    repo = make_repo(tmp_path / "bounded", {"a.txt": "one\n", "agentos.toml": policy})
    instances(home, ELSEWHERE, pair[1].base_url)
    report = asked(repo, home, "big")
    assert (report.status, lists(pair[1])) == ("committed", [1])
    (told,) = report.findings
    assert not told.hint.startswith("It is")
    assert (told.id, told.severity) == ("model.left-out", "warning")
    assert told.message == "llamacpp:llamacpp is not asked: the policy does not let prompts go to models.example.org"
    event, _ = health_of(report)
    assert event["instances_asked"] >= 1
    instances(home, ELSEWHERE, ELSEWHERE)
    refused = asked(repo, home, "big")
    assert (refused.exit_code, refused.message) == (
        2,
        "the policy does not let prompts go to models.example.org",
    )


def test_nobody_there_is_the_fault_of_the_first(repo: Path, home: Path) -> None:
    instances(home, "http://127.0.0.1:9", "http://127.0.0.1:9")
    report = asked(repo, home, "big")
    assert (report.exit_code, report.error_category, report.raw_error_code) == (3, "network", "connect_refused")
    assert report.message == "Nothing answers at 127.0.0.1:9"
    assert "llamacpp:qwen3-coder-30b: unreachable (connect_refused)" in report.hint


@pytest.mark.model
def test_two_real_servers_with_names_of_their_own(
    repo: Path, home: Path, llama: Sidecar, embedded_model: models.Model
) -> None:
    other = dataclasses.replace(embedded_model, name="other-name")
    with server.running(other, Options(threads=1, timeout=120.0)) as second:
        profile = {
            "provider": "llamacpp",
            "name": "llamacpp",
            "base_url": llama.base_url,
            "api_key_ref": "env:FIRST_KEY",
            "params": {"max_tokens": 8},
            "instances": [
                {"name": "qwen3-coder-30b", "base_url": second.base_url, "api_key_ref": "env:SECOND_KEY"},
            ],
        }
        (home / "profiles").mkdir()
        (home / "profiles/llamacpp.json").write_text(json.dumps(profile))
        keys = {"FIRST_KEY": llama.api_key, "SECOND_KEY": second.api_key}
        flags = ModelWish(provider="llamacpp", model="other-name")
        asking = request(repo, home.parent, flags=flags, home=home, api_keys=keys, timeout=60.0)
        report = run(asking, parts(), Nobody())
    event, summary = health_of(report)
    assert (event["status"], event["instance"], event["models"]) == ("connected", "qwen3-coder-30b", ["other-name"])
    assert [one["status"] for one in summary["instances"]] == ["model_missing", "connected"]
    # What a model of this size proposes is no patch; that it was this server's answer is the point.
    started = [event for event in tape_of(report) if event["event"] == "tool_dispatch_started"]
    assert started[0]["adapter_id"] == "llamacpp:qwen3-coder-30b"
