"""Adapters of any provider for a server on loopback, official services reached through a proxy of ours, recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.registry import create
from agentos_action.records.profile import Profile

from .faulty import Behaviour, FaultyServer, Request, reply

RECORDED = Path(__file__).parent / "recorded"


@contextmanager
def served(
    provider: str, base_url: str | None, *, key: str | None = None, note: str = "", **more: object
) -> Iterator[Adapter]:
    """Build the adapter of a provider and close it afterwards."""
    profile = Profile.model_validate({"provider": provider, "name": provider, "base_url": base_url, **more})
    made = create(profile, AdapterParts(api_key=key, key_note=note))
    try:
        yield made
    finally:
        made.close()


def through(faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every host be reached through the server, as a proxy in the environment: nothing leaves the machine."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, faulty.base_url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def bodies(faulty: FaultyServer, path: str) -> list[dict[str, object]]:
    """Return the JSON bodies that a path was sent."""
    return [json.loads(request.body) for request in faulty.seen if request.path == path]


def posts(faulty: FaultyServer) -> list[Request]:
    """Return the requests that asked for an answer."""
    return [request for request in faulty.seen if request.method == "POST"]


def recorded(name: str) -> Behaviour:
    """Answer as a real server did: its status, its content type, its body."""
    told = json.loads((RECORDED / f"{name}.json").read_text())
    return reply(told["body"], status=told["status"], kind=told["content_type"])
