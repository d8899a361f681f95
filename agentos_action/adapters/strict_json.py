"""JSON as a stranger sends it, read strictly: UTF-8, no duplicate keys, no NaN, no absurd nesting."""

from __future__ import annotations

import json
import math
from typing import NoReturn

from agentos_action.adapters.faults import Code

MAX_DEPTH = 100
# A megabyte of `[],[],` becomes 20 MB of objects; the marks inside of texts count too, an answer has far fewer.
MAX_PARTS = 300_000


class NotStrictError(ValueError):
    """The text is not JSON we accept; `code` is the fault's code."""

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(why)
        self.code = code


def loads(data: bytes | str) -> object:
    """Parse one JSON document or raise NotStrictError (`bad_utf8`, `bad_json`, `too_large`)."""
    text = decode(data) if isinstance(data, bytes) else data
    if sum(text.count(mark) for mark in ",[{") > MAX_PARTS:
        raise NotStrictError(Code.TOO_LARGE, f"It has more than {MAX_PARTS:,} parts.")
    try:
        value: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise _too_deep() from error
    except NotStrictError:
        raise
    except ValueError as error:
        # Also an integer of more digits than Python converts.
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise NotStrictError(Code.BAD_JSON, f"It cannot be parsed{where}.") from error
    _check_depth(value)
    if "\\ud" in text.lower():
        _check_surrogates(value)
    return value


def decode(data: bytes) -> str:
    """Decode strict UTF-8 or raise NotStrictError (`bad_utf8`)."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrictError(Code.BAD_UTF8, f"The byte at offset {error.start} is wrong.") from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictError(Code.BAD_JSON, "A key stands twice in one object.")
    return found


def _no_constant(_name: str) -> NoReturn:
    raise NotStrictError(Code.BAD_JSON, "It holds NaN or Infinity.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        _no_constant(digits)
    return number


def _too_deep() -> NotStrictError:
    return NotStrictError(Code.BAD_JSON, f"It is nested more than {MAX_DEPTH} deep.")


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise _too_deep()


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return [child for child in node.values() if isinstance(child, dict | list)]
    if isinstance(node, list):
        return [child for child in node if isinstance(child, dict | list)]
    return []


def _check_surrogates(value: object) -> None:
    # Half a surrogate pair passes the parser as an escape and fails wherever the text is written.
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotStrictError(Code.BAD_UTF8, "An escape stands for half a character.") from error
