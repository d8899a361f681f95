"""The client under a server that is odd, slow or hostile; and where the token may go at all."""

from __future__ import annotations

import re
import socket
import threading
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agentos_action.clock import Clock, Deadline
from agentos_action.entry.delivery import TOKENS, forge_of
from agentos_action.errors import DeliveryError
from agentos_action.forge.github import GitHub
from agentos_action.forge.http import Api, check_address
from agentos_action.forge.patience import wait_of
from agentos_action.forge.refusals import ROWS, refusal

TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
NOW = datetime(2026, 11, 21, 3, 15, tzinfo=UTC)


@contextmanager
def saying(*pieces: bytes, pause: float = 0.0) -> Iterator[tuple[str, list[bytes]]]:
    """Serve these bytes to everybody, piece by piece; yields the address and what was asked."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection:
            heard.append(connection.recv(65_536))
            for piece in pieces:
                if ended.wait(pause):
                    return
                try:
                    connection.sendall(piece)
                except OSError:  # the client has had enough
                    return

    def work() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:  # closed by the end of the block
                return
            one(connection)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


def reply(body: bytes, head: str = "HTTP/1.1 200 OK", *more: str) -> bytes:
    lines = [head, "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "pull",
    [
        b'"number": 1e400, "html_url": "https://github.com/o/r/pull/1"',
        b'"number": 9007199254740993, "html_url": "https://github.com/o/r/pull/1"',
        b'"number": 1, "html_url": "https://github.com/o/r/pull/1\\n::error::x"',
        b'"number": 1, "html_url": "javascript:alert(1)"',
        b'"number": 1, "html_url": "https://github.com/o/r/pull/1", "body": "\\ud800"',
    ],
)
def test_what_evidence_and_outputs_cannot_hold_is_another_shape(pull: bytes) -> None:
    rest = b'"state": "open", "title": "T", "head": {"ref": "b", "sha": "0", "repo": null}, "base": {"ref": "main"}'
    with saying(reply(b"{" + rest + b", " + pull + b"}")) as (url, _):
        api = Api(url, TOKEN, Deadline(60), Clock())
        with pytest.raises(DeliveryError) as caught:
            GitHub(api, "o/r").pull(1)
        api.close()
    assert caught.value.raw_error_code == "forge_reply"


def asked(url: str, seconds: float = 60) -> object:
    api = Api(url, TOKEN, Deadline(seconds), Clock())
    try:
        return api.get("/repos/o/r")
    finally:
        api.close()


def code(url: str, seconds: float = 60) -> str | None:
    with pytest.raises(DeliveryError) as caught:
        asked(url, seconds)
    assert caught.value.exit_code == 2
    assert caught.value.hint
    assert TOKEN not in caught.value.message + caught.value.hint
    return caught.value.raw_error_code


def test_a_good_reply_and_what_is_sent() -> None:
    with saying(reply(b'{"default_branch":"main"}')) as (url, heard):
        assert asked(url) == {"default_branch": "main"}
    sent = heard[0].decode()
    assert sent.startswith("GET /repos/o/r HTTP/1.1\r\n")
    assert f"authorization: bearer {TOKEN}".lower() in sent.lower()
    assert "x-github-api-version: 2022-11-28" in sent.lower()


@pytest.mark.parametrize(
    "body",
    [b"<html>", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff{}", b"[" * 100_000, b"", b'{"default_branch":7}', b"[]"],
    ids=["html", "twice", "nan", "bytes", "deep", "nothing", "type", "kind"],
)
def test_what_is_no_strict_json_of_the_shape_is_refused(body: bytes) -> None:
    with saying(reply(body)) as (url, _), pytest.raises(DeliveryError) as caught:
        GitHub(Api(url, TOKEN, Deadline(60), Clock()), "o/r").default_branch()
    assert (caught.value.category, caught.value.raw_error_code) == ("schema", "forge_reply")


def test_a_redirect_is_not_followed() -> None:
    with saying(reply(b"{}")) as (thief, stolen):
        with saying(reply(b"{}", "HTTP/1.1 301 Moved Permanently", f"Location: {thief}/repos/x/y")) as (url, _):
            assert code(url) == "forge_moved"
        assert stolen == []


def test_more_than_a_page_can_be_is_not_read_to_its_end() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    with saying(head, *[b" " * 1_000_000] * 40) as (url, _):
        assert code(url) == "forge_reply"


def test_a_page_full_of_the_longest_texts_is_read() -> None:
    row = b'{"body":"' + "\N{GRINNING FACE}".encode() * 65_536 + b'","more":"' + b"x" * 20_000 + b'"}'
    with saying(reply(b"[" + b",".join([row] * 100) + b"]")) as (url, _):
        found = asked(url, 60)
    assert isinstance(found, list)
    assert len(found) == 100


def test_a_packed_reply_is_not_unpacked() -> None:
    with saying(reply(b"\x1f\x8b", "HTTP/1.1 200 OK", "Content-Encoding: gzip")) as (url, _):
        assert code(url) == "forge_reply"


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_does_not_outlast_the_deadline(where: str) -> None:
    whole = reply(b'{"a":"' + b"x" * 500 + b'"}')
    start = b"" if where == "head" else whole[: whole.index(b"{")]
    drops = [bytes([byte]) for byte in whole[len(start) :]]
    started = time.monotonic()
    with saying(start or b"H", *(drops if start else drops[1:]), pause=0.1) as (url, _):
        assert code(url, 1.0) == "forge_unreachable"
    assert time.monotonic() - started < 15


def test_nobody_there() -> None:
    assert code("http://127.0.0.1:9") == "forge_unreachable"


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with saying(reply(b"{}")) as (url, _):
        assert asked(url) == {}


@pytest.mark.parametrize(
    ("api", "server", "good"),
    [
        ("https://api.github.com", "https://github.com", True),
        ("https://git.example.org/api/v3", "https://git.example.org", True),
        ("https://api.house.ghe.com", "https://house.ghe.com", True),
        ("http://127.0.0.1:4000", "https://github.com", True),
        ("http://api.github.com", "https://github.com", False),
        ("https://api.evil.example", "https://github.com", False),
        ("https://github.com@evil.example", "https://github.com", False),
        ("https://user@github.com", "https://github.com", False),
        ("https://api.github.com?x=1", "https://github.com", False),
        ("https://[", "https://github.com", False),
        ("ftp://127.0.0.1", "https://github.com", False),
        ("", "https://github.com", False),
    ],
)
def test_which_api_gets_the_token(api: str, server: str, *, good: bool) -> None:
    if good:
        check_address(api, server)
        return
    with pytest.raises(DeliveryError, match="may not be sent"):
        check_address(api, server)


@pytest.mark.parametrize("token", ["a b", "a\nb", "ключ"])
def test_a_token_that_cannot_be_sent(token: str) -> None:
    with pytest.raises(DeliveryError, match="cannot be sent") as caught:
        Api("http://127.0.0.1:9", token, Deadline(1), Clock())
    assert token not in caught.value.message


@pytest.mark.parametrize("repository", ["", "o", "o/", "/r", "o/r/x"])
def test_what_names_no_repository(repository: str) -> None:
    with pytest.raises(DeliveryError, match="names no repository"):
        GitHub(Api("http://127.0.0.1:9", TOKEN, Deadline(1), Clock()), repository)


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({"retry-after": "7"}, "", 7),
        ({"retry-after": "Sat, 21 Nov 2026 03:15:30 GMT"}, "", 30),
        ({"retry-after": "soon"}, "", None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()) + 20)}, "", 21),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "", 1),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1"}, "", None),
        ({}, "You have exceeded a secondary rate limit.", 60),
        ({}, "Resource not accessible by integration", None),
    ],
)
def test_how_long_a_limit_is_waited_for(headers: dict[str, str], words: str, seconds: float | None) -> None:
    assert wait_of(headers, words, NOW) == seconds


@pytest.mark.parametrize(
    ("server", "api"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://git.example.org/", "https://git.example.org/api/v3"),
        ("https://octocorp.ghe.com", "https://api.octocorp.ghe.com"),
    ],
)
def test_where_a_server_has_its_api(monkeypatch: pytest.MonkeyPatch, server: str, api: str) -> None:
    for name in ("AGENTOS_API_URL", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_SERVER_URL", server)
    found = forge_of(Namespace()).api_url
    assert found == api
    check_address(found, server)


def test_whose_token_it_is_is_known_of_the_one_that_the_action_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*TOKENS, "AGENTOS_TOKEN_IS_OWN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "one")
    assert (forge_of(Namespace()).token, forge_of(Namespace()).own_token) == ("one", None)
    monkeypatch.setenv("AGENTOS_TOKEN_IS_OWN", "false")
    assert forge_of(Namespace()).own_token is None, "the action's input is empty, and another token is taken"
    monkeypatch.setenv("AGENTOS_INPUT_GITHUB_TOKEN", "two")
    assert (forge_of(Namespace()).token, forge_of(Namespace()).own_token) == ("two", False)
    monkeypatch.setenv("AGENTOS_TOKEN_IS_OWN", "true")
    assert forge_of(Namespace()).own_token is True


def test_every_code_has_its_place_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs/delivery.md").read_text(encoding="utf-8")
    folder = Path(__file__).parents[2] / "agentos_action"
    files = [*(folder / "forge").glob("*.py"), *(folder / "executor").glob("push*.py")]
    codes = {code for file in files for code in re.findall(r'"((?:forge|push)_[a-z0-9_]+)"', file.read_text("utf-8"))}
    assert len(codes) > 25
    assert [code for code in sorted(codes) if f"`{code}`" not in page] == []


def test_every_row_of_the_table_can_be_reached_and_says_what_to_do() -> None:
    assert all(row.said and row.hint for row in ROWS)
    said = {
        "forge_sso": (403, "Resource protected by organization SAML enforcement."),
        "forge_allow_list": (403, "Although you appear to have the correct credentials, the IP allow list is enabled"),
        "forge_archived": (403, "Repository was archived so is read-only."),
        "forge_locked": (403, "Unable to create comment because issue is locked."),
        "forge_exists": (422, "Validation Failed; A pull request already exists for o:b."),
        "forge_no_commits": (422, "Validation Failed; No commits between main and b"),
        "forge_no_drafts": (422, "Draft pull requests are not supported in this repository."),
        "forge_too_fast": (422, "was submitted too quickly"),
        "forge_gone": (410, "This issue was deleted"),
    }
    for wanted, (status, words) in said.items():
        assert refusal(status, words, "POST /x").raw_error_code == wanted
    named = [
        ("forge_exists", 422, "A pull request already exists for o:agentos/read-only-fields."),
        ("forge_no_commits", 422, "No commits between main and agentos/archived"),
        ("forge_permission", 403, "Not associated with an installation"),
        ("forge_permission", 403, "Repository access blocked"),
    ]
    for wanted, status, words in named:
        assert refusal(status, words, "POST /x").raw_error_code == wanted, "what a branch is called is no reason"
