"""The form of every record that crosses a border: frozen, and no field but its own."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record that refuses unknown fields."""

    # Schemas are built when a record is first made: a run uses a few of them, `verify` as a hook fewer.
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), defer_build=True)
