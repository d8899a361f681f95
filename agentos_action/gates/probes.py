"""The smallest question for every capability, asked as a run asks; what shows is a finding, not an error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.base import Adapter
from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError
from agentos_action.gates.capabilities import PROBED, Probed
from agentos_action.records.model import Answer, Constraint, Message, Prompt

_COLOURS = ("red", "green", "blue")
_SCHEMA: Final[dict[str, object]] = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": list(_COLOURS)}},
    "required": ["colour"],
    "additionalProperties": False,
}
_GRAMMAR: Final = 'root ::= "<<" [0-9] [0-9] [0-9] ">>"'
_OBEYS: Final = re.compile(r"<<[0-9]{3}>>")
_JSON_WORDS: Final = 'Give a colour as a JSON object like {"colour": "red"}.'
#: Room for a model that thinks first.
_MOST_TOKENS: Final = 512


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for one capability, and whether an answer shows it (the text, how many pieces it came in)."""

    words: str
    constraint: Constraint | None
    shows: Callable[[str, int], bool]


def _object(text: str) -> object:
    """Return the JSON object that a text is, None where it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _is_object(text: str, _pieces: int) -> bool:
    return _object(text) is not None


def _is_colour(text: str, _pieces: int) -> bool:
    return _object(text) in [{"colour": colour} for colour in _COLOURS]


QUESTIONS: Final[dict[str, Question]] = {
    "stream": Question("Say hello in one short sentence.", None, lambda _text, pieces: pieces > 1),
    "json_mode": Question(_JSON_WORDS, Constraint(json_object=True), _is_object),
    "json_schema": Question(_JSON_WORDS, Constraint(json_schema=_SCHEMA), _is_colour),
    "grammar": Question(
        "Say hello.", Constraint(grammar=_GRAMMAR), lambda text, _pieces: _OBEYS.fullmatch(text.strip()) is not None
    ),
    "function_call": Question(_JSON_WORDS, Constraint(json_schema=_SCHEMA, function=True), _is_colour),
}


def probe(adapter: Adapter, names: tuple[str, ...], seconds: float) -> tuple[dict[str, Probed], int | None]:
    """Ask for these capabilities, and return what showed and the most tokens that a call took."""
    found: dict[str, Probed] = {}
    most: int | None = None
    for name in (name for name in PROBED if name in names):
        found[name], answer = _asked(adapter, QUESTIONS[name], seconds)
        if answer is not None and answer.usage.prompt is not None:
            most = max(most or 0, answer.usage.prompt + (answer.usage.completion or 0))
    return found, most


def _asked(adapter: Adapter, question: Question, seconds: float) -> tuple[Probed, Answer | None]:
    pieces = 0

    def heard(received: int, /) -> None:
        nonlocal pieces
        pieces = received

    prompt = Prompt((Message("user", question.words),), max_tokens=_MOST_TOKENS, constraint=question.constraint)
    try:
        answer = adapter.run(prompt, Deadline(seconds), heard)
    except AgentOSError as error:
        return Probed(there=False, said=f"{error.raw_error_code}: {error.message}", pieces=pieces), None
    shows = question.shows(answer.text, pieces)
    text = answer.text if len(answer.text) <= 80 else f"{answer.text[:80]}…"  # noqa: PLR2004 - what fits on a line
    return Probed(shows, f"{text!r} in {pieces} piece{'' if pieces == 1 else 's'}", pieces), answer
