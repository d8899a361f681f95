"""Which model: flags > environment > the policy's `[model]` > the user's own configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import Profile
from agentos_action.records.record import Record
from agentos_action.records.run import ModelWish
from agentos_action.settings.profile import LoadedProfile, find_instance, load_profile
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
    """The profile to use with every wish merged into it, and who named it."""

    profile: Profile
    source: str
    chosen_by: str
    from_repository: bool


def choose_model(  # noqa: PLR0913 - one parameter a source
    *,
    flags: ModelWish,
    environment: ModelWish,
    policy: ModelChoice,
    embedded: bool,
    base: Base | None,
    home: Path,
) -> ChosenModel | None:
    """Merge the four sources; None where all are silent.

    The highest source that names a profile or provider decides *who* answers; lower sources are then not asked,
    so that a model name meant for one provider never reaches another. Raises UsageError on contradictions.
    """
    ranked = [("command line", flags), ("environment", environment), ("agentos.toml", _wish(policy))]
    ranked.append(("user configuration", user_wish(home)))
    if embedded:
        if flags.provider or flags.profile or flags.base_url:
            raise UsageError("--embedded cannot be combined with another model", "Drop one of the two.")
        ranked[0] = ("--embedded", ModelWish(profile=EMBEDDED_PROFILE, model=flags.model))
    model = base_url = None
    for by, wish in ranked:
        model = model or wish.model
        base_url = base_url or wish.base_url
        if wish.profile or wish.provider:
            # A clone's own profile of that name may not say what --embedded means.
            found = _find(wish, None if by == "--embedded" else base, home)
            return _merge(found, by, model, base_url, base_url_here=wish.base_url is not None)
    if model or base_url:
        raise UsageError("a model or base URL is named, but no provider", "Add --provider (llamacpp, scripted).")
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


def _merge(
    found: LoadedProfile, by: str, model: str | None, base_url: str | None, *, base_url_here: bool
) -> ChosenModel:
    data = found.profile.model_dump(by_alias=True)
    data.update({key: value for key, value in (("model", model), ("base_url", base_url)) if value})
    from_repository = (by == "agentos.toml" and base_url_here) or (found.from_repository and not base_url)
    return ChosenModel(Profile.model_validate(data), found.source, by, from_repository)
