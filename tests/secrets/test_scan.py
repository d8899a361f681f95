"""The scan: which lines, which kinds, what the base lets stand, and what is imported for it."""

from __future__ import annotations

import hashlib
import json
import random
import string
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.patches.parse import to_patch
from agentos_action.records.leak import Leak
from agentos_action.records.patch import FileChange, FileVersion
from agentos_action.redact import Redactor
from agentos_action.secrets.scan import scan
from tests.bases import Files

NOISE = random.Random(20)
HEX = "0123456789abcdef"
WORD = string.ascii_letters + string.digits
BASE64 = WORD + "+/"


def drawn(length: int, alphabet: str = WORD) -> str:
    return "a1B2"[: 4 if alphabet == WORD else 0] + "".join(NOISE.choices(alphabet, k=length))[alphabet == WORD and 4 :]


BODY = "\n".join(drawn(64, BASE64) for _ in range(3))
TOKEN = "ghp_" + drawn(36)

SHAPES = {
    "github-token": [f"{start}_{drawn(36)}" for start in ("ghp", "gho", "ghu", "ghs", "ghr")]
    + ["github_pat_" + drawn(22) + "_" + drawn(59)],
    "gitlab-token": [f"{start}-{drawn(20)}" for start in ("glpat", "gldt", "glrt", "glcbt", "glsoat")],
    "slack-token": ["xoxb-1234567890-1234567890-" + drawn(24), "xapp-1-A0123-4567-" + drawn(64, HEX)],
    "slack-webhook": ["https://hooks.slack.com/services/T0A1B2C3D/B0A1B2C3D/" + drawn(24)],
    "aws-key": ["AKIA" + drawn(16, "ABCDEFGHIJ234567"), "ASIA" + drawn(16, "ABCDEFGHIJ234567")],
    "anthropic-key": ["sk-ant-api03-" + drawn(93)],
    "openai-key": ["sk-" + drawn(48), "sk-proj-" + drawn(100)],
    "stripe-key": ["sk_live_" + drawn(24), "rk_test_" + drawn(24)],
    "google-key": ["AIza" + drawn(35)],
    "npm-token": ["npm_" + drawn(36), "//npm.example/:_authToken=0a1b2c3d-1111-2222-3333-0a1b2c3d4e5f"],
    "pypi-token": ["pypi-AgEIcHlwaS5vcmc" + drawn(120)],
    "sendgrid-key": [f"SG.{drawn(22)}.{drawn(43)}"],
    "huggingface-token": ["hf_" + drawn(34)],
    "digitalocean-token": ["dop_v1_" + drawn(64, HEX)],
    "docker-token": ["dckr_pat_" + drawn(27)],
    "databricks-token": ["dapi" + drawn(32, HEX)],
    "twilio-key": ["SK" + drawn(32, HEX)],
    "discord-token": [f"M{drawn(23)}.{drawn(6)}.{drawn(27)}"],
    "telegram-token": ["1234567890:AA" + drawn(33)],
    "azure-key": [f"AccountKey={drawn(86, BASE64)}=="],
    "private-key": [
        "AGE-SECRET-KEY-1" + drawn(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"),
        f"PrivateKey = {drawn(43, BASE64)}=",
    ],
}


def leaks(new: str, old: str | None = None, *, path: str = "a", deep: bool = False, **base: str) -> tuple[Leak, ...]:
    before = None if old is None else FileVersion(old.encode())
    patch = to_patch([FileChange(path if before else None, path, before, FileVersion(new.encode()))])
    files = {name.replace("__", "."): text for name, text in base.items()} | ({path: old} if old is not None else {})
    return scan(patch.files, Files(files), deep=deep)


def baseline(path: str, *secrets: str) -> str:
    found = [{"hashed_secret": hashlib.sha1(secret.encode()).hexdigest()} for secret in secrets]  # noqa: S324
    return json.dumps({"results": {path: found}})


@pytest.mark.parametrize(("kind", "token"), [(kind, token) for kind, tokens in SHAPES.items() for token in tokens])
def test_a_token_is_found_in_its_line_with_its_kind(kind: str, token: str) -> None:
    assert leaks(f"first\nx = '{token}'\nlast\n") == (Leak("a", 2, kind),)
    assert leaks(f"first\nx = '{token}'\nlast\n", deep=True) == (Leak("a", 2, kind),)


@pytest.mark.parametrize(
    "key",
    [
        f"-----BEGIN OPENSSH PRIVATE KEY-----\n{BODY}\n-----END OPENSSH PRIVATE KEY-----",
        (
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,01\n\n"
            f"{BODY}\n-----END RSA PRIVATE KEY-----"
        ),
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{BODY}\n-----END PGP PRIVATE KEY BLOCK-----",
        f'---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "me"\n{BODY}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----',
        f"    -----BEGIN PRIVATE KEY-----\n    {BODY}\n",
        '"-----BEGIN PRIVATE KEY-----\\n" +\n"' + BODY.replace("\n", '\\n" +\n"') + '"\n',
        f"Private-Lines: 3\n{BODY}\nPrivate-MAC: 00",
    ],
)
def test_a_private_key_of_any_kind_is_one_leak_at_its_header(key: str) -> None:
    assert leaks(f"first\n{key}\nlast\n", deep=True) == (Leak("a", 2, "private-key"),)


def test_a_key_whose_header_stood_there_is_found_at_its_first_new_line() -> None:
    old = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n"
    new = old.replace(BODY, "\n".join(drawn(64, BASE64) for _ in range(3)))
    assert leaks(new, old) == (Leak("a", 2, "private-key"),)
    assert leaks(f"title\n{old}", old) == ()


def test_the_base_may_mark_a_secret_beside_it_or_above_it() -> None:
    for old in (f"{TOKEN}  # pragma: allowlist secret\n", f"# pragma: allowlist nextline secret\n{TOKEN}\n"):
        assert leaks(f"{old}again {TOKEN}\n", old) == ()
        assert leaks("ghp_" + drawn(36) + "  # pragma: allowlist secret\n", old) != ()
    assert leaks(f"{TOKEN}  # nosec\nagain {TOKEN}\n", f"{TOKEN}  # nosec\n") != ()


def test_the_baseline_counts_for_its_file_and_its_secret() -> None:
    assert leaks(f"{TOKEN}\n", __secrets__baseline=baseline("a", TOKEN)) == ()
    assert leaks(f"{TOKEN}\n", __secrets__baseline=baseline("b", TOKEN)) != ()
    assert leaks(f"{TOKEN}\n", __secrets__baseline="{") != ()
    assert leaks(f"{TOKEN}\n", __secrets__baseline='{"results": {"a": 1}}') != ()


def test_a_hash_of_a_first_word_lets_stand_only_what_stood_there() -> None:
    listed = baseline("a", "ghp", "BEGIN PRIVATE KEY")
    assert leaks(f"{TOKEN}\n2 {TOKEN}\n", f"{TOKEN}\n", __secrets__baseline=listed) == ()
    assert leaks("ghp_" + drawn(36) + "\n", f"{TOKEN}\n", __secrets__baseline=listed) != ()
    key = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----\n"
    assert leaks(key + key, key, __secrets__baseline=listed) == ()
    assert leaks(key, "x\n", __secrets__baseline=listed) != ()


@pytest.mark.parametrize("deep", [False, True])
def test_a_line_that_moved_or_changed_beside_its_secret_is_no_new_leak(deep: bool) -> None:  # noqa: FBT001
    aws = f"aws_secret_key = '{drawn(40)}'"
    for line in (f"token = '{TOKEN}'", aws):
        old = f"{line}\nend\n"
        assert leaks(f"    {line}\nend\n", old, deep=deep) == ()
        assert leaks(f"end\n{line}\n", old, deep=deep) == ()
        assert leaks(f"new_{line}\nend\n", old, deep=deep) == ()
    twice = f"token = '{TOKEN}'\nend\n"
    assert len(leaks(f"    {twice}other = '{TOKEN}'\n", twice, deep=deep)) == 2
    assert leaks(f"token = '{TOKEN[:-3]}zzz'\nend\n", twice, deep=deep) != ()
    assert leaks(f"token = '{TOKEN}zz'\nend\n", twice, deep=deep) != ()
    assert leaks(f"    {aws}\nx = '{TOKEN}'\n", f"{aws}\n", deep=deep) == (Leak("a", 2, "github-token"),)


def test_a_private_key_that_moved_is_no_new_one_and_another_of_its_kind_is() -> None:
    prefix = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"
    key = f"-----BEGIN PRIVATE KEY-----\n{prefix}\n{BODY}\n-----END PRIVATE KEY-----\n"
    other = key.replace(BODY, drawn(64, BASE64))
    indented = "".join(f"    {line}\n" for line in key.splitlines())
    assert leaks(f"first\n{indented}last\n", f"first\n{key}last\n") == ()
    assert leaks("    " + key, key) == ()
    assert leaks(f"first\nlast\n{key}", f"{key}first\nlast\n") == ()
    assert leaks(other, key) == (Leak("a", 3, "private-key"),)
    assert leaks(key + "between\n" + key, key) != ()


def test_many_secrets_beside_a_large_file_are_scanned_in_time() -> None:
    alphabet = string.ascii_letters + string.digits
    noise = ["".join(NOISE.choices(alphabet, k=60)) for _ in range(9000)]
    keys = [f"-----BEGIN PRIVATE KEY-----\n{body[:44]}" for body in noise]
    old = "line abc def 123\n" * 12_000
    for lines in (keys, [f"ghp_{body[:36]}" for body in noise]):
        started = time.process_time()
        assert leaks(old + "\n".join(lines) + "\n", old, deep=True) != ()
        assert time.process_time() - started < 10


def test_of_several_in_a_line_the_first_shape_names_it_and_an_excepted_one_hides_none() -> None:
    other = "AKIA" + drawn(16, "ABCDEFGHIJ234567")
    assert leaks(f"{other} {TOKEN}\n") == (Leak("a", 1, "github-token"),)
    assert leaks(f"{other} {TOKEN}\n", __secrets__baseline=baseline("a", TOKEN)) == (Leak("a", 1, "aws-key"),)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.booleans())
