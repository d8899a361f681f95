"""Plain data (as TOML gives it) → a dataclass by its type hints, without pydantic, whose loading a hook would feel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from agentos_action.records.shape import Shape

T = TypeVar("T")
Path: TypeAlias = tuple[str, ...]


class Unfit(Exception):  # noqa: N818 - says what is wrong with data; tomlfile.py makes an error of it
    """Data that fits no record: the keys that lead there, what is wrong, and the known keys where one is unknown."""

    def __init__(self, path: Path, said: str, known: Path | None = None) -> None:
        super().__init__(said)
        self.path, self.said, self.known = path, said, known


def read(kind: type[T], data: Mapping[str, Any], path: Path = ()) -> T:
    """Return the dataclass that a table stands for; raises Unfit for the first value that does not fit.

    Hints may be bool, int, float, str, Literal, a tuple of one type, another such dataclass, and each of them or
    None, with a `Shape`. Nothing is converted but whole numbers to float and lists to tuples.
    """
    hints = get_type_hints(kind, include_extras=True)
    values = {}
    known = []
    for field in fields(kind):  # type: ignore[arg-type]  # a type variable cannot say that it is a dataclass
        known.append(field.name)
        if field.name in data:
            values[field.name] = _value(hints[field.name], data[field.name], (*path, field.name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise Unfit((*path, field.name), "Field required")
    odd = next((key for key in data if key not in known), None)
    if odd is not None:
        raise Unfit((*path, odd), "unknown key", tuple(known))
    try:
        return kind(**values)
    except ValueError as error:
        raise Unfit(path, str(error)) from error


def _value(hint: Any, value: object, path: Path) -> object:  # noqa: ANN401 - a hint may be anything
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *shapes = get_args(hint)
        made = _value(inner, value, path)
        for shape in shapes:
            _check(shape, made, path)
        return made
    if origin is Literal:
        if value not in get_args(hint):
            *first, last = map(repr, get_args(hint))
            raise Unfit(path, f"Input should be {', '.join(first)} or {last}" if first else f"Input should be {last}")
        return value
    if origin in {Union, UnionType}:
        # Of our records, each such hint is one type or None.
        (inner,) = (each for each in get_args(hint) if each is not NoneType)
        return None if value is None else _value(inner, value, path)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise Unfit(path, "Input should be a valid list")
        return tuple(_value(get_args(hint)[0], item, path) for item in value)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise Unfit(path, "Input should be a table of keys")
        return read(hint, value, path)
    return _plain(hint, value, path)


def _plain(hint: type, value: object, path: Path) -> object:
    takes, said = _PLAIN[hint]
    # True is an int to Python and to nobody else.
    if not isinstance(value, takes) or (isinstance(value, bool) and hint is not bool):
        raise Unfit(path, f"Input should be a valid {said}")
    try:
        return float(value) if hint is float and isinstance(value, int) else value
    except OverflowError as error:
        raise Unfit(path, "Input should be a number of fewer digits") from error


_PLAIN: dict[type, tuple[type | UnionType, str]] = {
    bool: (bool, "boolean"),
    int: (int, "integer"),
    float: (int | float, "number"),
    str: (str, "string"),
}


def _check(shape: Shape, value: Any, path: Path) -> None:  # noqa: ANN401 - of the type that the hint before it asks for
    if shape.above is not None and not value > shape.above:
        raise Unfit(path, f"Input should be greater than {shape.above}")
    if shape.most is not None and not value <= shape.most:
        raise Unfit(path, f"Input should be less than or equal to {shape.most}")
    if shape.shortest is not None and len(value) < shape.shortest:
        raise Unfit(path, f"it has {len(value):,} {_unit(value)}, fewer than {shape.shortest:,}")
    if shape.longest is not None and len(value) > shape.longest:
        raise Unfit(path, f"it has {len(value):,} {_unit(value)}, more than {shape.longest:,}")
    if shape.pattern is not None and not re.fullmatch(shape.pattern, value):
        raise Unfit(path, f"it should match the pattern '{shape.pattern}'")
    if shape.check is not None:
        try:
            shape.check(value)
        except ValueError as error:
            raise Unfit(path, str(error)) from error


def _unit(value: object) -> str:
    return "characters" if isinstance(value, str) else "items"
