"""Profile: one model server, how it is reached and spoken to (`profiles/llm/*.json`)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, PositiveInt

from agentos_action.records.record import Record
from agentos_action.records.task import EditFormat

Mode: TypeAlias = Literal["openai_compatible", "llamacpp_completion"]


class Params(Record):
    """Generation settings sent with every request; `max_tokens` caps one answer."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    max_tokens: PositiveInt = 2048
    stop: tuple[str, ...] = ()
    seed: int = 0


class DeclaredCapabilities(Record):
    """Capabilities a profile takes away from what its adapter claims."""

    stream: bool = True
    json_schema: bool = True
    grammar: bool = True


class Profile(Record):
    """One provider instance; a field that is null falls back to the provider's own default."""

    schema_: str | None = Field(default=None, alias="$schema")
    provider: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    base_url: str | None = None
    api_key_ref: str | None = Field(default=None, pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._-]+)$")
    model: str | None = None
    mode: Mode = "openai_compatible"
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    params: Params = Params()
    capabilities: DeclaredCapabilities = DeclaredCapabilities()
    edit_format: EditFormat = "auto"
    on_missing_model: Literal["fail", "first_ready"] = "fail"
    sidecar_model: str | None = None
