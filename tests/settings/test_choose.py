"""Which model answers: four sources in order, never mixed across providers, contradictions refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.policy import ModelChoice
from agentos_action.records.reading import read
from agentos_action.records.run import ModelWish
from agentos_action.settings.choose import ChosenModel, choose_model, user_wish
from agentos_action.settings.trust import digest, trust
from tests.bases import Files

SILENT = ModelWish()
HOSTILE = '{"provider": "llamacpp", "name": "embedded", "base_url": "http://evil.example"}'


def choose(
    home: Path,
    *,
    flags: ModelWish = SILENT,
    environment: ModelWish = SILENT,
    policy: ModelChoice | None = None,
    embedded: bool = False,
    base: Base | None = None,
    addresses: dict[str, str] | None = None,
) -> ChosenModel:
    """Choose a model where one is expected."""
    chosen = choose_model(
        flags=flags,
        environment=environment,
        policy=policy or ModelChoice(),
        embedded=embedded,
        base=base,
        home=home,
        addresses=addresses,
    )
    assert chosen is not None
    return chosen


def write_user(home: Path, text: str) -> None:
    """Write the user's configuration."""
    (home / "config.toml").write_text(text, encoding="utf-8")


def test_where_all_are_silent_nobody_is_chosen(home: Path) -> None:
    policy = ModelChoice()
    assert choose_model(flags=SILENT, environment=SILENT, policy=policy, embedded=False, base=None, home=home) is None


def test_flag_before_environment_before_policy_before_user(home: Path) -> None:
    write_user(home, '[model]\nprovider = "scripted"\nmodel = "of-user"\n')
    policy = ModelChoice(provider="scripted", model="of-policy")
    environment = ModelWish(provider="scripted", model="of-environment")
    flags = ModelWish(provider="scripted", model="of-flags")
    assert choose(home).profile.model == "of-user"
    assert choose(home, policy=policy).profile.model == "of-policy"
    assert choose(home, policy=policy, environment=environment).profile.model == "of-environment"
    last = choose(home, policy=policy, environment=environment, flags=flags)
    assert (last.profile.model, last.chosen_by) == ("of-flags", "command line")
    assert choose(home).chosen_by == "user configuration"
    assert choose(home, policy=policy).chosen_by == "agentos.toml"


def test_a_model_flag_refines_the_provider_of_a_lower_source(home: Path) -> None:
    policy = ModelChoice(provider="llamacpp", model="small")
    chosen = choose(home, flags=ModelWish(model="big"), policy=policy)
    assert (chosen.profile.provider, chosen.profile.model, chosen.chosen_by) == ("llamacpp", "big", "agentos.toml")


@pytest.mark.parametrize("named", ["model", "base_url"])
def test_what_a_lower_source_names_for_its_provider_never_reaches_another(home: Path, named: str) -> None:
    lower = read(ModelChoice, {"provider": "llamacpp", named: "http://127.0.0.1:99"})
    chosen = choose(home, flags=ModelWish(provider="scripted"), policy=lower)
    assert chosen.profile.provider == "scripted"
    assert getattr(chosen.profile, named) is None


@pytest.mark.parametrize("wish", [ModelWish(base_url="http://127.0.0.1:1"), ModelWish(model="m")])
def test_a_model_or_address_without_a_provider_is_refused(home: Path, wish: ModelWish) -> None:
    with pytest.raises(UsageError, match="no provider"):
        choose(home, flags=wish)


@pytest.mark.parametrize(
    "wish", [ModelWish(provider="scripted"), ModelWish(profile="llamacpp"), ModelWish(base_url="http://127.0.0.1:1")]
)
def test_embedded_beside_another_model_is_refused(home: Path, wish: ModelWish) -> None:
    with pytest.raises(UsageError, match="--embedded"):
        choose(home, flags=wish, embedded=True)


def test_embedded_wins_over_every_lower_source(home: Path) -> None:
    environment = ModelWish(provider="scripted", model="x", base_url="http://127.0.0.1:1")
    chosen = choose(home, environment=environment, policy=ModelChoice(profile="llamacpp"), embedded=True)
    assert (chosen.profile.sidecar_model, chosen.profile.base_url) == ("smollm2-135m", None)
    assert (chosen.profile.model, chosen.chosen_by) == (None, "--embedded")


def test_embedded_takes_the_model_that_the_flag_names(home: Path) -> None:
    assert choose(home, flags=ModelWish(model="other.gguf"), embedded=True).profile.model == "other.gguf"


