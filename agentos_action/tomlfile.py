"""TOML text → a dataclass or a record, where every error names the file, the line and the key."""

from __future__ import annotations

import re
import tomllib
from dataclasses import is_dataclass
from typing import Any, TypeVar

from agentos_action.errors import UsageError
from agentos_action.records.reading import Unfit, read

T = TypeVar("T")

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
        return read(model, data) if is_dataclass(model) else _validated(model, data)
    except Unfit as error:
        key = ".".join(error.path) or "the file"
        place = f"{where}:{first_line + _line_of(text, error.path) - 1}"
        if error.known is not None:
            known = ", ".join(sorted(error.known))
            raise UsageError(f"{place}: unknown key {key!r}", f"Known keys here: {known}.") from error
        raise UsageError(f"{place}: key {key!r}: {error.said}", "Correct that value.") from error


def _validated(model: type[T], data: dict[str, Any]) -> T:
    """Return a pydantic record; raises Unfit with the first of its errors."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - records of ours that a hook reads do without it

    try:
        return TypeAdapter(model).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = tuple(str(part) for part in first["loc"] if not isinstance(part, int))
        known = _fields_at(model, path[:-1]) if first["type"] == "extra_forbidden" else None
        # TOML calls a list what pydantic, which makes it immutable, calls a tuple.
        said = first["msg"].removeprefix("Value error, ").replace("valid tuple", "valid list")
        raise Unfit(path, said, known) from error


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


def _fields_at(model: Any, path: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ANN401 - a type of pydantic's, or none
    for part in path:
        info = getattr(model, "model_fields", {}).get(part)
        model = info.annotation if info else None
    return tuple(info.alias or name for name, info in getattr(model, "model_fields", {}).items())
