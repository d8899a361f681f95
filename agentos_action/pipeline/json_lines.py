"""Where a field stands in JSON text: the line of its key, which the parser of the standard library does not tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass(slots=True)
class _Level:
    """An object or a list that is open: the key or the number of what comes next."""

    is_list: bool
    at: str | int = 0


def line_of(text: str, field: str) -> int | None:
    """Return the 1-based line of a field (`params.temperature`, `instances.0.name`), or of what it is missing from.

    A key that stands twice is found where it stands again. None where the text holds no such thing.
    """
    best: tuple[int, int] | None = None
    seen: set[str] = set()
    for path, line in _keys(text):
        if path in seen and path.rpartition(".")[2] == field.rpartition(".")[2]:
            return line
        seen.add(path)
        depth = path.count(".") + 1
        if (field == path or field.startswith(f"{path}.")) and (best is None or depth > best[0]):
            best = (depth, line)
    return best[1] if best else None


def _keys(text: str) -> Iterator[tuple[str, int]]:
    """Yield the path of every key and of every item of a list, with its line."""
    levels: list[_Level] = []
    last = ""
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        word = token[0]
        line, counted = line + text.count("\n", counted, token.start()), token.start()
        if levels and levels[-1].is_list and word not in {"]", ",", ":"}:
            yield ".".join(str(level.at) for level in levels), line
        if word in {"{", "["}:
            levels.append(_Level(is_list=word == "["))
        elif word in {"}", "]"} and levels:
            levels.pop()
        elif word == ":" and levels and not levels[-1].is_list:
            levels[-1].at = _plain(last)
            yield ".".join(str(level.at) for level in levels), line
        elif word == "," and levels and levels[-1].is_list:
            levels[-1].at = int(levels[-1].at) + 1
        last = word


def _plain(word: str) -> str:
    try:
        return str(json.loads(word))
    except ValueError:
        return word
