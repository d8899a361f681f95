"""A server that misbehaves ends the run as `tool_failed`, with its category, its evidence and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.records.run import ModelWish
from tests.adapters.faulty import CHAT, LOADING, MODEL, MODELS, FaultyServer, chunk, reply, reset, sse, stall, stream
from tests.git import make_repo
from tests.runs import scripted, state_of, tape_of


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n"})


@pytest.mark.parametrize(
    ("path", "behaviour", "category", "code"),
    [
        (CHAT, reply(b"<html>hi</html>", kind="text/html"), "schema", "wrong_content_type"),
        (CHAT, stream(sse(chunk("```diff", "length"))), "model", "answer_cut"),
        (CHAT, stream(sse(chunk("Hi"), end=b"")), "network", "stream_cut"),
        (CHAT, reset(b""), "network", "connection_lost"),
        (CHAT, stall, "network", "timeout"),
        # The last question before the deadline may itself run into it on a busy machine.
        (MODELS, LOADING, "network", "loading|timeout"),
        (MODELS, reply({"object": "list", "data": []}), "model", "model_missing"),
        (MODELS, stall, "network", "timeout"),
    ],
)
def test_the_fault_is_told_and_nothing_changes(
    server: FaultyServer, repo: Path, tmp_path: Path, path: str, behaviour: object, category: str, code: str
) -> None:
    server.at[path] = behaviour  # type: ignore[assignment]
    before = state_of(repo)
    flags = ModelWish(provider="llamacpp", base_url=server.base_url)
    seconds = 3.0 if "timeout" in code else 60.0
    small = {"edit_format": "unified_diff", "timeout": seconds, "home": profile_home(tmp_path)}
    report = scripted(repo, tmp_path, "", flags=flags, **small)
    assert (report.status, report.exit_code) == ("tool_failed", 3), report.message
    assert report.error_category == category
    assert report.raw_error_code in code.split("|")
    assert report.hint
    assert state_of(repo) == before
    assert verify_bundle(Path(report.evidence or "")).problems == ()
    assert tape_of(report)[-1]["error_category"] == category


def profile_home(tmp_path: Path) -> Path:
    """Return a home whose llamacpp profile asks for short answers, so that a prompt fits the small context."""
    home = tmp_path / "own-home"
    (home / "profiles").mkdir(parents=True)
    profile = '{"provider": "llamacpp", "name": "small", "params": {"max_tokens": 16}, "model": "%s"}'
    (home / "profiles" / "llamacpp.json").write_text(profile % MODEL, encoding="utf-8")
    return home


def test_another_model_than_the_one_asked_for_is_refused(server: FaultyServer, repo: Path, tmp_path: Path) -> None:
    flags = ModelWish(provider="llamacpp", base_url=server.base_url, model="gpt-9")
    report = scripted(repo, tmp_path, "", flags=flags, timeout=60.0)
    assert (report.status, report.error_category, report.raw_error_code) == ("tool_failed", "model", "model_missing")
    assert MODEL in f"{report.message} {report.hint}"
    assert report.requested_model == "gpt-9"