def test_any_text_is_scanned(text: str, deep: bool) -> None:  # noqa: FBT001
    assert isinstance(leaks(text + "\n", "old\n", deep=deep), tuple)


@given(st.text("abc xyz.,-_=\"'\n", max_size=300))
def test_ordinary_words_are_no_secrets(text: str) -> None:
    assert leaks(text + "\n", deep=True) == ()


def test_detect_secrets_is_imported_only_for_a_line_worth_it_and_changes_no_settings() -> None:
    code = f"""
import sys
from tests.secrets.test_scan import leaks, TOKEN
leaks("aws_secret_key = '{drawn(40)}'\\n")
leaks("x = 1\\n" + TOKEN, deep=True)
assert "detect_secrets" not in sys.modules
assert leaks("aws_secret_key = '{drawn(40)}'\\n", deep=True)
from detect_secrets.settings import get_settings
assert get_settings.cache_info().currsize == 0
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_secret_of_the_run_itself_is_found_whatever_it_looks_like() -> None:
    secret, plain = "correct horse battery", "production"
    known = Redactor((secret, plain))
    base = Files({"a.txt": b"one\nhere: correct horse battery\n"})

    def found(new: str) -> list[int]:
        old = base.read("a.txt")
        patch = to_patch((FileChange("a.txt", "a.txt", old, FileVersion(new.encode(), 0o100644)),))
        return [leak.line for leak in scan(patch.files, base, deep=False, known=known)]

    assert found("one\nhere: correct horse battery\ntwo: correct horse battery\n") == [3]
    assert found("one\nthere: correct horse battery\n") == []
    assert found(f"one\nhere: correct horse battery\nx = '{secret.encode().hex()}'\n") == [3]
    assert found("one\nhere: correct horse battery\nmode = production\n") == []
