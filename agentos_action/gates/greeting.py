"""The narrow task of the providers' gates: a model's words, whatever they are, fill one blank of one file.

A model of 135 million parameters writes no diff, but it says hello. What is proved is the way from a provider's answer
to a canonical diff that the rules accept, not what the model knows.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping

from agentos_action.records.model import Message, Prompt
from agentos_action.records.recipe import Built, LeftAlone, Place

NAME = "gate_greeting"
PATH = "greeting.txt"
BLANK = "___"
FILES = {PATH: f"Greeting: {BLANK}\n"}
#: For an agent command, which edits files by itself.
INSTRUCTION = f"In {PATH} put one short friendly sentence in the place of {BLANK}. Change nothing else."
QUESTION = "Say hello in one short sentence."

#: A model that thinks before it speaks needs the room; one that does not ends by itself.
_MOST_TOKENS = 512
_MOST_CHARACTERS = 100
_OTHER = re.compile(r"[^A-Za-z0-9 ,.'!?;:-]+")


class Greeting:
    """Fills the blank of `greeting.txt`."""

    id = NAME
    summary = "fill the blank of a gate's own file"

    def wants(self, path: str) -> bool:
        """Tell whether it is the gate's file."""
        return path == PATH

    def find(self, path: str, text: str) -> tuple[tuple[Place, ...], tuple[LeftAlone, ...]]:
        """Return the one blank."""
        # A place is of a kind of code; there is none for a line of text.
        return ((Place(f"{path}::greeting", path, "greeting", 1, "function"),) if BLANK in text else (), ())

    def ask(self, place: Place, text: str) -> Generator[Prompt, str, str | None]:  # noqa: ARG002 - the port's form
        """Ask for a greeting, and keep the plain signs of its first line; None where there is none."""
        answer = yield Prompt((Message("user", QUESTION),), max_tokens=_MOST_TOKENS)
        lines = (" ".join(_OTHER.sub(" ", line).split()) for line in answer.splitlines())
        plain = next((line for line in lines if any(map(str.isalnum, line))), "")
        return plain[:_MOST_CHARACTERS].strip() or None

    def build(self, path: str, text: str, fillings: Mapping[str, str]) -> Built:  # noqa: ARG002 - the port's form
        """Put it in."""
        for filling in fillings.values():
            return Built(text.replace(BLANK, filling), tuple(fillings), ())
        return Built(text, (), ())
