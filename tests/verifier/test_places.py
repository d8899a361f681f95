"""Protected places, one by one: closed under every wide pattern, opened by one that names them, told in the docs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.verifier.may_change import may_change
from agentos_action.verifier.names import unclean
from agentos_action.verifier.places import MANIFESTS, PROTECTED, STEERING_NAMES, Place
from tests.bases import BASE_ID

WIDE = ("**", "*", "*/**", ".*", ".*/**", "**/*", "[!x]*/**", "?*")
GITHUB = {"/.github/workflows/", "/.github/actions/"}


def samples(places: tuple[Place, ...]) -> Iterator[tuple[str, str | None]]:
    """Yield (a name that lies in the place, the pattern that opens it) for every pattern."""
    for patterns, folder in places:
        for pattern in patterns:
            inside = pattern.removeprefix("/").replace("*", "x") + ("deep/x" if pattern.endswith("/") else "")
            yield inside, f"{folder}**" if folder else inside


def found(name: str, *allowed: str) -> list[str]:
    """Return the findings for a change of a name, manifests protected."""
    policy = Policy(allowed_paths=allowed, protect_manifests=True)
    return [finding.id for finding in may_change(name, policy, Surroundings(BASE_ID))]


ALL = [*samples(PROTECTED), *samples(MANIFESTS)]


@pytest.mark.parametrize(("name", "opens"), ALL, ids=[name for name, _ in ALL])
def test_a_place_is_closed_under_wide_patterns_and_opened_by_its_name(name: str, opens: str) -> None:
    for spelled in (name, name.upper(), name.replace("i", "\uff49"), name.replace("s", "\u017f")):
        assert any(code.startswith("protected.") for code in found(spelled, *WIDE)), spelled
    assert found(name, opens) == []
    assert found(name, "**", name) == []


def test_the_documentation_names_every_place() -> None:
    page = (Path(__file__).parents[2] / "docs/policy.md").read_text(encoding="utf-8")
    patterns = {pattern for patterns, _ in (*PROTECTED, *MANIFESTS) for pattern in patterns} - GITHUB
    assert [pattern for pattern in sorted(patterns) if f"`{pattern}`" not in page] == []


def test_no_name_that_steers_is_refused_as_unclean() -> None:
    assert [name for name in STEERING_NAMES if unclean(name)] == []


@pytest.mark.parametrize("name", ["Makefile", "README.md", ".gitignore", ".editorconfig", "src/a.py", "docs/github/x"])
def test_ordinary_files_are_open(name: str) -> None:
    assert found(name, "**") == []
