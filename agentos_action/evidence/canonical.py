"""Values → RFC 8785 canonical JSON; text that no JSON can carry becomes question marks."""

from __future__ import annotations

import hashlib
import json
from typing import Any

#: Beyond this a number of JSON is not exact everywhere (2 ** 53 - 1).
_LARGEST = 9_007_199_254_740_991
_plain = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")).encode


class _NotPlainError(Exception):
    """Python's own encoder would write this otherwise than RFC 8785 does."""


def canonical(value: dict[str, Any]) -> bytes:
    """Return canonical JSON bytes without a final newline; raises ValueError for a number that JSON cannot carry."""
    try:
        return _plain(_clean(value)).encode()
    except _NotPlainError:
        import rfc8785  # noqa: PLC0415 - only for fractions and unusual keys; it is ten times slower

        return rfc8785.dumps(_clean(value, plain=False))


def parse_canonical(line: bytes) -> dict[str, Any] | None:
    """Return the object that a line is the canonical form of, None where it is not; may raise RecursionError."""
    try:
        if line.isascii():
            try:
                parsed = json.loads(line, parse_float=_not_plain, parse_int=_number, parse_constant=_not_plain)
            except _NotPlainError:
                parsed = json.loads(line)
            else:
                return parsed if isinstance(parsed, dict) and _plain(parsed).encode() == line else None
        else:
            parsed = json.loads(line)
        return parsed if isinstance(parsed, dict) and canonical(parsed) == line else None
    except ValueError:
        return None


def _not_plain(_: str) -> float:
    raise _NotPlainError


def _number(digits: str) -> int:
    if len(digits) > len(str(_LARGEST)) or abs(int(digits)) > _LARGEST:
        raise _NotPlainError
    return int(digits)


def sha256_text(text: str) -> str:
    """Return the sha256 (hex) of a text's bytes; undecodable bytes count as they were."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def hash_of(line: dict[str, Any]) -> str:
    """Return the hash that a line must carry: of its canonical form without it."""
    return hashlib.sha256(canonical({key: value for key, value in line.items() if key != "hash"})).hexdigest()


def with_hash(line: dict[str, Any]) -> tuple[bytes, str]:
    """Return the canonical form of a line with its hash in it, and that hash."""
    unset = "0" * 64
    raw, own = canonical({**line, "hash": unset}), f'"hash":"{unset}",'.encode()
    if raw.count(own) != 1:
        hashed = hash_of(line)
        return canonical({**line, "hash": hashed}), hashed
    hashed = hashlib.sha256(raw.replace(own, b"")).hexdigest()
    return raw.replace(own, f'"hash":"{hashed}",'.encode()), hashed


def as_utf8(text: str) -> str:
    """Return text that JSON can carry: what UTF-8 has no bytes for becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _clean(value: Any, *, plain: bool = True) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value of clean texts; with `plain`, raise where only the library knows the canonical form.

    That is for fractions, numbers that are too large, and keys whose order in UTF-16 may be another.
    """
    if isinstance(value, str):
        return as_utf8(value)
    if isinstance(value, dict):
        keys = {_key(str(key), plain=plain): inner for key, inner in value.items()}
        return {key: _clean(inner, plain=plain) for key, inner in keys.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner, plain=plain) for inner in value]
    if plain and value is not None and not (isinstance(value, int) and -_LARGEST <= value <= _LARGEST):
        raise _NotPlainError
    return value


def _key(key: str, *, plain: bool) -> str:
    if plain and not key.isascii():
        raise _NotPlainError
    return as_utf8(key)
