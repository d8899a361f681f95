"""Leak: one added line that holds a credential, as the scan outside the verifier found it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leak:
    """A credential of this kind stands in this line (from 1, in the new file); the secret itself is never kept."""

    path: str
    line: int
    kind: str
