"""What an Ollama server has and what it says of itself and a model: `/api/tags`, `/api/show`, `/api/version`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.models import ListedModel, check_number
from agentos_action.adapters.wire import MOST_TOKENS, ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError

_LATEST: Final = ":latest"
# The first version whose `format` takes a schema; a build of one's own calls itself 0.0.0.
_SCHEMA_SINCE: Final = (0, 5)
_VERSION: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.[0-9]")
_UNVERSIONED: Final = (0, 0)
# What a server that only looks like Ollama says there; its version is then not known.
_NO_VERSION: Final = frozenset({Code.HTTP_404, Code.WRONG_CONTENT_TYPE, Code.BAD_SHAPE})
# A line of the Modelfile's parameters, as the server writes them into one text.
_NUM_CTX: Final = re.compile(r"^num_ctx[ \t]+([1-9][0-9]{0,9})[ \t\r]*$", re.MULTILINE)


class _Entry(Wire):
    name: ModelName
    model: ModelName | None = None
    remote_host: str | None = None


class _Tags(Wire):
    models: list[_Entry]


class _Show(Wire):
    parameters: str | None = None
    model_info: dict[str, object] | None = None
    capabilities: list[str] | None = None


class _Version(Wire):
    version: str


@dataclass(frozen=True, slots=True)
class Tags:
    """The models that the server runs itself, and the names of those that it passes on to another host."""

    models: tuple[ListedModel, ...]
    elsewhere: frozenset[str]


@dataclass(frozen=True, slots=True)
class Details:
    """What the server says of one model; None where it does not say.

    `context` is the most that the model can hold, `num_ctx` what its Modelfile sets, `tools` whether it makes calls,
    `schemas` whether the server holds answers to a JSON Schema.
    """

    context: int | None = None
    num_ctx: int | None = None
    tools: bool | None = None
    schemas: bool | None = None

    @property
    def most(self) -> int | None:
        """Return the tokens that a request may fill: who set `num_ctx` knows how much memory there is."""
        said = [tokens for tokens in (self.context, self.num_ctx) if tokens is not None]
        return min(said, default=None)


def list_tags(client: HttpClient, deadline: Deadline) -> Tags:
    """Ask which models were pulled; a bare name means its `:latest`."""
    value = client.get_json("/api/tags", deadline)
    check_number(value.get("models"), client.faults)
    entries = read(_Tags, value, client.faults).models
    return Tags(
        tuple(ListedModel(entry.name, _names(entry)) for entry in entries if not entry.remote_host),
        frozenset(name for entry in entries if entry.remote_host for name in _names(entry)),
    )


def details_of(client: HttpClient, model: str, deadline: Deadline) -> Details:
    """Ask what the server knows of a model and of itself; what it does not say is None."""
    schemas = _takes_schemas(client, deadline)
    try:
        reply = client.post_json("/api/show", {"model": model}, deadline)
    except ToolError as error:
        if error.raw_error_code != Code.HTTP_404:
            raise
        return Details(schemas=schemas)
    said = read(_Show, reply, client.faults)
    setting = _NUM_CTX.search(said.parameters or "")
    return Details(
        context=_context(said.model_info or {}),
        num_ctx=int(setting[1]) if setting else None,
        tools=None if said.capabilities is None else "tools" in said.capabilities,
        schemas=schemas,
    )


def _takes_schemas(client: HttpClient, deadline: Deadline) -> bool | None:
    try:
        said = read(_Version, client.get_json("/api/version", deadline), client.faults).version
    except ToolError as error:
        if error.raw_error_code not in _NO_VERSION:
            raise
        return None
    found = _VERSION.match(said)
    version = (int(found[1]), int(found[2])) if found else _UNVERSIONED
    return None if version == _UNVERSIONED else version >= _SCHEMA_SINCE


def _names(entry: _Entry) -> frozenset[str]:
    whole = {entry.name, entry.model or entry.name}
    return frozenset(whole | {name.removesuffix(_LATEST) for name in whole if name != _LATEST})


def _context(info: dict[str, object]) -> int | None:
    length = info.get(f"{info.get('general.architecture')}.context_length")
    return length if type(length) is int and 0 < length <= MOST_TOKENS else None
