"""What the policy's `[model]` names → what of it there is not, looked up as a run would; nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.adapters.registry import providers
from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.policy import ModelChoice
from agentos_action.settings.profile import REPOSITORY_FOLDER, find_instance, load_profile


@dataclass(frozen=True, slots=True)
class Unusable:
    """A key of `[model]` that a run could not use; `elsewhere`: a machine with other profiles of its own could."""

    key: str
    message: str
    hint: str = ""
    elsewhere: bool = False


def unknown_provider(name: str) -> str | None:
    """Return what is said of a provider that there is not, None for one that there is."""
    known = providers()
    return None if name in known else f"there is no provider {name!r}; there are: {', '.join(known)}"


def unusable(choice: ModelChoice, base: Base, home: Path) -> Iterator[Unusable]:
    """Yield every key of `[model]` that a run from `base` could not use."""
    provider, _, instance = (choice.provider or "").partition(":")
    if choice.provider and (said := unknown_provider(provider)):
        yield Unusable("provider", said)
    elif provider or choice.profile:
        try:
            if choice.profile:
                load_profile(choice.profile, base, home)
            else:
                find_instance(provider, instance or None, base, home)
        except UsageError as error:
            # A wrong profile of the repository is told as a file of its own.
            if not error.message.startswith(f"{REPOSITORY_FOLDER}/"):
                yield Unusable("profile" if choice.profile else "provider", error.message, error.hint, elsewhere=True)
    if choice.base_url:
        try:
            parse_endpoint(choice.base_url)
        except UsageError as error:
            yield Unusable("base_url", error.message, error.hint)
