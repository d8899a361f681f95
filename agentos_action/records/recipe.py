"""What a recipe finds, leaves alone and builds: records without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

PlaceKind: TypeAlias = Literal["function", "method", "class"]


@dataclass(frozen=True, slots=True)
class Place:
    """One blank that a model may fill; `id` is `path::qualname` (`#2` if it comes twice), `line` counts from 1."""

    id: str
    path: str
    name: str
    line: int
    kind: PlaceKind


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A place that stays as it is, and why; `line` counts from 1 (a whole file is told at line 1)."""

    place_id: str
    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Built:
    """A file's new text, the ids of the places that were filled, and those that were not."""

    text: str
    placed: tuple[str, ...]
    left: tuple[LeftAlone, ...]
