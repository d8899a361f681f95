"""What a text of somebody's tells: an instruction, the keys it sets, and what to warn of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from agentos_action.errors import UsageError
from agentos_action.records.verdict import Finding
from agentos_action.tasks.block import without_block
from agentos_action.tasks.file import TaskKeys
from agentos_action.tasks.form import read_form
from agentos_action.tasks.hidden import without_hidden


@dataclass(frozen=True, slots=True)
class Told:
    """An instruction as its reader saw it, the keys of `TaskKeys` that came with it, warnings."""

    instruction: str
    keys: dict[str, Any] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()


def told(text: str, where: str, *, form: bool = False, plain: bool = False) -> Told:
    """Read a text; `form` says that it may be an issue form's, `plain` that it is no Markdown.

    Raises UsageError naming `where`.
    """
    shown, notes = without_hidden(text, where, plain=plain)
    if plain:
        return Told(shown.strip(), {}, notes)
    rest, keys = without_block(shown.strip("\n"), where)
    if not form:
        return Told(rest.strip(), keys, notes)
    instruction, filled = read_form(rest)
    if twice := sorted(keys.keys() & filled.keys()):
        raise UsageError(f"{where} sets {twice[0]!r} in its form and in its toml block", "Set it in one of them.")
    return Told(instruction.strip(), {**keys, **filled}, notes)


def checked(keys: dict[str, Any], where: str) -> TaskKeys:
    """Return the keys as a record; raises UsageError naming `where`, the key and what is wrong with its value."""
    try:
        return TaskKeys.model_validate(keys)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
        said = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}: {key.replace('_', ' ')}: {said}", "Correct that value.") from error
