"""Secrets leave no text in any usual spelling, and ordinary text stays as it is."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agentos_action.redact import SHORTEST, Redactor, token_lines

TOKENS = {
    "github-token": "ghp_" + "a1B2" * 9,
    "gitlab-token": "glpat-" + "a1B2" * 5,
    "anthropic-key": "sk-ant-" + "a1B2" * 8,
    "openai-key": "sk-proj-" + "a1B2" * 8,
    "aws-key": "AKIA" + "A1B2" * 4,
    "slack-token": "xoxb-" + "12345-" * 4 + "a",
    "google-key": "AIza" + "a1B2_" * 7,
    "stripe-key": "sk_live_" + "a1B2" * 6,
    "npm-token": "npm_" + "a1B2" * 9,
    "pypi-token": "pypi-" + "a1B2" * 15,
    "jwt": "eyJ" + "a1B2" * 4 + ".eyJ" + "a1B2" * 4 + "." + "a1B2" * 4,
}
BODY = "".join(f"MIIEowIBAAKCAQEA{number:048d}\n" for number in range(4))
PLAIN_KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}-----END RSA PRIVATE KEY-----\n"
ENCRYPTED_KEY = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n"
    f"{BODY}-----END RSA PRIVATE KEY-----\n"
)


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_of_a_known_shape_is_replaced_and_its_kind_named(kind: str) -> None:
    clean = Redactor().text(f"x = '{TOKENS[kind]}'\n")
    assert TOKENS[kind] not in clean
    assert clean == f"x = '[redacted:{kind}]'\n"
    assert token_lines(f"\n\nx = '{TOKENS[kind]}'\n") == [(3, kind)]


@pytest.mark.parametrize("key", [PLAIN_KEY, ENCRYPTED_KEY, PLAIN_KEY.replace("\n", "\n+"), ENCRYPTED_KEY * 2])
def test_a_private_key_goes_with_its_body(key: str) -> None:
    clean = Redactor().text(f"before\n{key}after\n")
    assert "MIIEowIBAAKCAQEA" not in clean
    assert "[redacted:private-key]" in clean
    assert clean.startswith("before\n")
    assert clean.endswith("after\n")


def test_text_between_two_private_keys_stays() -> None:
    assert "in between" in Redactor().text(f"{PLAIN_KEY}in between\n{PLAIN_KEY}")


def test_many_openings_without_an_end_are_no_trap_for_time() -> None:
    text = "-----BEGIN PRIVATE KEY-----\n" * 20_000
    assert "BEGIN" not in Redactor().text(text)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://me:pw@host/x", "https://[redacted:userinfo]@host/x"),
        ("https://token@host", "https://[redacted:userinfo]@host"),
        ("https://host/a@b", "https://host/a@b"),
        ("mail ada@example.org", "mail ada@example.org"),
    ],
)
def test_userinfo_in_a_url_is_replaced(url: str, clean: str) -> None:
    assert Redactor().text(url) == clean


SECRETS = st.text(st.characters(codec="utf-8"), min_size=SHORTEST, max_size=30)


@given(SECRETS, st.text(max_size=10), st.text(max_size=10))
def test_a_configured_secret_leaves_in_every_spelling(secret: str, before: str, after: str) -> None:
    assume(secret not in "[redacted:secret]")
    redact = Redactor([secret]).text
    raw = secret.encode()
    spellings = {
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, safe=""),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode(),
    }
    for spelling in spellings:
        assert redact(f"§{spelling}§") in {"§[redacted:secret]§", redact("§") + "[redacted:secret]" + redact("§")}
        assume(secret not in before + after)
        assert "[redacted:secret]" in redact(f"{before}{spelling}{after}")


def test_of_two_secrets_the_longer_goes_first() -> None:
    assert Redactor(["secret", "secret-and-more"]).text("secret-and-more") == "[redacted:secret]"


def test_a_short_value_is_no_secret() -> None:
    assert Redactor(["abc"]).text("abcdef") == "abcdef"


def test_a_secret_that_is_not_utf8_is_replaced_too() -> None:
    secret = b"caf\xe9-secret".decode("utf-8", "surrogateescape")
    assert Redactor([secret]).text(f"x {secret} y") == "x [redacted:secret] y"


@given(st.text(alphabet="abc def\n.,()=+-_/'\"0123", max_size=200))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert Redactor().text(text) == text
    assert token_lines(text) == []


@given(st.text(st.characters(exclude_categories=()), max_size=100), st.lists(st.text(), max_size=3))
def test_redaction_never_raises_and_is_stable(text: str, secrets: list[str]) -> None:
    known = [secret for secret in secrets if secret not in "[redacted:secret]" * 2]
    redact = Redactor(known).text
    assert isinstance(redact(text), str)
    assert Redactor().text(Redactor().text(text)) == Redactor().text(text)


def test_token_lines_come_in_order_with_every_hit() -> None:
    text = f"{TOKENS['npm-token']}\nx\n{TOKENS['aws-key']} {TOKENS['github-token']}\n"
    assert token_lines(text) == [(1, "npm-token"), (3, "aws-key"), (3, "github-token")]


def test_a_token_behind_an_escape_of_a_json_text_is_seen() -> None:
    token = "ghp_" + "A" * 36
    for text in (f'{{"new": "one\\n{token}"}}', f'{{"new": "one\\\\n{token}"}}', f"x {token}"):
        assert token not in Redactor().text(text)
    assert Redactor().text(f"no{token}") == f"no{token}"
