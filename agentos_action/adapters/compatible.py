"""What servers of OpenAI's protocol share: the fields that hold an answer to its shape, the settings they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from agentos_action.adapters.base import Draft
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.openai_chat import FUNCTION
from agentos_action.adapters.reply import JsonObject
from agentos_action.errors import ToolError
from agentos_action.records.model import Constraint
from agentos_action.records.profile import DeclaredCapabilities

#: The schema of any JSON object.
ANY_OBJECT: Final[JsonObject] = {"type": "object"}

_REFUSES: Final = ("unsupported", "not supported", "does not support", "deprecated", "not permitted")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a server writes what others write otherwise.

    `tool_choice` forces the one function, `json_object` any JSON object; `grammar` tells whether it takes GBNF.
    """

    tool_choice: object = "required"
    json_object: object = field(default_factory=lambda: {"type": "json_object"})
    grammar: bool = False


def named_schema(schema: JsonObject) -> JsonObject:
    """Return the `response_format` of a JSON Schema."""
    return {"type": "json_schema", "json_schema": {"name": FUNCTION, "strict": True, "schema": schema}}


def shape(
    constraint: Constraint | None, declared: DeclaredCapabilities, dialect: Dialect, faults: Faults
) -> JsonObject:
    """Return the fields that hold the answer to its shape: function, grammar, schema or any JSON, the first asked for.

    Raises ToolError `constraint_unsupported` where the server or the profile has none that is enough.
    """
    if constraint is None or not _constrains(constraint):
        return {}
    if constraint.function:
        check_declared(declared.function_call, "function_call", faults)
        return _call(constraint.json_schema, dialect)
    if constraint.grammar is not None and declared.grammar and dialect.grammar:
        return {"grammar": constraint.grammar}
    if constraint.json_schema is not None:
        check_declared(declared.json_schema, "json_schema", faults)
        return {"response_format": named_schema(constraint.json_schema)}
    # A grammar that is not to be had stands for itself; any JSON would not be what it asks for.
    check_declared(constraint.grammar is None, "grammar", faults)
    check_declared(declared.json_mode, "json_mode", faults)
    return {"response_format": dialect.json_object}


def check_declared(there: bool, name: str, faults: Faults) -> None:  # noqa: FBT001 - a finding, no mode
    """Raise `constraint_unsupported` naming the capability where it is not there."""
    if not there:
        raise faults.error(Code.CONSTRAINT_UNSUPPORTED, f"Missing: {name}.")


def _constrains(constraint: Constraint) -> bool:
    return (
        constraint.function
        or constraint.json_object
        or constraint.grammar is not None
        or constraint.json_schema is not None
    )


def _call(schema: JsonObject | None, dialect: Dialect) -> JsonObject:
    function: JsonObject = {
        "name": FUNCTION,
        "description": "Give the answer.",
        "parameters": ANY_OBJECT if schema is None else schema,
    }
    if schema is not None:
        function["strict"] = True
    return {"tools": [{"type": "function", "function": function}], "tool_choice": dialect.tool_choice}


class Sparing:
    """Asks again without a setting that the model refuses, and without that one only; what it left out is kept."""

    def __init__(self, optional: frozenset[str]) -> None:
        self._optional = optional
        self.left_out: frozenset[str] = frozenset()

    def ask(self, attempt: Callable[[frozenset[str]], Draft]) -> Draft:
        """Attempt it with the settings to leave out, which grow by those that a refusal names."""
        while True:
            try:
                return attempt(self.left_out)
            except ToolError as error:
                refused = _refused(error, self._optional - self.left_out)
                if not refused:
                    raise
                self.left_out |= refused

    @property
    def note(self) -> str:
        """A sentence for a person that names what was left out; empty where nothing was."""
        return f"It refuses {', '.join(sorted(self.left_out))}: left out." if self.left_out else ""


def _refused(error: ToolError, optional: frozenset[str]) -> frozenset[str]:
    """Return the settings that a refusal says are not taken; it names them in quotes."""
    said = error.message.lower()
    if error.raw_error_code != Code.HTTP_4XX or not any(words in said for words in _REFUSES):
        return frozenset()
    return optional & frozenset(re.findall(r"['\"`](\w+)['\"`]", said))
