"""Which key goes where: the environment's before a stored one, each to its own hosts, none by a stranger's word."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.records.profile import AgentRules, Profile
from agentos_action.settings.choose import ChosenModel, as_chosen
from agentos_action.settings.credentials import Credential
from agentos_action.settings.key import Key, key_for
from agentos_action.settings.profile import LoadedProfile

ENV = {"OPENAI_API_KEY": "environment-key", "GITHUB_TOKEN": "github-token", "MY_KEY": "my-own-key"}
STORE = {
    name: Credential(name, provider, hosts, f"stored-{name}")
    for name, provider, hosts in [
        ("openai", "openai", ("api.openai.com",)),
        ("router", "openai", ("router.example",)),
        ("lan", "llamacpp", ("http://gpu.lan:8080", "127.0.0.1:8080")),
        ("login", "claude_cli", ()),
    ]
}
OFFICIAL = "https://api.openai.com/v1"


def chosen(provider: str = "openai", *, by: str | None = None, trusted: bool = True, **fields: Any) -> ChosenModel:
    """Return a choice; an address is the profile's own where `by` says nothing else."""
    profile = Profile(provider=provider, name=fields.pop("name", provider), **fields)
    address_by = by if by is not None else ("profile" if profile.base_url else "")
    source = ".agentos/profiles/a b.json@0123456789"
    repository = not trusted
    return ChosenModel(profile, source, "test", repository, trusted, address_by, trusted or address_by != "profile")


def value(
    of: ChosenModel, keys: dict[str, str] | None = None, store: dict[str, Credential] | None = None
) -> str | None:
    """Return the key that is sent, which is never shown."""
    found = key_for(of, ENV if keys is None else keys, STORE if store is None else store)
    assert found.value is None or found.value not in repr(found)
    return found.value


def test_the_environment_wins_over_the_file_at_the_official_host() -> None:
    assert value(chosen()) == "environment-key"
    assert value(chosen(base_url=OFFICIAL)) == "environment-key"
    assert value(chosen(), keys={}) == "stored-openai"
    assert value(chosen(), keys={}, store={}) is None
    assert key_for(chosen(), {}, {}) == Key()


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openai.com",
        "https://api.openai.com:8443",
        "https://api.openai.com.evil.example",
        "https://evil.example/api.openai.com",
        "https://api.openai.com@evil.example",
        "https://evil.example\\@api.openai.com",
        "https://evil.example#@localhost",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://xapi.openai.com",
        "https://gateway.example/v1",
        "",
    ],
)
@pytest.mark.parametrize("by", ["profile", "command line", "environment"])
def test_no_key_goes_to_a_host_that_it_is_not_bound_to(url: str, by: str) -> None:
    of = chosen(base_url=url, by=by)
    assert value(of) is None
    note = key_for(of, ENV, STORE).note
    assert "agentos tool auth set --provider openai" in note
    assert not any(secret in note for secret in (*ENV.values(), "stored-", "evil.example/", "@"))


def test_a_key_of_the_environment_goes_to_this_machine() -> None:
    for url in ("http://127.0.0.1:9", "http://localhost:9/v1", "http://[::1]:9"):
        assert value(chosen(base_url=url)) == "environment-key"
        assert value(chosen("llamacpp", base_url=url), keys={"LLAMACPP_API_KEY": "local"}, store={}) == "local"
    assert value(chosen("llamacpp"), keys={"LLAMACPP_API_KEY": "local"}, store={}) == "local"


def test_a_stored_key_goes_to_its_hosts_only_this_machine_not_excepted() -> None:
    assert value(chosen(base_url="http://127.0.0.1:9"), keys={}) is None
    assert value(chosen("llamacpp", base_url="http://127.0.0.1:8080/v1")) == "stored-lan"
    assert value(chosen("llamacpp", base_url="http://localhost:8080")) is None
    assert value(chosen("llamacpp", base_url="http://gpu.lan:8080")) == "stored-lan"
    assert value(chosen("llamacpp", base_url="https://gpu.lan:8080")) is None
    assert value(chosen("llamacpp", base_url="http://gpu.lan")) is None
    assert value(chosen(base_url="https://router.example/api/v1")) == "stored-router"
    assert value(chosen(base_url="http://router.example/api/v1")) is None
    note = key_for(chosen(base_url="https://other.example/x?y"), {}, STORE).note
    assert "api.openai.com, router.example, not for this address" in note


