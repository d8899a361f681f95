"""Profiles: the shipped ones, those of a repository and a user, and what is said of a wrong one."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.records.profile import Profile
from agentos_action.settings.profile import find_instance, instances_of, load_profile
from agentos_action.settings.profile_text import MAX_PROFILE_BYTES, parse_profile
from agentos_action.settings.trust import digest, trust
from tests.bases import Files
from tests.runs import cli

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
    assert {file.stem for file in SHIPPED} >= {"llamacpp", "embedded", "lmstudio", "ollama", "openai", "anthropic"}


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_profile_names_the_published_schema(file: Path) -> None:
    named = json.loads(file.read_bytes())["$schema"]
    schema = json.loads((file.parent / named).read_bytes())
    jsonschema.validate(json.loads(file.read_bytes()), schema)


def test_the_published_schema_is_what_the_command_prints(tmp_path: Path) -> None:
    printed = cli("schema", "profile", cwd=tmp_path)
    published = SHIPPED[0].parents[1] / "profile.schema.json"
    assert published.read_text(encoding="utf-8") == printed.stdout, (
        "agentos schema profile > profiles/profile.schema.json"
    )


def test_the_schema_goes_into_the_wheel_with_the_profiles() -> None:
    told = tomllib.loads((SHIPPED[0].parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert told["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["profiles"] == "agentos_action/profiles"


def test_a_profile_that_is_not_there_is_told_with_those_that_are(home: Path) -> None:
    put(home, "mine", MINE)
    base = Files({".agentos/profiles/theirs.json": MINE, ".agentos/profiles/notes.txt": "x"})
    with pytest.raises(UsageError, match="there is no profile 'nope'") as caught:
        load_profile("nope", base, home)
    listed = caught.value.hint.removeprefix("Profiles here: ").partition(". ")[0].split(", ")
    assert listed == sorted({*(file.stem for file in SHIPPED), "mine", "theirs"})


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
        ('{"provider": "p", "name": "x", "name": "y"}', "field 'name': it stands twice"),
        ('{"provider": "p", "name": "x", "timeout_seconds": NaN}', "NaN"),
        ('{"provider": "p", "name": "x", "timeout_seconds": 1e999}', "not valid JSON: "),
        ('{"provider": "p", "name": "x", "timeout_seconds": ' + "9" * 5_000 + "}", "not valid JSON: "),
        ('{"provider": "p", "name": "x", "model": "\\ud800"}', "not valid JSON: "),
        ('{"provider": "p", "name": "x", "http": ' + '{"a": ' * 60 + "1" + "}" * 61, "nested too deep"),
        ('{"provider": "p", "name": "x", "params": {"top": 1}}', "there are: max_tokens, seed, stop, temperature"),
        ('{"provider": "p", "name": "x", "instances": [{"name": "x"}]}', "stands for two instances"),
        ('{"provider": "p", "name": "x", "agent": {"command": []}}', "field 'agent.command': "),
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
    assert caught.value.hint == "Instances here: llamacpp:embedded, llamacpp:llamacpp, llamacpp:qwen3-coder-30b."
    with pytest.raises(UsageError) as none:
        find_instance("nobody", "x", None, home)
    with pytest.raises(UsageError, match="there is no provider 'LM Studio'"):
        find_instance("LM Studio", None, None, home)
    assert none.value.hint == "Instances here: none."


def test_a_provider_without_any_profile_gets_a_bare_one(home: Path) -> None:
    found = find_instance("scripted", None, None, home)
    assert (found.source, found.profile.provider, found.profile.base_url) == ("built-in", "scripted", None)


SEVERAL = """{
  "provider": "llamacpp", "name": "a", "base_url": "http://127.0.0.1:1", "model": "m", "timeout_seconds": 9,
  "instances": [
    {"name": "b", "base_url": "http://127.0.0.1:2"},
    {"name": "llamacpp", "model": "n", "api_key_ref": "env:OTHER_KEY"}
  ]
}"""


def test_each_instance_is_a_profile_with_what_the_file_says_for_all(home: Path) -> None:
    put(home, "several", SEVERAL)
    found = {one.profile.name: one for one in instances_of("llamacpp", None, home)}
    assert list(found) == ["a", "b", "llamacpp", "qwen3-coder-30b"]
    b, c = found["b"].profile, found["llamacpp"].profile
    assert (b.base_url, b.model, b.timeout_seconds, b.api_key_ref) == ("http://127.0.0.1:2", "m", 9, None)
    # The user's own comes before the shipped one of the same name.
    assert (c.base_url, c.model, c.api_key_ref) == ("http://127.0.0.1:1", "n", "env:OTHER_KEY")
    assert all(one.profile.instances == () for one in found.values())
    assert find_instance("llamacpp", "b", None, home).profile == b


def test_instances_come_from_the_repository_first_and_are_not_trusted(home: Path) -> None:
    put(home, "mine", MINE)
    base = Files({".agentos/profiles/several.json": SEVERAL})
    found = instances_of("llamacpp", base, home)
    assert [(one.profile.name, one.from_repository, one.trusted) for one in found] == [
        ("a", True, False),
        ("b", True, False),
        ("llamacpp", True, False),
        ("mine", False, True),
        ("qwen3-coder-30b", False, True),
    ]
    assert {one.sha256 for one in found if one.from_repository} == {digest(SEVERAL.encode())}
    trust(digest(SEVERAL.encode()), "several.json", home)
    assert all(one.trusted for one in instances_of("llamacpp", base, home))


def test_a_provider_that_starts_a_server_only_has_no_instances(home: Path) -> None:
    assert instances_of("scripted", None, home) == ()
    assert "embedded" not in {one.profile.name for one in instances_of("llamacpp", None, home)}


def test_every_wrong_field_is_found_and_no_value_repeated() -> None:
    content = b'{"provider": "P", "name": "", "api_key": "sk-planted-1", "params": {"seed": "sk-planted-2"}}'
    flaws = parse_profile(content)
    assert isinstance(flaws, tuple)
    assert {flaw.field for flaw in flaws} == {"provider", "name", "api_key", "params.seed"}
    assert "planted" not in repr(flaws)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:0123e-NaInfty\\u', max_size=60).map(str.encode))
def test_any_text_is_a_profile_or_has_flaws(content: bytes) -> None:
    found = parse_profile(content)
    assert isinstance(found, Profile) or found


def test_a_profile_that_cannot_be_read_is_told(home: Path) -> None:
    (home / "profiles" / "folder.json").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"folder\.json"):
        load_profile("folder", None, home)
