"""Profiles: the shipped ones, those of a repository and a user, and what is said of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from agentos_action.errors import UsageError
from agentos_action.records.profile import Profile
from agentos_action.settings.profile import MAX_PROFILE_BYTES, find_instance, load_profile
from tests.bases import Files

SHIPPED = sorted(Path(__file__).parents[2].joinpath("profiles", "llm").glob("*.json"))
MINE = '{"provider": "llamacpp", "name": "mine", "base_url": "http://127.0.0.1:9"}'


def put(home: Path, name: str, text: str) -> None:
    """Write a profile into the user's configuration folder."""
    (home / "profiles").mkdir(exist_ok=True)
    (home / "profiles" / f"{name}.json").write_text(text, encoding="utf-8")


def refusal(content: str | bytes, home: Path) -> str:
    """Return the message with which a repository's profile is refused."""
    base = Files({".agentos/profiles/bad.json": content})
    with pytest.raises(UsageError) as caught:
        load_profile("bad", base, home)
    return caught.value.message


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_profile_is_valid_by_record_and_by_schema(file: Path, home: Path) -> None:
    assert load_profile(file.stem, None, home).source == str(file)
    jsonschema.validate(json.loads(file.read_bytes()), Profile.model_json_schema(by_alias=True))


def test_there_are_shipped_profiles() -> None:
    assert {"llamacpp", "embedded"} <= {file.stem for file in SHIPPED}


def test_a_profile_that_is_not_there_is_told_with_those_that_are(home: Path) -> None:
    put(home, "mine", MINE)
    base = Files({".agentos/profiles/theirs.json": MINE, ".agentos/profiles/notes.txt": "x"})
    with pytest.raises(UsageError, match="there is no profile 'nope'") as caught:
        load_profile("nope", base, home)
    assert "embedded, llamacpp, mine, theirs." in caught.value.hint


def test_the_repository_comes_before_the_user_and_the_user_before_the_shipped(home: Path) -> None:
    put(home, "llamacpp", MINE)
    assert load_profile("llamacpp", None, home).profile.name == "mine"
    theirs = load_profile("llamacpp", Files({".agentos/profiles/llamacpp.json": MINE}), home)
    assert theirs.from_repository
    assert theirs.source == ".agentos/profiles/llamacpp.json@0123456789"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ('{"provider": "llamacpp"}', "field 'name': "),
        ('{"provider": "Llama CPP", "name": "x"}', "field 'provider': "),
        ('{"provider": "p", "name": "x", "mode": "grpc"}', "field 'mode': "),
        ('{"provider": "p", "name": "x", "params": {"temperature": 9}}', "field 'params.temperature': "),
        ('{"provider": "p", "name": "x", "params": {"top": 1}}', "field 'params.top': "),
        ('{"provider": "p", "name": "x", "timeout_seconds": 0}', "field 'timeout_seconds': "),
        ('{"provider": "p", "name": "x", "api_key_ref": "env:1 x"}', "field 'api_key_ref': "),
        ('{"provider": "p", "name": "x", "api_key": "sk"}', "field 'api_key': "),
        ("[]", "field 'the profile': "),
        ("{", "not valid JSON: "),
        (b"\xff{}", "not valid JSON: "),
        ("[" * 60_000, "not valid JSON: "),
        (" " * (MAX_PROFILE_BYTES + 1), f"larger than {MAX_PROFILE_BYTES} bytes"),
    ],
)
def test_a_wrong_profile_names_file_and_field(content: str | bytes, field: str, home: Path) -> None:
    message = refusal(content, home)
    assert message.startswith(".agentos/profiles/bad.json@0123456789: ")
    assert field in message


def test_a_bare_provider_finds_its_first_profile_that_is_no_sidecar(home: Path) -> None:
    assert find_instance("llamacpp", None, None, home).profile.sidecar_model is None
    assert find_instance("llamacpp", "embedded", None, home).profile.sidecar_model is not None


def test_an_instance_that_is_not_there_is_told_with_those_that_are(home: Path) -> None:
    with pytest.raises(UsageError, match="there is no instance llamacpp:big") as caught:
        find_instance("llamacpp", "big", None, home)
    assert caught.value.hint == "Instances here: llamacpp:embedded, llamacpp:llamacpp."
    with pytest.raises(UsageError) as none:
        find_instance("nobody", "x", None, home)
    assert none.value.hint == "Instances here: none."


def test_a_provider_without_any_profile_gets_a_bare_one(home: Path) -> None:
    found = find_instance("scripted", None, None, home)
    assert (found.source, found.profile.provider, found.profile.base_url) == ("built-in", "scripted", None)
