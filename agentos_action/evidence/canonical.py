"""Values → RFC 8785 canonical JSON; text that no JSON can carry becomes question marks."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical(value: dict[str, Any]) -> bytes:
    """Return canonical JSON bytes without a final newline."""
    return rfc8785.dumps(_clean(value))


def sha256_text(text: str) -> str:
    """Return the sha256 (hex) of a text's bytes; undecodable bytes count as they were."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def as_utf8(text: str) -> str:
    """Return text that JSON can carry: what UTF-8 has no bytes for becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return as_utf8(value)
    if isinstance(value, dict):
        return {_clean(str(key)): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in value]
    return value
