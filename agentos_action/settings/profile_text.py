"""The text of a profile → the profile, or every field that is wrong with what was expected of it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import NoReturn

from pydantic import BaseModel, ValidationError

from agentos_action.errors import UsageError
from agentos_action.records.profile import AgentRules, DeclaredCapabilities, HttpRules, Instance, Params, Profile

MAX_PROFILE_BYTES = 64 * 1024
MAX_DEPTH = 50
_HINT = "See `agentos schema profile`."
_BELOW: dict[str, type[BaseModel]] = {
    "params": Params,
    "capabilities": DeclaredCapabilities,
    "instances": Instance,
    "agent": AgentRules,
    "http": HttpRules,
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a profile: the field (None: the text as a whole), and what was expected."""

    field: str | None
    message: str

    def line(self) -> str:
        """Return it as people read it."""
        return self.message if self.field is None else f"field {self.field!r}: {self.message}"


def read_profile(content: bytes, source: str) -> Profile:
    """Return the profile; raises UsageError naming the file and its first wrong field."""
    found = parse_profile(content)
    if isinstance(found, Profile):
        return found
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    raise UsageError(f"{source}: {found[0].line()}{more}", _HINT)


def parse_profile(content: bytes) -> Profile | tuple[Flaw, ...]:
    """Return the profile, or all its flaws; none of them repeats a value, which may be a key."""
    if len(content) > MAX_PROFILE_BYTES:
        return (Flaw(None, f"larger than {MAX_PROFILE_BYTES} bytes"),)
    try:
        data = _strictly(content)
    except _NotStrictError as error:
        return (Flaw(error.field, error.said),)
    except (ValueError, RecursionError) as error:
        return (Flaw(None, f"not valid JSON: {_why(error)}"),)
    try:
        return Profile.model_validate(data)
    except ValidationError as error:
        told = error.errors(include_url=False, include_input=False, include_context=False)
        return tuple(_flaw(one["loc"], one["type"], one["msg"]) for one in told)


def _why(error: ValueError | RecursionError) -> str:
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    return "nested too deep" if isinstance(error, RecursionError) else "a number of too many digits"


class _NotStrictError(Exception):
    """JSON that Python would take and no other reader the same way."""

    def __init__(self, said: str, field: str | None = None) -> None:
        super().__init__(said)
        self.said = said
        self.field = field


def _strictly(content: bytes) -> object:
    value: object = json.loads(
        content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
    )
    if _depth_beyond(value, MAX_DEPTH):
        raise _NotStrictError("not valid JSON: nested too deep")
    # Half a surrogate pair passes the parser as an escape and fails wherever the text is written.
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    seen: dict[str, object] = {}
    for key, value in pairs:
        if key in seen:
            raise _NotStrictError("it stands twice; keep one of the two", key)
        seen[key] = value
    return seen


def _no_constant(_name: str) -> NoReturn:
    raise _NotStrictError("not valid JSON: NaN and Infinity are no numbers")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        _no_constant(digits)
    return number


def _depth_beyond(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        inner = [node for node in level if isinstance(node, dict | list)]
        level = [child for node in inner for child in (node.values() if isinstance(node, dict) else node)]
        if not level:
            return False
    return True


def _flaw(loc: tuple[int | str, ...], kind: str, said: str) -> Flaw:
    field = ".".join(str(part) for part in loc) or "the profile"
    if kind == "extra_forbidden":
        record = Profile if len(loc) == 1 else _BELOW.get(str(loc[0]))
        known = sorted(info.alias or name for name, info in record.model_fields.items()) if record else []
        return Flaw(field, f"there is no such field; there are: {', '.join(known)}")
    # JSON calls a list what pydantic, which makes it immutable, calls a tuple.
    return Flaw(field, said.removeprefix("Value error, ").replace("valid tuple", "valid list"))
