"""Names of recipes and where they are; a recipe is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from agentos_action.errors import UsageError

if TYPE_CHECKING:
    from agentos_action.recipes.base import Recipe

RECIPES = {
    "docstrings": "agentos_action.recipes.docstrings.recipe:DocstringsRecipe",
}


def names() -> tuple[str, ...]:
    """List the recipes' names in alphabetical order."""
    return tuple(sorted(RECIPES))


def load(name: str) -> Recipe:
    """Return the recipe of that name; an unknown one raises `UsageError`."""
    if name not in RECIPES:
        message = f"There is no recipe named {name!r}."
        raise UsageError(message, f"Choose one of: {', '.join(names())} (`agentos recipe list`).")
    module, _, attribute = RECIPES[name].partition(":")
    return cast("Recipe", getattr(import_module(module), attribute)())
