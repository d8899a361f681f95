"""The power boundary, for every model that is reached over HTTP: measured before and after, and told as measured."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agentos_action.pipeline.run import run
from agentos_action.records.observer import Nobody
from agentos_action.records.run import ModelWish, RunReport
from agentos_action.wiring import parts
from tests.adapters.dialects import ANTHROPIC, DIALECTS, LLAMACPP, OLLAMA, OPENAI, Dialect
from tests.adapters.faulty import MODEL, Behaviour, FaultyServer, Request, reply
from tests.git import git, make_repo
from tests.runs import diff_answer, request, tape_of

KEYS = {"OPENAI_API_KEY": "sk-of-the-tests", "ANTHROPIC_API_KEY": "of-the-tests"}
RULES = {
    "path": LLAMACPP.ask,
    "request": {"messages": "{messages}", "max_tokens": "{max_tokens}"},
    "response_path": "/choices/0/message/content",
    "model_path": "/model",
}


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    """Start a server that speaks as a test tells it to."""
    with FaultyServer() as server:
        yield server


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "repo", {"a.txt": "one\n"})


def answering(dialect: Dialect) -> Behaviour:
    """Return a good answer of this protocol that changes one file."""
    said = json.dumps(diff_answer("a.txt", "one", "1"))[1:-1].encode()
    return dialect.stream(dialect.good().replace(b"Hello", said).replace(b" you", b"\\n"))


def meddling(behaviour: Behaviour, repo: Path) -> Behaviour:
    """Answer well, and change the repository's configuration beside."""

    def behave(connection: socket.socket, asked: Request) -> None:
        with (repo / ".git/config").open("a") as file:
            file.write("[alias]\n\tx = !touch owned\n")
        behaviour(connection, asked)

    return behave


def asked(repo: Path, tmp_path: Path, dialect: Dialect, server: FaultyServer) -> RunReport:
    """Run with the protocol's provider through a profile of the user's."""
    home = tmp_path / "home"
    (home / "profiles").mkdir(parents=True)
    named = {"provider": dialect.provider, "name": "house", "base_url": server.base_url, "model": MODEL}
    (home / "profiles/house.json").write_text(json.dumps({**named, **dialect.profile}))
    flags = ModelWish(profile="house")
    return run(request(repo, tmp_path, flags=flags, home=home, api_keys=KEYS, timeout=20.0), parts(), Nobody())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_tool_that_touches_nothing(repo: Path, tmp_path: Path, dialect: Dialect, faulty: FaultyServer) -> None:
    faulty.at = {**dialect.paths(), dialect.ask: answering(dialect)}
    report = asked(repo, tmp_path, dialect, faulty)
    assert report.status == "committed", report.message
    boundary = next(event for event in tape_of(report) if event["event"] == "boundary_checked")
    told = (boundary["status"], boundary["wrote_files"], boundary["committed"], boundary["changed"])
    assert told == ("success", False, False, [])
    assert git(repo, "show", "HEAD:a.txt") == "1\n"


@pytest.mark.parametrize("dialect", [LLAMACPP, OPENAI, ANTHROPIC, OLLAMA], ids=lambda dialect: dialect.name)
def test_a_repository_that_changes_meanwhile(
    repo: Path, tmp_path: Path, dialect: Dialect, faulty: FaultyServer
) -> None:
    faulty.at = {**dialect.paths(), dialect.ask: meddling(answering(dialect), repo)}
    head = git(repo, "rev-parse", "HEAD")
    report = asked(repo, tmp_path, dialect, faulty)
    assert (report.status, report.exit_code) == ("boundary_violated", 5)
    assert (report.error_category, report.raw_error_code, report.commit) == ("runtime", "boundary_violated", None)
    boundary = next(event for event in tape_of(report) if event["event"] == "boundary_checked")
    assert boundary["changed"] == [{"area": "config", "path": "config"}]
    assert boundary["wrote_files"] is True
    assert git(repo, "rev-parse", "HEAD") == head


def test_a_server_of_another_kind(repo: Path, tmp_path: Path, faulty: FaultyServer) -> None:
    """What a profile alone describes is measured like the others."""
    whole = {"choices": [{"message": {"content": diff_answer("a.txt", "one", "1")}}], "model": MODEL}
    faulty.at = {LLAMACPP.ask: meddling(reply(whole), repo)}
    report = asked(repo, tmp_path, replace(LLAMACPP, provider="local_http", profile={"http": RULES}), faulty)
    assert (report.status, report.commit) == ("boundary_violated", None), report.message
