"""Profiles by name: the repository's (from the policy commit), the user's, the shipped ones, in that order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from agentos_action.errors import UsageError
from agentos_action.records.base import Base
from agentos_action.records.profile import Profile

REPOSITORY_FOLDER = ".agentos/profiles"
MAX_PROFILE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile and the file it was read from; `from_repository` marks what a clone brought along."""

    profile: Profile
    source: str
    from_repository: bool = False


def load_profile(name: str, base: Base | None, home: Path) -> LoadedProfile:
    """Return the profile of that file name; raises UsageError listing what there is, or naming the wrong field."""
    available: dict[str, LoadedText] = {}
    for found in _candidates(base, home):
        if found.name == name:
            return _read(found)
        available.setdefault(found.name, found)
    names = ", ".join(sorted(available))
    raise UsageError(f"there is no profile {name!r}", f"Profiles here: {names}. See docs/models.md.")


def find_instance(provider: str, instance: str | None, base: Base | None, home: Path) -> LoadedProfile:
    """Return the profile of a provider (its first, or the one whose `name` is the instance)."""
    there = []
    for found in _candidates(base, home):
        loaded = _read(found)
        if loaded.profile.provider != provider:
            continue
        there.append(f"{provider}:{loaded.profile.name}")
        wanted = loaded.profile.name == instance if instance else loaded.profile.sidecar_model is None
        if wanted:
            return loaded
    if instance:
        listed = ", ".join(dict.fromkeys(there)) or "none"
        raise UsageError(f"there is no instance {provider}:{instance}", f"Instances here: {listed}.")
    return LoadedProfile(Profile(provider=provider, name=provider), "built-in")


@dataclass(frozen=True, slots=True)
class LoadedText:
    """A profile's text before it is checked."""

    name: str
    source: str
    content: bytes
    from_repository: bool


def _candidates(base: Base | None, home: Path) -> Iterator[LoadedText]:
    if base is not None:
        for name in base.siblings(REPOSITORY_FOLDER):
            path = f"{REPOSITORY_FOLDER}/{name}"
            version = base.read(path) if name.endswith(".json") else None
            if version is not None:
                yield LoadedText(name.removesuffix(".json"), f"{path}@{base.id[:10]}", version.content, True)  # noqa: FBT003
    for folder in (home / "profiles", *_shipped()):
        for file in sorted(folder.glob("*.json")):
            yield LoadedText(file.stem, str(file), file.read_bytes()[: MAX_PROFILE_BYTES + 1], False)  # noqa: FBT003


def _shipped() -> Iterator[Path]:
    package = Path(__file__).resolve().parent.parent
    # A wheel carries the profiles inside the package, a checkout (and an editable install) beside it.
    for folder in (package / "profiles" / "llm", package.parent / "profiles" / "llm"):
        if folder.is_dir():
            yield folder
            return


def _read(found: LoadedText) -> LoadedProfile:
    if len(found.content) > MAX_PROFILE_BYTES:
        raise UsageError(f"{found.source}: larger than {MAX_PROFILE_BYTES} bytes", "Shorten the profile.")
    try:
        data = json.loads(found.content)
        profile = Profile.model_validate(data)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UsageError(f"{found.source}: not valid JSON: {error}", "Correct the profile.") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the profile"
        raise UsageError(f"{found.source}: field {field!r}: {first['msg']}", "See `agentos schema profile`.") from error
    return LoadedProfile(profile, found.source, found.from_repository)
