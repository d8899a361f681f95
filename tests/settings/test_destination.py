"""Where prompts and keys may go: this machine is told from its look-alikes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.errors import UsageError
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import AgentRules, Profile
from agentos_action.settings.destination import address_of, binding, check_destination, is_clear, is_loopback

HERE = [
    None,
    "http://localhost",
    "http://LOCALHOST:8080/v1",
    "http://127.0.0.1:8080",
    "http://127.8.9.1",
    "http://[::1]:8080",
    "localhost:8080",
    "127.0.0.1",
    "[::1]:8080",
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
    "10.0.0.1:8080",
    "evil.com:80",
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
    "host",
    [
        "http://other.example",
        "http://h.evil.example",
        "http://evil/?h",
        "http://[h",
        "other.example:443",
        "evil/?h",
        "",
    ],
)
def test_a_host_that_the_policy_does_not_list_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="prompts go to"):
        check_destination(ModelChoice(hosts=("h",)), "local", host)
    with pytest.raises(UsageError, match="prompts go to"):
        check_destination(ModelChoice(allow=("local",)), "local", host)


@pytest.mark.parametrize(
    "host", ["http://h:8080/v1", "h:8080", "H", "h.", "http://127.0.0.1:8080", "127.0.0.1:8080", None]
)
def test_a_listed_host_and_this_machine_are_allowed(host: str | None) -> None:
    check_destination(ModelChoice(hosts=("h",)), "local", host)
    check_destination(ModelChoice(hosts=("H.",)), "cloud", host)


def test_without_a_list_any_host_of_an_allowed_kind_is() -> None:
    check_destination(ModelChoice(), "cloud", "anywhere:443")
    assert ModelChoice().hosts == ()


@pytest.mark.parametrize("choice", [ModelChoice(hosts=("h",)), ModelChoice(allow=("local",))])
def test_an_agent_command_is_refused_where_prompts_have_bounds(choice: ModelChoice) -> None:
    with pytest.raises(UsageError, match="where it likes"):
        check_destination(choice, "local", None, elsewhere=True)
    check_destination(choice, "local", None)


def test_an_agent_command_is_allowed_without_bounds() -> None:
    check_destination(ModelChoice(), "cloud", None, elsewhere=True)


@pytest.mark.parametrize(
    ("address", "bound"),
    [
        ("https://api.openai.com/v1", "api.openai.com"),
        ("https://API.OpenAI.com.:443", "api.openai.com"),
        ("api.openai.com", "api.openai.com"),
        ("h:8443", "h:8443"),
        ("http://h", "http://h"),
        ("http://h:80/x", "http://h"),
        ("http://h:443", "http://h:443"),
        ("http://127.0.0.1:8080/v1", "127.0.0.1:8080"),
        ("https://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://localhost", "localhost:80"),
        ("http://[::1]:9", "[::1]:9"),
        ("https://[2001:db8::1]", "[2001:db8::1]"),
    ],
)
def test_how_a_binding_is_written(address: str, bound: str) -> None:
    assert binding(address) == bound
    assert is_clear(bound) == bound.startswith("http:")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://",
        "ftp://h",
        "https://u@h",
        "https://h?x",
        "https://h#x",
        "https://h\\@g",
        "https://h:0",
        "https://[h",
        "https://h:99999",
        "https://h\t.example",
        "https://b\u00fccher.example",
    ],
)
def test_a_key_is_never_bound_to_what_adapters_refuse(address: str) -> None:
    assert binding(address) == ""


@given(st.text(alphabet="htps:/[]@.1207localhostevil#?%\\ ", max_size=40))
def test_what_is_bound_is_where_the_adapter_goes(text: str) -> None:
    address = f"https://{text}"
    bound = binding(address)
    try:
        endpoint = parse_endpoint(address)
    except UsageError:
        return
    wanted = endpoint.label.lower()
    assert bound.removesuffix(":443") == wanted.removesuffix(":443").rstrip(".").replace(".:", ":")


def test_the_address_is_the_profile_s_or_the_provider_s() -> None:
    assert address_of(Profile(provider="openai", name="x")) == "https://api.openai.com"
    assert address_of(Profile(provider="openai", name="x", base_url="http://h")) == "http://h"
    assert address_of(Profile(provider="scripted", name="x")) is None
    agent = AgentRules(command=("claude",))
    assert address_of(Profile(provider="anthropic", name="x", agent=agent)) is None
