"""Where in an answer the edits stand: the fenced blocks of a kind, or the bare text."""

from __future__ import annotations

import re

from agentos_action.patches.refusal import refuse

_OPEN = re.compile(r"^(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+-]*)[^\n]*$")

DIFF_LANGUAGES = frozenset({"diff", "patch", "udiff"})
JSON_LANGUAGES = frozenset({"json", "jsonc"})


def fenced_blocks(answer: str, languages: frozenset[str]) -> list[str]:
    """Return the text of every fenced block in one of the languages, or without language.

    Raises Refused (`patch.truncated`) for a block that never closes.
    """
    blocks: list[str] = []
    lines = answer.split("\n")
    index = 0
    while index < len(lines):
        match = _OPEN.match(lines[index])
        if match is None:
            index += 1
            continue
        end = _closing(lines, index + 1, match["fence"])
        wanted = match["language"].lower() in languages | {""}
        if end is None:
            if wanted:
                hint = "Ask again for a shorter change, or raise max_tokens."
                raise refuse("patch.truncated", "the answer's fenced block never closes: it was cut off", hint)
            break
        if wanted:
            blocks.append("\n".join(lines[index + 1 : end]) + "\n")
        index = end + 1
    return blocks


def _closing(lines: list[str], start: int, fence: str) -> int | None:
    for index in range(start, len(lines)):
        line = lines[index].rstrip()
        if len(line) >= len(fence) and set(line) == {fence[0]}:
            return index
    return None
