"""TOML text → a record, where every error names the file, the line and the key."""

from __future__ import annotations

import re
import tomllib
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agentos_action.errors import UsageError

T = TypeVar("T", bound=BaseModel)

_TABLE = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]?\]\s*(?:#.*)?$")
_POSITION = re.compile(r"\s*\(at line (\d+), column (\d+)\)$|\s*\(at end of document\)$")


def read_toml(text: str, model: type[T], where: str, *, first_line: int = 1) -> T:
    """Parse and validate TOML; `where` names the source in errors, `first_line` is the line its text begins on.

    Raises UsageError naming `where`, the line and the key.
    """
    return validate(_parse(text, where, first_line), text, model, where, first_line=first_line)


def _parse(text: str, where: str, first_line: int) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _POSITION.search(str(error))
        said = _POSITION.sub("", str(error))
        number = int(match[1]) if match and match[1] else text.removesuffix("\n").count("\n") + 1
        line = first_line + max(number, 1) - 1
        raise UsageError(f"{where}:{line}: not valid TOML: {said}", "Correct that line.") from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, brackets nested thousands deep: tomllib does not say where.
        raise UsageError(f"{where}:{first_line}: not valid TOML: {error}", "Shorten the value.") from error


def validate(data: dict[str, Any], text: str, model: type[T], where: str, *, first_line: int = 1) -> T:
    """Validate parsed TOML against a record; raises UsageError naming `where`, the line and the key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = tuple(str(part) for part in first["loc"] if not isinstance(part, int))
        line = first_line + _line_of(text, path) - 1
        key = ".".join(path) or "the file"
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(_fields_at(model, path[:-1])))
            raise UsageError(f"{where}:{line}: unknown key {key!r}", f"Known keys here: {known}.") from error
        # TOML calls a list what pydantic, which makes it immutable, calls a tuple.
        said = first["msg"].removeprefix("Value error, ").replace("valid tuple", "valid list")
        raise UsageError(f"{where}:{line}: key {key!r}: {said}", "Correct that value.") from error


def _line_of(text: str, path: tuple[str, ...]) -> int:
    """Return the 1-based line where the key stands; 1 if it is missing or written in an inline table."""
    if not path:
        return 1
    table: tuple[str, ...] = ()
    best = 1
    for number, line in enumerate(text.split("\n"), 1):
        if header := _TABLE.match(line):
            table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
            if table == path[: len(table)]:
                best = number
            continue
        key, equals, _ = line.partition("=")
        if equals:
            here = table + tuple(part.strip().strip("\"'") for part in key.split("."))
            if here == path[: len(here)]:
                return number
    return best


def _fields_at(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    for part in path:
        info = model.model_fields.get(part)
        inner = info.annotation if info else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [info.alias or name for name, info in model.model_fields.items()]
