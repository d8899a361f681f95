"""Profiles by name: the repository's (from the policy commit), the user's, the shipped ones, in that order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.profile import Profile
from agentos_action.settings.profile_text import MAX_PROFILE_BYTES, read_profile
from agentos_action.settings.trust import digest, is_trusted

REPOSITORY_FOLDER = ".agentos/profiles"


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile and the file it was read from; `from_repository` marks what a clone brought along.

    `trusted` is True for the user's own and the shipped ones, and for a clone's once the user said so.
    """

    profile: Profile
    source: str
    from_repository: bool = False
    sha256: str = ""
    trusted: bool = True


def load_profile(name: str, base: Base | None, home: Path) -> LoadedProfile:
    """Return the profile of that file name; raises UsageError listing what there is, or naming the wrong field."""
    available: dict[str, LoadedText] = {}
    for found in _candidates(base, home):
        if found.name == name:
            return _read(found, home)
        available.setdefault(found.name, found)
    names = ", ".join(sorted(available))
    raise UsageError(f"there is no profile {name!r}", f"Profiles here: {names}. See docs/models.md.")


def find_instance(provider: str, instance: str | None, base: Base | None, home: Path) -> LoadedProfile:
    """Return the profile of a provider (its first, or the one whose `name` is the instance)."""
    there = []
    for loaded in _of_provider(provider, base, home):
        there.append(f"{provider}:{loaded.profile.name}")
        wanted = loaded.profile.name == instance if instance else loaded.profile.sidecar_model is None
        if wanted:
            return loaded
    if instance:
        listed = ", ".join(dict.fromkeys(there)) or "none"
        raise UsageError(f"there is no instance {provider}:{instance}", f"Instances here: {listed}.")
    try:
        return LoadedProfile(Profile(provider=provider, name=provider), "built-in")
    except ValueError as error:
        raise UsageError(f"there is no provider {provider[:80]!r}", "`agentos tool list` shows them.") from error


def instances_of(provider: str, base: Base | None, home: Path) -> tuple[LoadedProfile, ...]:
    """Return every instance of a provider, the first of each name, without those that start a server of our own."""
    found: dict[str, LoadedProfile] = {}
    for loaded in _of_provider(provider, base, home):
        if loaded.profile.sidecar_model is None:
            found.setdefault(loaded.profile.name, loaded)
    return tuple(found.values())


def providers(base: Base | None, home: Path) -> tuple[str, ...]:
    """Return the providers that have a profile, in order."""
    return tuple(dict.fromkeys(_read(found, home).profile.provider for found in _candidates(base, home)))


@dataclass(frozen=True, slots=True)
class LoadedText:
    """A profile's text before it is checked."""

    name: str
    source: str
    content: bytes
    from_repository: bool


def _of_provider(provider: str, base: Base | None, home: Path) -> Iterator[LoadedProfile]:
    for found in _candidates(base, home):
        loaded = _read(found, home)
        if loaded.profile.provider == provider:
            yield from _instances(loaded)


def _instances(loaded: LoadedProfile) -> Iterator[LoadedProfile]:
    """Yield the profile, then each further instance as a profile of its own with what the file says for all."""
    shared = loaded.profile.model_dump(by_alias=True)
    shared["instances"] = ()
    yield _other(loaded, shared)
    for instance in loaded.profile.instances:
        own = {key: value for key, value in instance.model_dump().items() if value is not None}
        yield _other(loaded, {**shared, **own})


def _other(loaded: LoadedProfile, data: dict[str, object]) -> LoadedProfile:
    profile = Profile.model_validate(data)
    return LoadedProfile(profile, loaded.source, loaded.from_repository, loaded.sha256, loaded.trusted)


def _candidates(base: Base | None, home: Path) -> Iterator[LoadedText]:
    if base is not None:
        for name in base.siblings(REPOSITORY_FOLDER):
            path = f"{REPOSITORY_FOLDER}/{name}"
            version = base.read(path) if name.endswith(".json") else None
            if version is not None:
                yield LoadedText(name.removesuffix(".json"), f"{path}@{base.id[:10]}", version.content, True)  # noqa: FBT003
    for folder in (home / "profiles", *_shipped()):
        for file in sorted(folder.glob("*.json")):
            yield LoadedText(file.stem, str(file), _content(file), False)  # noqa: FBT003


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_PROFILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "Make it a readable file, or remove it.") from error


def _shipped() -> Iterator[Path]:
    package = Path(__file__).resolve().parent.parent
    # A wheel carries the profiles inside the package, a checkout (and an editable install) beside it.
    for folder in (package / "profiles" / "llm", package.parent / "profiles" / "llm"):
        if folder.is_dir():
            yield folder
            return


def _read(found: LoadedText, home: Path) -> LoadedProfile:
    profile = read_profile(found.content, found.source)
    sha256 = digest(found.content)
    trusted = not found.from_repository or is_trusted(sha256, home)
    return LoadedProfile(profile, found.source, found.from_repository, sha256, trusted)
