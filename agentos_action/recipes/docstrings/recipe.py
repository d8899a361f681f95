"""The docstrings recipe itself: finds, asks once or twice, and builds."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from agentos_action.recipes.docstrings import insert, places
from agentos_action.recipes.docstrings.opening import first, second
from agentos_action.recipes.docstrings.prompt import code_of, is_cut, prompt
from agentos_action.recipes.docstrings.sentence import Tidied, tidy
from agentos_action.recipes.docstrings.source import Definition, UnreadableSourceError
from agentos_action.recipes.docstrings.words import about, head, missing
from agentos_action.records.model import Prompt
from agentos_action.records.recipe import Built, LeftAlone, Place


class DocstringsRecipe:
    """Fill in one-sentence docstrings where Python functions, methods and classes have none."""

    id = "docstrings"
    summary = "Write a one-sentence docstring for every Python function, method and class that has none."

    def wants(self, path: str) -> bool:
        """Look at Python source files."""
        return path.endswith(".py")

    def find(self, path: str, text: str) -> tuple[tuple[Place, ...], tuple[LeftAlone, ...]]:
        """List the definitions without docstring, and those left alone with the reason."""
        return places.find(path, text)

    def ask(self, place: Place, text: str) -> Generator[Prompt, str, str | None]:
        """Ask for a sentence; ask once more, with the name said in its opening, if the answer leaves the name out."""
        definition = _definition(place, text)
        if definition is None:
            return None
        limit = insert.room(text, definition.node)
        code = code_of(definition, text)
        opening = first(definition)
        answer = yield prompt(definition, text, opening, limit)
        best = tidy(answer, limit, code, cut=is_cut(answer, opening, limit))
        again = second(definition)
        if again is None or (best is not None and _is_enough(place.name, best)):
            return best.text if best is not None else None
        answer = yield prompt(definition, text, again, limit)
        other = tidy(answer, limit, code, cut=is_cut(answer, again, limit))
        return _better(place.name, best, other)

    def build(self, path: str, text: str, fillings: Mapping[str, str]) -> Built:
        """Insert the sentences, and prove that nothing but docstrings changed."""
        return insert.build(path, text, fillings)


def _is_enough(name: str, best: Tidied) -> bool:
    """Tell whether a first sentence says the name; a cut one still does if it opens with the name's own verb."""
    whole = best.whole or not best.text.startswith("Return ")
    return whole and not missing(name, best.text) and about(name, best.text)


def _names_result(name: str, sentence: str) -> bool:
    return about(name, sentence) and head(name) not in missing(name, sentence)


def _better(name: str, best: Tidied | None, other: Tidied | None) -> str | None:
    """Choose the sentence that says more of the name; the first one if it names the result and is as whole."""
    if best is None or other is None:
        either = best or other
        return either.text if either is not None else None
    if best.whole and best.text.startswith("Return ") and _names_result(name, best.text):
        return best.text
    ranks = [(not about(name, each.text), len(missing(name, each.text)), not each.whole) for each in (best, other)]
    return other.text if ranks[1] < ranks[0] else best.text


def _definition(place: Place, text: str) -> Definition | None:
    try:
        found = places.undocumented(text)
    except UnreadableSourceError:
        return None
    return next((each for each in found if f"{place.path}::{each.qualname}" == place.id), None)
