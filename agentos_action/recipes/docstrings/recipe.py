"""The docstrings recipe itself: finds, asks once or twice, and builds."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from agentos_action.recipes.docstrings import insert, places
from agentos_action.recipes.docstrings.naming import opening
from agentos_action.recipes.docstrings.opening import shorter
from agentos_action.recipes.docstrings.prompt import code_of, prompt
from agentos_action.recipes.docstrings.sentence import tidy
from agentos_action.recipes.docstrings.source import Definition, UnreadableSourceError
from agentos_action.recipes.docstrings.vocabulary import letters
from agentos_action.records.model import Prompt
from agentos_action.records.recipe import Built, LeftAlone, Place


class DocstringsRecipe:
    """Fill in one-sentence docstrings where Python functions, methods and classes have none."""

    id = "docstrings"
    summary = "Write a one-sentence docstring for every Python function, method and class that has none."

    def wants(self, path: str) -> bool:
        """Look at Python source files; tests say by their names what they do, so they wait until they are named."""
        *folders, name = path.split("/")
        is_test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
        return name.endswith(".py") and not is_test and not {"tests", "test"} & set(folders)

    def find(self, path: str, text: str) -> tuple[tuple[Place, ...], tuple[LeftAlone, ...]]:
        """List the definitions without docstring, and those left alone with the reason."""
        return places.find(path, text)

    def ask(self, place: Place, text: str) -> Generator[Prompt, str, str | None]:
        """Ask for a sentence; ask once more, for a shorter one, if the answer is not usable."""
        definition = _definition(place, text)
        if definition is None:
            return None
        limit, code = insert.room(text, definition.node), code_of(definition, text)
        start, beyond = opening(definition), letters(definition)
        answer = yield prompt(definition, text, start)
        best = tidy(answer, limit, code, beyond)
        if best is None:
            answer = yield prompt(definition, text, shorter(start))
            best = tidy(answer, limit, code, beyond)
        return best

    def build(self, path: str, text: str, fillings: Mapping[str, str]) -> Built:
        """Insert the sentences, and prove that nothing but docstrings changed."""
        return insert.build(path, text, fillings)


def _definition(place: Place, text: str) -> Definition | None:
    try:
        found = places.undocumented(text)
    except UnreadableSourceError:
        return None
    return next((each for each in found if f"{place.path}::{each.qualname}" == place.id), None)
