"""What the head of a GGUF file says about the model, read without loading it."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_FIXED = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_MAX_KEYS = 4096
# Longer than any name or licence; the tokenizer's arrays come after what we look for.
_MAX_STRING = 1_000_000
_MAX_ITEMS = 1_000_000

_Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Head:
    """What a model file says of itself; null where it does not say."""

    context_length: int | None = None
    license: str | None = None
    name: str | None = None


def is_gguf(path: Path) -> bool:
    """Tell whether the file begins as every GGUF file does."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_head(path: Path) -> Head:
    """Read the trained context length (tokens), the licence and the name; a head that makes no sense gives none."""
    found: dict[str, _Value] = {}
    # A damaged or future head is for llama.cpp to judge, not for us: keep what was read up to there.
    with path.open("rb") as file, contextlib.suppress(struct.error, ValueError):
        _read_pairs(file, found)
    length = found.get(f"{found.get('general.architecture')}.context_length")
    licence, name = found.get("general.license"), found.get("general.name")
    return Head(
        context_length=length if type(length) is int and length > 0 else None,
        license=licence if isinstance(licence, str) else None,
        name=name if isinstance(name, str) else None,
    )


def _read_pairs(file: BinaryIO, found: dict[str, _Value]) -> None:
    if file.read(len(MAGIC)) != MAGIC:
        return
    _version, _tensors, pairs = struct.unpack("<IQQ", file.read(20))
    for _ in range(min(pairs, _MAX_KEYS)):
        key = _read_string(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if key.startswith("tokenizer."):
            return
        found[key] = _read_value(file, kind)


def _read_value(file: BinaryIO, kind: int) -> _Value:
    if kind == _STRING:
        return _read_string(file)
    if kind == _ARRAY:
        _skip_array(file)
        return None
    if kind not in _FIXED:
        message = f"unknown value type {kind}"
        raise ValueError(message)
    (value,) = struct.unpack(_FIXED[kind], file.read(struct.calcsize(_FIXED[kind])))
    return value  # type: ignore[no-any-return]  # struct.unpack cannot tell; the table above can


def _skip_array(file: BinaryIO) -> None:
    item, count = struct.unpack("<IQ", file.read(12))
    if count > _MAX_ITEMS or (item != _STRING and item not in _FIXED):
        message = f"an array of {count} items of type {item}"
        raise ValueError(message)
    if item in _FIXED:
        file.seek(count * struct.calcsize(_FIXED[item]), 1)
        return
    for _ in range(count):
        _read_string(file)


def _read_string(file: BinaryIO) -> str:
    (size,) = struct.unpack("<Q", file.read(8))
    if size > _MAX_STRING:
        message = f"a string of {size} bytes"
        raise ValueError(message)
    return file.read(size).decode("utf-8", "replace")
