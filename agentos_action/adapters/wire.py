"""Replies as typed values: what a server sent is read once, by its types, and a wrong type names the field."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from agentos_action.adapters.faults import Code, Faults


class Wire(BaseModel):
    """A part of a reply: types are not converted, fields that we do not read are passed over."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", protected_namespaces=())


def _printable(name: str) -> str:
    if not name.isprintable():
        message = "holds characters that cannot be printed"
        raise ValueError(message)
    return name


#: No count of tokens comes near; a larger number could not be written down everywhere.
MOST_TOKENS: Final = 10**12
Count = Annotated[int, Field(ge=0, le=MOST_TOKENS)]
# A model's name is shown to people and written into evidence, so it has to be one line of text.
ModelName = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_printable)]

_W = TypeVar("_W", bound=Wire)


class Timings(Wire):
    """llama.cpp's own measurements; `cache_n` is below zero where it does not know."""

    cache_n: Annotated[int, Field(le=MOST_TOKENS)] | None = None

    @property
    def cached(self) -> int | None:
        """Tokens of the prompt that came out of the server's cache."""
        return self.cache_n if self.cache_n is not None and self.cache_n >= 0 else None


def read(kind: type[_W], data: object, faults: Faults) -> _W:
    """Read a parsed object as one of our wire models, or raise `bad_shape`."""
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors(include_url=False)[0]["loc"])
        raise faults.error(Code.BAD_SHAPE, f"Field {place}." if place else "") from error
