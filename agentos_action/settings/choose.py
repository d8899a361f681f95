"""Which model: flags > environment > the policy's `[model]` > the user's own configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import Profile
from agentos_action.records.record import Record
from agentos_action.records.run import ModelWish
from agentos_action.settings.key import refuse_command
from agentos_action.settings.policy import POLICY_FILE
from agentos_action.settings.profile import LoadedProfile, find_instance, instances_of, load_profile
from agentos_action.settings.trust import digest, is_trusted
from agentos_action.tomlfile import read_toml

EMBEDDED_PROFILE = "embedded"


class UserModel(Record):
    """The `[model]` table of the user's configuration."""

    profile: str | None = None
    provider: str | None = None
    model: str | None = None
    base_url: str | None = None


class UserConfiguration(Record):
    """`~/.agentos/config.toml`."""

    model: UserModel = UserModel()


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The profile to use with every wish merged into it, and who named it.

    `trusted` says that the user stands behind the profile's file: it is theirs, ours, or trusted by its digest.
    `address_by` names who gave the base URL ("profile", a source, a variable; empty: nobody), `from_repository` says
    that it was the repository, and `address_trusted` that the user stands behind that. `others` are the further
    instances of the same provider, in order, where no single one was named. `asked_for` is False where this is one of
    all that could be asked, so that a key for the model that is asked is not for it.
    """

    profile: Profile
    source: str
    chosen_by: str
    from_repository: bool
    trusted: bool = True
    address_by: str = ""
    address_trusted: bool = True
    others: tuple[ChosenModel, ...] = ()
    asked_for: bool = True


def choose_model(  # noqa: PLR0913 - one parameter a source
    *,
    flags: ModelWish,
    environment: ModelWish,
    policy: ModelChoice,
    embedded: bool,
    base: Base | None,
    home: Path,
    addresses: Mapping[str, str] | None = None,
) -> ChosenModel | None:
    """Merge the four sources; None where all are silent.

    The highest source that names a profile or provider decides *who* answers; lower sources are then not asked,
    so that a model name meant for one provider never reaches another. `addresses` are those that the environment
    gives to a provider where nothing else does. Raises UsageError on contradictions, and for a command of a
    repository's profile that the user does not trust.
    """
    ranked = [("command line", flags), ("environment", environment), (POLICY_FILE, _wish(policy))]
    ranked.append(("user configuration", user_wish(home)))
    if embedded:
        if flags.provider or flags.profile or flags.base_url:
            raise UsageError("--embedded cannot be combined with another model", "Drop one of the two.")
        ranked[0] = ("--embedded", ModelWish(profile=EMBEDDED_PROFILE, model=flags.model))
    model = base_url = None
    address_by = ""
    for by, wish in ranked:
        model = model or wish.model
        if base_url is None and wish.base_url:
            base_url, address_by = wish.base_url, by
        if wish.profile or wish.provider:
            # A clone's own profile of that name may not say what --embedded means.
            found = _find(wish, None if by == "--embedded" else base, home)
            trusted = address_by != POLICY_FILE or _policy_trusted(base, home)
            chosen = _merge(found, by, model, _Address(base_url, address_by, trusted), addresses or {})
            refuse_command(chosen)
            if wish.profile or wish.instance or base_url is not None:
                return chosen
            return replace(chosen, others=_others(chosen, model, base, home, addresses or {}))
    if model or base_url:
        hint = "Add --provider; `agentos tool list` shows them."
        raise UsageError("a model or base URL is named, but no provider", hint)
    return None


def user_wish(home: Path) -> ModelWish:
    """Read the wish in the user's configuration; silent where there is no such file."""
    file = home / "config.toml"
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return ModelWish()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}", "Correct or remove that file.") from error
    return _wish(read_toml(text, UserConfiguration, str(file)).model)


def _wish(choice: ModelChoice | UserModel) -> ModelWish:
    provider, _, instance = (choice.provider or "").partition(":")
    return ModelWish(
        profile=choice.profile,
        provider=provider or None,
        instance=instance or None,
        model=choice.model,
        base_url=choice.base_url,
    )


def _find(wish: ModelWish, base: Base | None, home: Path) -> LoadedProfile:
    if wish.profile:
        return load_profile(wish.profile, base, home)
    return find_instance(wish.provider or "", wish.instance, base, home)


def as_chosen(found: LoadedProfile, by: str, addresses: Mapping[str, str] | None = None) -> ChosenModel:
    """Return one profile as it is, chosen by `by`; whoever uses it asks `key_for` first, which may refuse it."""
    return replace(_merge(found, by, None, _Address(None, "", trusted=True), addresses or {}), asked_for=False)


@dataclass(frozen=True, slots=True)
class _Address:
    """A base URL that a source other than the profile gives (None: none does), which one, and whether it may."""

    base_url: str | None
    by: str
    trusted: bool


def _others(
    chosen: ChosenModel, model: str | None, base: Base | None, home: Path, addresses: Mapping[str, str]
) -> tuple[ChosenModel, ...]:
    """Return the provider's further instances, each for the model that is asked for, if one is."""
    own = chosen.profile
    there = [loaded for loaded in instances_of(own.provider, base, home) if loaded.profile.name != own.name]
    nothing = _Address(None, "", trusted=True)
    return tuple(_merge(loaded, chosen.chosen_by, model, nothing, addresses) for loaded in there)


def _policy_trusted(base: Base | None, home: Path) -> bool:
    version = base.read(POLICY_FILE) if base is not None else None
    # Without a file in a repository the policy is what the caller says.
    return version is None or is_trusted(digest(version.content), home)


def _merge(
    found: LoadedProfile, by: str, model: str | None, address: _Address, addresses: Mapping[str, str]
) -> ChosenModel:
    own = found.profile
    if address.base_url is None:
        if own.base_url is not None:
            address = _Address(own.base_url, "profile", found.trusted)
        elif own.provider in addresses and own.agent is None and own.sidecar_model is None:
            address = _Address(addresses[own.provider], "environment", trusted=True)
    data = own.model_dump(by_alias=True)
    data.update({key: value for key, value in (("model", model), ("base_url", address.base_url)) if value})
    return ChosenModel(
        Profile.model_validate(data),
        found.source,
        by,
        from_repository=address.by == POLICY_FILE or (address.by == "profile" and found.from_repository),
        trusted=found.trusted,
        address_by=address.by,
        address_trusted=address.trusted,
    )
