"""What was chosen to be read: files as text, from the base."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContextFile:
    """One base file as the model may read it; `text` keeps its line endings, undecodable bytes are surrogates."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The files for a prompt and how they were chosen: `named`, `mentioned`, `all`, or `none`."""

    files: tuple[ContextFile, ...]
    how: str
    left_out: tuple[str, ...] = ()
