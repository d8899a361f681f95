"""Building adapters: the table of providers, addresses, keys, and what an import costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agentos_action.adapters.base import AdapterParts
from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.faults import FAULTS, Code
from agentos_action.adapters.registry import PROVIDERS, create
from agentos_action.errors import UsageError
from agentos_action.records.profile import Profile

from .building import profile


def test_unknown_provider_lists_what_there_is() -> None:
    """The hint names every provider."""
    with pytest.raises(UsageError) as caught:
        create(Profile(provider="lmstudio2", name="x"))
    assert caught.value.hint == f"Choose one of: {', '.join(sorted(PROVIDERS))}."


@pytest.mark.parametrize("module", ["registry", "scripted", "base", "faults", "probe"])
def test_importing_costs_no_http(module: str) -> None:
    """A hook that uses no server does not pay for httpx."""
    code = f"import agentos_action.adapters.{module}, sys; sys.exit('httpx' in sys.modules or 'ssl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_identity_of_an_instance() -> None:
    """A profile with a name of its own is an instance of its provider."""
    made = create(profile(None, name="qwen3-coder"))
    assert (made.adapter_id, made.provider, made.instance) == ("llamacpp:qwen3-coder", "llamacpp", "qwen3-coder")
    assert made.endpoint == "127.0.0.1:8080"
    made.close()


@pytest.mark.parametrize(
    ("base_url", "root", "label", "loopback"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://localhost:1/v1/", "http://localhost:1", "localhost:1", True),
        ("HTTP://[::1]:8080/v1", "http://[::1]:8080", "[::1]:8080", True),
        ("https://a.example/llama/v1", "https://a.example/llama", "a.example", False),
        ("https://127.0.0.1.example.org", "https://127.0.0.1.example.org", "127.0.0.1.example.org", False),
    ],
)
def test_base_urls(base_url: str, root: str, label: str, loopback: bool) -> None:  # noqa: FBT001 - a column
    """With or without `/v1` and slash it is the same server; only host and port are ever shown."""
    endpoint = parse_endpoint(base_url)
    assert (endpoint.root, endpoint.label, endpoint.loopback) == (root, label, loopback)
    assert endpoint.path not in repr(endpoint) or endpoint.path == ""


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@host",
        "http://user@host",
        "http://host/?key=secret",
        "http://host/#secret",
        "http://host:0",
        "http://host:99999",
        "http://host:abc",
        "http://ho st",
        "http://host\n",
        "http://host\\@evil",
        "http://[::1",
        "http://h\u00f6st",
        "http://-a..b/",
        "http://a%zz/",
        "http://[::1%25lo]",
        "http://[fe80::1%lo]",
        "http://[v1.a]",
    ],
)
def test_bad_base_urls(base_url: str) -> None:
    """A bad address is a usage error that does not repeat what it held."""
    with pytest.raises(UsageError) as caught:
        create(profile(base_url))
    assert "secret" not in str(caught.value)
    assert caught.value.category == "config"


@pytest.mark.parametrize("key", ["with blank", "line\n", "h\u00f6"])
def test_bad_keys(key: str) -> None:
    """A key that no header can carry is refused before anything is sent, and not shown."""
    with pytest.raises(UsageError) as caught:
        create(profile(None), AdapterParts(api_key=key))
    assert key not in str(caught.value)


def test_a_proxy_of_an_unknown_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy address that cannot be used is said at once."""
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:9")
    with pytest.raises(UsageError, match="proxy"):
        create(profile("http://models.example.org"))


def test_every_code_has_its_row() -> None:
    """The table that the documentation is made of is complete, and says what to do."""
    assert set(FAULTS) == set(Code)
    assert all(row.says.endswith(".") and row.todo.endswith(".") for row in FAULTS.values())
