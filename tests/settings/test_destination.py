"""Where prompts and keys may go: this machine is told from its look-alikes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.errors import UsageError
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import Profile
from agentos_action.settings.destination import check_destination, is_loopback, key_for

HERE = [
    None,
    "http://localhost",
    "http://LOCALHOST:8080/v1",
    "http://127.0.0.1:8080",
    "http://127.8.9.1",
    "http://[::1]:8080",
]
ELSEWHERE = [
    "http://127.0.0.1.evil.com",
    "http://localhost.evil.com",
    "http://evil.com/localhost",
    "http://localhost@evil.com",
    "http://127.0.0.1:80@evil.com:90",
    "http://0.0.0.0",
    "http://[::]",
    "http://10.0.0.1",
    "http://xn--localhost",
    "http://[::1",
    "http://evil.com#@localhost",
    "http://evil.com?@localhost",
    "http://",
    "localhost:8080",
    "",
]


@pytest.mark.parametrize("url", HERE)
def test_this_machine_is_loopback(url: str | None) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_what_only_looks_like_this_machine_is_not(url: str) -> None:
    assert not is_loopback(url)


@given(st.text(alphabet="htp:/[]@.1207localhostevil#?%\\ ", max_size=40))
def test_any_url_gets_an_answer(url: str) -> None:
    assert is_loopback(url) in {True, False}


def test_a_kind_that_the_policy_does_not_allow_is_refused() -> None:
    with pytest.raises(UsageError, match="does not allow cloud models"):
        check_destination(ModelChoice(allow=("local",)), "cloud", "https://api.example.org")


@pytest.mark.parametrize(
    "url", ["http://other.example", "http://h.evil.example", "http://evil/?h", "http://[h", "h:8080"]
)
def test_a_host_that_the_policy_does_not_list_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="prompts go to"):
        check_destination(ModelChoice(hosts=("h",)), "local", url)


def test_a_listed_host_any_host_without_a_list_and_loopback_are_allowed() -> None:
    check_destination(ModelChoice(hosts=("h",)), "local", "http://h:8080/v1")
    check_destination(ModelChoice(hosts=("h",)), "local", "http://127.0.0.1:8080")
    check_destination(ModelChoice(hosts=("h",)), "local", None)
    check_destination(ModelChoice(), "local", "http://anywhere")
    assert ModelChoice().hosts == ()


@pytest.mark.parametrize(("url", "key"), [(url, "k") for url in HERE] + [(url, None) for url in ELSEWHERE])
def test_a_key_of_the_environment_goes_to_this_machine_only(url: str | None, key: str | None) -> None:
    profile = Profile(provider="llamacpp", name="x", base_url=url)
    assert key_for(profile, {"LLAMACPP_API_KEY": "k"}) == key


def test_a_reference_names_the_variable() -> None:
    profile = Profile(provider="llamacpp", name="x", api_key_ref="env:MY_KEY")
    assert key_for(profile, {"MY_KEY": "mine", "LLAMACPP_API_KEY": "other"}) == "mine"
    assert key_for(profile, {"LLAMACPP_API_KEY": "other"}) is None


def test_a_stored_credential_is_refused_for_now() -> None:
    with pytest.raises(UsageError, match="stored credential"):
        key_for(Profile(provider="llamacpp", name="x", api_key_ref="stored"), {})
