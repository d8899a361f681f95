"""A request body written down with blanks: `{prompt}` and its like, each filled with a value of the question."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from agentos_action.adapters.openai_chat import messages
from agentos_action.adapters.reply import JsonObject
from agentos_action.adapters.text import one_line
from agentos_action.errors import UsageError
from agentos_action.records.model import Prompt

BLANKS: Final = ("prompt", "messages", "model", "max_tokens", "temperature", "seed", "stop")

# JSON and code between braces hold more than a word; a word alone between them is meant as a blank.
_BLANK: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def values(prompt: Prompt, model: str, text: str | None = None) -> Mapping[str, object]:
    """Return what the blanks stand for; `text` is the prompt as one text where a chat template made it."""
    return {
        "prompt": plain(prompt) if text is None else text,
        "messages": messages(prompt),
        "model": model,
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "seed": prompt.seed,
        "stop": list(prompt.stop),
    }


def plain(prompt: Prompt) -> str:
    """Return the messages as one text, without any chat template."""
    return "\n\n".join(message.content for message in prompt.messages) + "\n"


def check(template: Mapping[str, object]) -> frozenset[str]:
    """Return the blanks that a template uses; raises UsageError for an unknown one and where the prompt is missing."""
    used = frozenset(_blanks(template))
    for name in sorted(used.difference(BLANKS)):
        known = ", ".join(f"{{{blank}}}" for blank in BLANKS)
        raise UsageError(f"The profile's http.request holds {{{one_line(name, 40)}}}.", f"There is only: {known}.")
    if not used & {"prompt", "messages"}:
        raise UsageError("The profile's http.request asks nothing.", "Put {prompt} or {messages} where it belongs.")
    return used


def fill(template: Mapping[str, object], filling: Mapping[str, object]) -> JsonObject:
    """Return the body: a text that is one blank becomes its value, a blank within a longer text becomes text."""
    return {key: _filled(part, filling) for key, part in template.items()}


def _filled(part: object, filling: Mapping[str, object]) -> object:
    if isinstance(part, dict):
        return fill(cast("JsonObject", part), filling)
    if isinstance(part, list):
        return [_filled(item, filling) for item in part]
    if not isinstance(part, str):
        return part
    whole = _BLANK.fullmatch(part)
    # What is put in is not looked at again: a prompt may speak of {model} itself.
    return filling[whole[1]] if whole else _BLANK.sub(lambda blank: _as_text(filling[blank[1]]), part)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _blanks(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for value in part.values():
            yield from _blanks(value)
    elif isinstance(part, list):
        for item in part:
            yield from _blanks(item)
    elif isinstance(part, str):
        yield from _BLANK.findall(part)