def test_a_profile_of_one_s_own_names_variable_and_address_together() -> None:
    own: dict[str, Any] = {"base_url": "https://gateway.example/v1", "api_key_ref": "env:MY_KEY"}
    assert value(chosen(**own)) == "my-own-key"
    # The address is another one now, so they are no longer together.
    assert value(chosen(**own, by="command line")) is None
    assert value(chosen(**{**own, "base_url": "http://gateway.example"})) is None
    assert value(chosen(base_url="http://127.0.0.1:1", api_key_ref="env:MY_KEY", by="command line")) == "my-own-key"
    missing = key_for(chosen(api_key_ref="env:NO_KEY"), ENV, STORE)
    assert (missing.value, "NO_KEY is not set" in missing.note) == (None, True)


def test_a_stored_credential_is_named_and_has_to_be_there() -> None:
    named: dict[str, Any] = {"base_url": "https://router.example", "api_key_ref": "router"}
    assert value(chosen(**named)) == "stored-router"
    assert value(chosen(api_key_ref="router")) is None
    with pytest.raises(UsageError, match="stored credential 'gone', which is not there") as caught:
        key_for(chosen(base_url="https://h.example/v1", api_key_ref="gone"), ENV, STORE)
    assert caught.value.hint == "agentos tool auth set --provider openai --name gone --host h.example"


def test_an_agent_s_key_goes_to_its_command_and_a_key_for_hosts_does_not() -> None:
    agent = AgentRules(command=("claude",))
    assert value(chosen("claude_cli", agent=agent)) == "stored-login"
    assert value(chosen("openai", agent=agent), keys={}) is None
    assert value(chosen("claude_cli", agent=agent, api_key_ref="env:MY_KEY")) == "my-own-key"
    assert value(chosen("claude_cli", base_url="http://127.0.0.1:8080"), keys={}) is None


# What a repository brings along and nobody trusts.


def test_a_stranger_s_command_is_refused() -> None:
    with pytest.raises(UsageError, match="names a command to start") as caught:
        key_for(chosen("cli", trusted=False, agent=AgentRules(command=("sh",))), {}, {})
    assert caught.value.hint.endswith("agentos profile trust '.agentos/profiles/a b.json'")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://localhost:1", OFFICIAL])
def test_a_stranger_s_address_gets_no_key_this_machine_not_excepted(url: str) -> None:
    for keys, store in (
        (ENV, {}),
        ({}, {"x": Credential("x", "openai", ("127.0.0.1:9", "api.openai.com", "localhost:1"), "kkkkkk")}),
    ):
        with pytest.raises(UsageError, match="it is not trusted") as caught:
            key_for(chosen(trusted=False, base_url=url), keys, store)
        assert "agentos profile trust" in caught.value.hint
    assert key_for(chosen(trusted=False, base_url=url), {}, {}).value is None


def test_a_stranger_s_address_elsewhere_gets_no_key() -> None:
    assert value(chosen(trusted=False, base_url="https://evil.example")) is None
    with pytest.raises(UsageError, match="it is not trusted"):
        key_for(chosen(trusted=False, base_url="https://evil.example", api_key_ref="env:OPENAI_API_KEY"), ENV, STORE)


def test_the_policy_file_s_address_counts_the_same_way() -> None:
    profile = Profile(provider="openai", name="openai", base_url="http://127.0.0.1:9")
    of = ChosenModel(
        profile, "shipped", "agentos.toml", from_repository=True, address_by="agentos.toml", address_trusted=False
    )
    with pytest.raises(UsageError, match=r"^agentos\.toml names the address") as caught:
        key_for(of, ENV, {})
    assert "agentos profile trust agentos.toml" in caught.value.hint
    assert key_for(of, {}, {}).value is None