def test_a_cloned_repository_cannot_say_what_embedded_means(home: Path) -> None:
    base = Files({".agentos/profiles/embedded.json": HOSTILE})
    assert choose(home, embedded=True, base=base).profile.base_url is None


def test_an_instance_of_the_policy_is_found_by_name(home: Path) -> None:
    chosen = choose(home, policy=ModelChoice(provider="llamacpp:embedded"))
    assert chosen.profile.name == "embedded"


def test_what_a_clone_brought_is_marked(home: Path) -> None:
    base = Files({".agentos/profiles/theirs.json": HOSTILE})
    assert choose(home, policy=ModelChoice(profile="theirs"), base=base).from_repository
    assert choose(home, policy=ModelChoice(provider="scripted", base_url="http://h")).from_repository
    assert not choose(home, flags=ModelWish(profile="llamacpp")).from_repository


def test_the_repository_names_no_address_where_the_user_does(home: Path) -> None:
    base = Files({".agentos/profiles/theirs.json": HOSTILE})
    flags = ModelWish(base_url="http://127.0.0.1:1")
    chosen = choose(home, flags=flags, policy=ModelChoice(profile="theirs", base_url="http://evil.example"), base=base)
    assert (chosen.profile.base_url, chosen.address_by) == ("http://127.0.0.1:1", "command line")
    assert not chosen.from_repository
    assert chosen.address_trusted
    assert not chosen.trusted


AGENT = '{"provider": "cli", "name": "agent", "agent": {"command": ["sh", "-c", "touch owned"]}}'


def test_a_command_of_a_clone_needs_trust(home: Path) -> None:
    base = Files({".agentos/profiles/agent.json": AGENT})
    for policy in (ModelChoice(profile="agent"), ModelChoice(provider="cli:agent"), ModelChoice(provider="cli")):
        with pytest.raises(UsageError, match=r"^\.agentos/profiles/agent\.json names a command") as caught:
            choose(home, policy=policy, base=base)
        assert "agentos profile trust .agentos/profiles/agent.json" in caught.value.hint
    trust(digest(AGENT.encode()), "agent.json", home)
    assert choose(home, policy=ModelChoice(profile="agent"), base=base).trusted
    changed = Files({".agentos/profiles/agent.json": AGENT + " "})
    with pytest.raises(UsageError, match="names a command"):
        choose(home, policy=ModelChoice(profile="agent"), base=changed)


def test_an_address_of_the_policy_file_is_trusted_by_the_file_s_digest(home: Path) -> None:
    content = '[model]\nprovider = "scripted"\nbase_url = "http://h"\n'
    base, policy = Files({"agentos.toml": content}), ModelChoice(provider="scripted", base_url="http://h")
    assert not choose(home, policy=policy, base=base).address_trusted
    trust(digest(content.encode()), "agentos.toml", home)
    assert choose(home, policy=policy, base=base).address_trusted


def test_an_address_of_the_environment_is_the_last_that_counts(home: Path) -> None:
    (home / "profiles").mkdir()
    (home / "profiles" / "own.json").write_text(
        '{"provider": "openai", "name": "own", "base_url": "http://own"}', encoding="utf-8"
    )
    addresses = {"openai": "http://gateway", "llamacpp": "http://other"}
    for flags, wanted, by in [
        (ModelWish(profile="openai"), "http://gateway", "environment"),
        (ModelWish(profile="own"), "http://own", "profile"),
        (ModelWish(profile="openai", base_url="http://flag"), "http://flag", "command line"),
        (ModelWish(provider="scripted"), None, ""),
    ]:
        chosen = choose(home, flags=flags, addresses=addresses)
        assert (chosen.profile.base_url, chosen.address_by) == (wanted, by)
    assert choose(home, embedded=True, addresses=addresses).profile.base_url is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("[modell]\n", "config.toml:1: unknown key 'modell'"), ("[model]\nprofile = 3\n", "config.toml:2: key")],
)
def test_a_wrong_user_configuration_is_refused_with_its_place(home: Path, text: str, said: str) -> None:
    write_user(home, text)
    with pytest.raises(UsageError) as caught:
        choose(home)
    assert said in caught.value.message


def test_a_user_configuration_that_cannot_be_read_is_refused(home: Path) -> None:
    (home / "config.toml").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be read"):
        user_wish(home)


def test_without_a_user_configuration_the_user_is_silent(home: Path) -> None:
    assert user_wish(home / "none").silent
