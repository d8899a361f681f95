"""The port: what a recipe must offer; a new one is a class with these four methods and a line in `registry.py`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Protocol

from agentos_action.records.model import Prompt
from agentos_action.records.recipe import Built, LeftAlone, Place


class Recipe(Protocol):
    """A narrow edit as pure functions: no I/O, no network; `text` is decoded text with its own line endings."""

    id: str
    summary: str

    def wants(self, path: str) -> bool:
        """Tell whether the recipe looks at this file when nobody names files."""
        ...

    def find(self, path: str, text: str) -> tuple[tuple[Place, ...], tuple[LeftAlone, ...]]:
        """List the blanks of a file, and what is left alone with the reason."""
        ...

    def ask(self, place: Place, text: str) -> Generator[Prompt, str, str | None]:
        """Yield prompts, be sent each answer's text, and return the filling (`None`: nothing usable)."""
        ...

    def build(self, path: str, text: str, fillings: Mapping[str, str]) -> Built:
        """Put the fillings (by place id) in; a filling that would harm the file is left alone."""
        ...