@pytest.mark.parametrize("reference", ["env:GITHUB_TOKEN", "env:MY_KEY", "lan"])
@pytest.mark.parametrize("by", ["profile", "command line"])
def test_a_stranger_may_not_pick_another_key(reference: str, by: str) -> None:
    with pytest.raises(UsageError, match="is not its provider's"):
        key_for(chosen(trusted=False, by=by, base_url="http://127.0.0.1:8080", api_key_ref=reference), ENV, STORE)


def test_a_stranger_s_profile_without_an_address_may_use_the_provider_s_key() -> None:
    assert value(chosen(trusted=False)) == "environment-key"
    assert value(chosen(trusted=False, api_key_ref="env:OPENAI_API_KEY")) == "environment-key"
    assert value(chosen(trusted=False, base_url="http://127.0.0.1:1", by="command line")) == "environment-key"


@given(
    st.text(alphabet="htps:/[]@.120789localhostapienrvx#?%\\ ", max_size=40),
    st.sampled_from(["profile", "command line", "agentos.toml"]),
    st.booleans(),
)
def test_whatever_the_address_a_key_goes_to_the_official_host_or_this_machine(url: str, by: str, trusted: bool) -> None:  # noqa: FBT001 - drawn
    from agentos_action.adapters.endpoint import parse_endpoint

    try:
        found = key_for(chosen(base_url=f"https://{url}", by=by, trusted=trusted), ENV, STORE)
    except UsageError:
        return
    if found.value is not None:
        endpoint = parse_endpoint(f"https://{url}")
        assert endpoint.loopback or endpoint.label.removesuffix(":443").rstrip(".") in {
            "api.openai.com",
            "router.example",
        }


GIVEN = {"AGENTOS_API_KEY": "given-key"}
CALLER = "command line"


def test_the_given_key_goes_to_the_host_that_the_caller_names() -> None:
    assert value(chosen(base_url="https://gateway.example/v1", by=CALLER), GIVEN) == "given-key"
    assert value(chosen("llamacpp", base_url="https://gpu.example", by=CALLER), {**ENV, **GIVEN}) == "given-key"
    # Where the server refuses it, no other variable would help.
    assert key_for(chosen("llamacpp"), GIVEN, {}).note.startswith("Put the right key into AGENTOS_API_KEY")
    assert value(chosen(), {**ENV, **GIVEN}) == "given-key"
    assert value(chosen("llamacpp"), GIVEN) == "given-key"
    assert value(chosen(api_key_ref="env:OPENAI_API_KEY"), {**ENV, **GIVEN}) == "given-key"


def test_the_given_key_is_for_the_model_that_is_asked_and_for_no_other() -> None:
    listed = as_chosen(LoadedProfile(Profile(provider="openai", name="openai"), "built-in"), "suggestion")
    assert value(listed, GIVEN, {}) is None
    assert value(listed, {**ENV, **GIVEN}) == "environment-key"


@pytest.mark.parametrize("by", ["profile", "environment", "agentos.toml", "user configuration"])
def test_the_given_key_goes_to_no_host_that_somebody_else_names(by: str) -> None:
    of = chosen(base_url="https://gateway.example/v1", by=by)
    assert value(of, GIVEN, {}) is None
    assert "AGENTOS_API_KEY is sent to api.openai.com and this machine only" in key_for(of, GIVEN, {}).note


def test_the_given_key_does_not_travel_unencrypted() -> None:
    of = chosen("llamacpp", base_url="http://gpu.example:8080", by=CALLER)
    assert value(of, GIVEN, {}) is None
    assert "over TLS" in key_for(of, GIVEN, {}).note


def test_a_file_that_nobody_trusts_does_not_draw_the_given_key_to_its_address() -> None:
    with pytest.raises(UsageError, match="names the address that the key AGENTOS_API_KEY would be sent to"):
        key_for(chosen("llamacpp", base_url="http://127.0.0.1:9999", trusted=False), GIVEN, {})
