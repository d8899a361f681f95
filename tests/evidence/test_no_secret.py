"""No planted secret, in whatever form, anywhere in a bundle or in what the command says."""

from __future__ import annotations

import base64
import html
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agentos_action.evidence.verify import verify_bundle
from agentos_action.redact import Redactor
from tests.git import make_repo
from tests.runs import cli, diff_answer, scripted

#: Every form is told with something of its own around it.
FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: f"x{secret}y",
    "json": lambda secret: json.dumps({"k": secret}),
    "json in json": lambda secret: json.dumps(json.dumps({"k": secret}, ensure_ascii=False)),
    "json escapes": lambda secret: "".join(f"\\u{unit:04X}" for unit in _units(secret)),
    "json escapes in json": lambda secret: "".join(f"\\\\u{unit:04x}" for unit in _units(secret)),
    "url": lambda secret: f"https://host/?k={quote(secret, safe='')}&x=1",
    "url, small letters": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    "url, large letters": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "url, a plus for a space": quote_plus,
    "url, twice": lambda secret: quote(quote(secret, safe=""), safe=""),
    "html": lambda secret: f"<p>{html.escape(secret)}</p>",
    "html, by number": lambda secret: "".join(f"&#{ord(char)};" for char in secret),
    "html, by a long number": lambda secret: "".join(f"&#{ord(char):07};" for char in secret),
    "hex": lambda secret: f"0x{secret.encode().hex()}",
    "base64, first": lambda secret: base64.b64encode(f"abc{secret}xyz".encode()).decode(),
    "base64, second": lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(),
    "base64, third": lambda secret: base64.b64encode(f"me:::{secret}\nmore".encode()).decode(),
    "base64 of a url": lambda secret: base64.urlsafe_b64encode(f"??{secret}~~".encode()).decode(),
    "userinfo": lambda secret: f"https://me:{quote(secret, safe='')}@host/x",
}
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=8, max_size=24)


def _units(secret: str) -> list[int]:
    raw = secret.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2)]


def core(form: str, secret: str) -> str:
    """Return what of a form's text belongs to the secret alone: without the marks around it."""
    told, other = FORMS[form](secret), FORMS[form]("#" * len(secret.encode()))
    start = next((at for at, (a, b) in enumerate(zip(told, other, strict=False)) if a != b), 0)
    # Base64 shares a character with its neighbours at either end.
    return told[start + 1 : start + max(6, len(secret))]


@pytest.mark.parametrize("form", FORMS)
@given(secret=SECRETS)
@example(secret="Zq9\\\\Xw7")
def test_a_secret_leaves_in_every_form(form: str, secret: str) -> None:
    said = FORMS[form](secret)
    clean = Redactor([secret]).text(said)
    assert "[redacted:" in clean
    assert core(form, secret) not in clean or len(set(secret)) <= 2 or core(form, secret) in "[redacted:secret]"


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(tail=st.text('abcdefghijklmnopqrstuvwxyz0123456789 "\\/+&<>é€😀', min_size=6, max_size=12))
def test_no_form_of_a_secret_anywhere_in_a_bundle(tail: str) -> None:
    secret = f"Zq9{tail}Xw7"
    forms = {name: form(secret) for name, form in FORMS.items()}
    text = "\n".join(forms.values())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repo = make_repo(folder, {"a.txt": "one\n", "b.txt": text})
        answer = text + "\n\n" + diff_answer("a.txt", "one", forms["json"])
        report = scripted(repo, folder, answer, instruction=f"Change a.txt\n{text}", secrets=(secret,))
        bundle = Path(report.evidence or "")
        assert verify_bundle(bundle).problems == ()
        said = report.model_dump_json()
        for file in [*bundle.rglob("*.*"), None]:
            content = file.read_text() if file else said
            for form in FORMS:
                assert core(form, secret) not in content, (file, form)


def test_the_command_says_no_secret(tmp_path: Path) -> None:
    secret = 'Zq9 "pass/word" é 77'
    text = "\n".join(form(secret) for form in FORMS.values())
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    env = {"SOME_TOKEN": secret}
    for number, answer in enumerate((text, diff_answer("a.txt", "one", FORMS["url"](secret)), f"```diff\n{text}\n```")):
        file = tmp_path / f"{number}.md"
        file.write_text(answer)
        for more in ((), ("--json",)):
            given_ = ("--instruction", text, "--answer", str(file), *more)
            done = cli("run", *given_, "--dry-run", cwd=repo, env=env)
            for form in FORMS:
                assert core(form, secret) not in done.stdout + done.stderr, (number, more, form)
    done = cli("run", "--instruction", "x", "--answer", str(tmp_path / secret.replace("/", "")), cwd=repo, env=env)
    assert done.returncode == 2
