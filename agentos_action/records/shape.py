"""Shapes: what a value must be besides its type; our own reader holds it, and pydantic where its records hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Bounds for `Annotated`; lengths count a text's characters or a list's items, and `pattern` is the whole text's.

    `exact` takes no other type's value, `check` returns a text or raises ValueError saying what is wrong with it.
    """

    # By this name pydantic knows that the metadata it understands is to be asked for.
    __is_annotated_types_grouped_metadata__: ClassVar[Literal[True]] = True

    exact: bool = False
    above: int | None = None
    most: int | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    check: Callable[[str], str] | None = None

    def __iter__(self) -> Iterator[object]:
        """Yield the same in pydantic's own words."""
        from pydantic import AfterValidator, Field  # noqa: PLC0415 - who asks has it; a hook never does

        lengths = {"min_length": self.shortest, "max_length": self.longest}
        bounds: dict[str, Any] = {"gt": self.above, "le": self.most, **lengths, "pattern": self.pattern}
        yield from Field(strict=self.exact or None, **bounds).metadata
        if self.check is not None:
            yield AfterValidator(self.check)
