"""Which of a server's models is meant: the names that it lists, and the one that is taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from pydantic import Field

from agentos_action.adapters.base import Expected
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import HttpClient
from agentos_action.adapters.reply import JsonObject
from agentos_action.adapters.text import one_line
from agentos_action.adapters.wire import ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError

PATH: Final = "/v1/models"
_SHOWN_NAMES: Final = 10
#: More than any service has; each costs a kilobyte of memory.
MOST_MODELS: Final = 20_000
# 2024-08-06, 20250929 and, in OpenAI's older names, 0613.
_MONTH_DAY: Final = r"(0[1-9]|1[0-2]){dash}(0[1-9]|[12]\d|3[01])"
_DATE: Final = re.compile(f"20\\d\\d-{_MONTH_DAY.format(dash='-')}|(20\\d\\d)?{_MONTH_DAY.format(dash='')}", re.ASCII)


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


class Models:
    """A server's list of models, asked for once and again when it was forgotten."""

    def __init__(self, ask: Callable[[Deadline], tuple[ListedModel, ...]]) -> None:
        self._ask = ask
        self._found: tuple[ListedModel, ...] | None = None

    def listed(self, deadline: Deadline) -> tuple[ListedModel, ...]:
        """Return the models, in the server's order."""
        if self._found is None:
            self._found = self._ask(deadline)
        return self._found

    def ids(self, deadline: Deadline) -> tuple[str, ...]:
        """Return the ids of the models, in the server's order."""
        return tuple(model.id for model in self.listed(deadline))

    def forget(self) -> None:
        """Ask afresh the next time."""
        self._found = None


def list_models(client: HttpClient, deadline: Deadline, path: str = PATH) -> tuple[ListedModel, ...]:
    """Ask an OpenAI-compatible server which models it has."""
    return read_models(client.get_json(path, deadline), client.faults)


def check_number(listed: object, faults: Faults) -> None:
    """Raise `too_large` for a list that is longer than any list of models."""
    if isinstance(listed, list | tuple) and len(listed) > MOST_MODELS:
        raise faults.error(Code.TOO_LARGE, f"It lists {len(listed):,} models.")


def read_models(value: JsonObject, faults: Faults) -> tuple[ListedModel, ...]:
    """Read a list of models as OpenAI and Anthropic write it."""
    check_number(value.get("data"), faults)
    return tuple(ListedModel(entry.id, _names(entry)) for entry in read(_List, value, faults).data)


def choose(models: tuple[ListedModel, ...], wanted: str | None, *, take_first: bool, faults: Faults) -> Expected:
    """Return the model to ask: the wanted one, the first where none is wanted or the profile allows it."""
    found = _find(models, wanted, faults)
    if found is not None:
        return found
    first = models[0]
    if wanted is None:
        return Expected(first.id, first.names)
    if take_first:
        return Expected(first.id, None)
    raise _missing(models, wanted, faults)


def choose_named(models: tuple[ListedModel, ...], wanted: str | None, *, take_first: bool, faults: Faults) -> Expected:
    """Return the model to ask of a cloud's list: one has to be named, and a dated snapshot of it is that model."""
    if wanted is None:
        raise faults.error(Code.NO_MODEL, f"There is: {_shown(models, '')}." if models else "")
    found = _find(models, wanted, faults)
    if found is not None:
        return found
    snapshots = {model.id for model in models if is_snapshot(wanted, model.id)}
    if snapshots:
        return Expected(wanted, frozenset({wanted, *snapshots}))
    if take_first:
        return Expected(models[0].id, None)
    raise _missing(models, wanted, faults)


def is_snapshot(asked: str, answered: str) -> bool:
    """Return whether a name is the asked one and a date (`gpt-4o` → `gpt-4o-2024-08-06`, `x-latest` → `x-20250929`)."""
    stem = asked.removesuffix("-latest") + "-"
    return answered.startswith(stem) and _DATE.fullmatch(answered.removeprefix(stem)) is not None


def also(expected: Expected, answered: str | None) -> Expected:
    """Return the expected model with the name that answered added, where that is a dated snapshot of it."""
    if expected.names is None or answered is None or not is_snapshot(expected.name, answered):
        return expected
    return Expected(expected.name, expected.names | {answered})


def _find(models: tuple[ListedModel, ...], wanted: str | None, faults: Faults) -> Expected | None:
    if not models:
        raise faults.error(Code.MODEL_MISSING, "It lists no model at all.")
    named = (Expected(model.id, model.names) for model in models if wanted is not None and wanted in model.names)
    return next(named, None)


def _missing(models: tuple[ListedModel, ...], wanted: str, faults: Faults) -> ToolError:
    return faults.error(Code.MODEL_MISSING, f"Wanted: {one_line(wanted, 80)}. There is: {_shown(models, wanted)}.")


def _shown(models: tuple[ListedModel, ...], wanted: str) -> str:
    """Return the models' names for a message; of a long list those that look most like the wanted one."""
    ids = [model.id for model in models]
    if len(ids) > _SHOWN_NAMES:
        near = get_close_matches(wanted, ids, _SHOWN_NAMES, 0.0) if wanted else ids[:_SHOWN_NAMES]
        return f"{', '.join(one_line(name, 80) for name in near)} and {len(ids) - len(near)} more"
    return ", ".join(one_line(name, 80) for name in ids)


def _names(entry: _Entry) -> frozenset[str]:
    # Without an alias llama.cpp names a model by the path of its file; people name it by the file.
    whole = {entry.id, *entry.aliases}
    files = {name.replace("\\", "/").rpartition("/")[2] for name in whole}
    stems = {name.removesuffix(".gguf") for name in files}
    return frozenset(name for name in whole | files | stems if name)
