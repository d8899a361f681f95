"""Stored keys and trusted digests: what is written is read again, and a damaged file is told without its content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.settings.credentials import (
    CREDENTIALS_FILE,
    Credential,
    check_key,
    check_name,
    read_credentials,
    remove,
    remove_all,
    store,
    stored_keys,
)
from agentos_action.settings.trust import TRUST_FILE, digest, is_trusted, trust

PLANTED = "planted-key-0123456789"
ONE = Credential("openai", "openai", ("api.openai.com",), PLANTED)


def put(home: Path, name: str, text: str) -> None:
    """Write a file of the user's own."""
    (home / name).write_text(text, encoding="utf-8")
    (home / name).chmod(0o600)
    home.chmod(0o700)


def test_what_is_stored_is_read_again_in_the_published_form(home: Path) -> None:
    assert read_credentials(home) == {}
    assert store(ONE, home, named=False) == ("openai", False)
    assert read_credentials(home) == {"openai": ONE}
    assert stored_keys(home) == (PLANTED,)
    told = json.loads((home / CREDENTIALS_FILE).read_text(encoding="utf-8"))
    assert told == {"openai": {"provider": "openai", "key": PLANTED, "hosts": ["api.openai.com"]}}
    assert PLANTED not in repr(read_credentials(home))


def test_a_name_that_nobody_chose_takes_nobody_s_place(home: Path) -> None:
    store(ONE, home, named=False)
    other = Credential("openai", "openai", ("h:8443", "http://g"), PLANTED)
    assert store(other, home, named=False) == ("openai-h-8443-http-g", False)
    assert store(other, home, named=False) == ("openai-h-8443-http-g", True)
    assert store(ONE, home, named=False) == ("openai", True)
    assert store(other, home, named=True) == ("openai", True)
    assert read_credentials(home)["openai"].hosts == ("h:8443", "http://g")


def test_keys_are_removed_by_name_or_all_at_once(home: Path) -> None:
    assert not remove_all(home)
    store(ONE, home, named=False)
    store(Credential("b", "llamacpp", (), PLANTED), home, named=True)
    remove(["openai", "nobody"], home)
    assert list(read_credentials(home)) == ["b"]
    assert remove_all(home)
    assert read_credentials(home) == {}


def test_a_link_is_removed_and_what_it_leads_to_stays(home: Path) -> None:
    put(home, "other", "x")
    (home / CREDENTIALS_FILE).symlink_to(home / "other")
    with pytest.raises(UsageError, match="is a link"):
        store(ONE, home, named=False)
    assert remove_all(home)
    assert (home / "other").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        f'"{PLANTED}"',
        f'{{"a": "{PLANTED}"}}',
        f'{{"a": {{"provider": "p", "key": "{PLANTED}"}}}}',
        f'{{"a": {{"provider": "p", "key": "{PLANTED}", "hosts": [], "more": 1}}}}',
        f'{{"a": {{"provider": "P!", "key": "{PLANTED}", "hosts": []}}}}',
        f'{{"a": {{"provider": "p", "key": "{PLANTED}", "hosts": [1]}}}}',
        f'{{"a": {{"provider": "p", "key": "{PLANTED}", "hosts": "h"}}}}',
        f'{{"a b": {{"provider": "p", "key": "{PLANTED}", "hosts": []}}}}',
        f'{{"a": {{"provider": "p", "key": ["{PLANTED}"], "hosts": []}}}}',
        f'{{"a": {{"provider": "p", "key": "{PLANTED}\\n", "hosts": []}}, "b": {{}}}}',
        f'{{"a": {{"provider": "p", "key": "{PLANTED}\\u00e9", "hosts": []}}}}',
        f'{{"a": "{PLANTED}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_told_without_its_content(home: Path, text: str) -> None:
    put(home, CREDENTIALS_FILE, text)
    with pytest.raises(UsageError) as caught:
        read_credentials(home)
    assert PLANTED not in f"{caught.value.message} {caught.value.hint}"
    assert CREDENTIALS_FILE in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", " \n", "brief", "a b c d", "k\u00e9y-key", "line1\nline2-key", "x" * 8_193])
def test_what_is_no_key_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_key(text)
    assert not text.strip() or text not in caught.value.message + caught.value.hint


@given(st.text(max_size=40))
def test_a_key_that_is_taken_can_stand_in_a_header(text: str) -> None:
    try:
        key = check_key(text)
    except UsageError:
        return
    assert key == text.strip("\r\n \t")
    assert all("!" <= char <= "~" for char in key)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x:y", "\u00e9", "n" * 101, "a\n"])
def test_a_name_that_no_profile_could_give_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="name of the credential"):
        check_name(name)


def test_trust_is_by_content(home: Path) -> None:
    assert not is_trusted(digest(b"x"), home)
    trust(digest(b"x"), "x.json", home)
    trust(digest(b"y"), "y.json", home)
    assert is_trusted(digest(b"x"), home)
    assert is_trusted(digest(b"y"), home)
    assert not is_trusted(digest(b"x "), home)
    assert (home / TRUST_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["{", "[]", '{"x": "y"}', f'{{"{"0" * 64}": 1}}'])
def test_a_trust_file_that_is_not_as_it_was_written_trusts_nothing(home: Path, text: str) -> None:
    put(home, TRUST_FILE, text)
    with pytest.raises(UsageError, match=r"trusted\.json"):
        is_trusted(digest(b"x"), home)


def test_a_trust_file_that_others_may_write_trusts_nothing(home: Path) -> None:
    trust(digest(b"x"), "x", home)
    (home / TRUST_FILE).chmod(0o666)
    with pytest.raises(UsageError, match="open to other users"):
        is_trusted(digest(b"x"), home)
