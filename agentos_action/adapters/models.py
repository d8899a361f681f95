"""Which of a server's models is meant: the names that it lists, and the one that is taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import Field

from agentos_action.adapters.base import Expected
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.text import one_line
from agentos_action.adapters.wire import ModelName, Wire, read
from agentos_action.clock import Deadline

PATH: Final = "/v1/models"
_SHOWN_NAMES: Final = 10


class _Entry(Wire):
    id: ModelName
    aliases: list[ModelName] = Field(default_factory=list)


class _List(Wire):
    data: list[_Entry]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model of the list: its id, and every name that means it (aliases, file name with and without ending)."""

    id: str
    names: frozenset[str]


def list_models(client: HttpClient, deadline: Deadline) -> tuple[ListedModel, ...]:
    """Ask an OpenAI-compatible server which models it has."""
    found = read(_List, client.get_json(PATH, deadline), client.faults)
    return tuple(ListedModel(entry.id, _names(entry)) for entry in found.data)


def choose(models: tuple[ListedModel, ...], wanted: str | None, *, take_first: bool, faults: Faults) -> Expected:
    """Return the model to ask: the wanted one, the first where none is wanted or the profile allows it."""
    if not models:
        raise faults.error(Code.MODEL_MISSING, "It lists no model at all.")
    for model in models:
        if wanted is not None and wanted in model.names:
            return Expected(model.id, model.names)
    first = models[0]
    if wanted is None:
        return Expected(first.id, first.names)
    if take_first:
        return Expected(first.id, None)
    shown = ", ".join(one_line(model.id, 80) for model in models[:_SHOWN_NAMES])
    raise faults.error(Code.MODEL_MISSING, f"Wanted: {one_line(wanted, 80)}. There is: {shown}.")


def _names(entry: _Entry) -> frozenset[str]:
    # Without an alias llama.cpp names a model by the path of its file; people name it by the file.
    whole = {entry.id, *entry.aliases}
    files = {name.replace("\\", "/").rpartition("/")[2] for name in whole}
    stems = {name.removesuffix(".gguf") for name in files}
    return frozenset(name for name in whole | files | stems if name)
