"""A model that answers from a list."""

from __future__ import annotations

from collections.abc import Iterable

from agentos_action.recipes.base import Recipe
from agentos_action.records.model import Prompt
from agentos_action.records.recipe import Place


def drive(recipe: Recipe, place: Place, text: str, answers: Iterable[str]) -> tuple[str | None, list[Prompt]]:
    """Run `ask` with scripted answers; return the filling and the prompts it made."""
    waiting, prompts = iter(answers), []
    asking = recipe.ask(place, text)
    try:
        prompts.append(next(asking))
        while True:
            prompts.append(asking.send(next(waiting)))
    except StopIteration as end:
        return end.value, prompts
