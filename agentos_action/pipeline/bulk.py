"""Many answers, one JSON object a line: each is read, judged and told; a bad line is told and the next one read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, BinaryIO, Literal, Self

from pydantic import Field, StrictInt, StrictStr, ValidationError, field_validator, model_validator

from agentos_action.given import GivenFiles
from agentos_action.pipeline.answer import AnswerCase, Judgement, judge_answer
from agentos_action.records.patch import MODE_EXEC, MODE_FILE
from agentos_action.records.policy import Limits, Policy
from agentos_action.records.record import Record
from agentos_action.records.task import EditFormat
from agentos_action.records.verdict import Finding

#: A file of 5 MB with every sign escaped fits twice.
MAX_LINE = 64 * 1024 * 1024
MAX_SAID = 300

#: No system opens a longer one, and every folder on the way to a file is looked at.
MAX_PATH = 4_096

#: JSON may spell half of a character out, which no UTF-8 can hold; a quick look tells whether to look closely.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")

_POLICY_KEYS = (
    *("allowed_paths", "forbidden_paths", "max_placement", "limits", "protect_manifests"),
    *("allow_new_files", "allow_delete", "allow_rename", "allow_exec_bit"),
)
_LIMIT_KEYS = tuple(each.name for each in fields(Limits) if each.name != "max_model_calls")
_OPTIONAL = frozenset({"modes", "edit_format", "output_kind", "policy"})
_HINT = "One JSON object a line, as docs/judge.md tells."


class Case(Record, extra="ignore"):
    """One line: an answer, the base files it was given, and what it is judged by; a corpus may say more of itself."""

    id: StrictStr | StrictInt
    answer: str
    files: dict[str, str]
    modes: dict[str, Literal["100644", "100755", "120000", "160000"]] = Field(default_factory=dict)
    edit_format: EditFormat = "auto"
    output_kind: str = "diff"
    policy: Policy = Field(default_factory=Policy)

    @field_validator("policy", mode="before")
    @classmethod
    def _known(cls, policy: object) -> object:
        limits = policy.get("limits") if isinstance(policy, dict) else None
        for found, known in ((policy, _POLICY_KEYS), (limits, _LIMIT_KEYS)):
            odd = next((key for key in found if key not in known), None) if isinstance(found, dict) else None
            if odd is not None:
                message = f"unknown key {odd!r}; known are {', '.join(known)}"
                raise ValueError(message)
        return policy

    @model_validator(mode="after")
    def _paths(self) -> Self:
        longest = max((*self.files, *self.modes), key=len, default="")
        if len(longest) > MAX_PATH:
            message = f"a path has {len(longest):,} signs, more than {MAX_PATH:,}: {longest[:40]!r}…"
            raise ValueError(message)
        for path, mode in self.modes.items():
            if path not in self.files and int(mode, 8) in {MODE_FILE, MODE_EXEC}:
                message = f"modes names {path!r}, which files does not"
                raise ValueError(message)
        return self

    def judged(self) -> Judgement:
        """Judge it."""
        contents = {path: text.encode("utf-8") for path, text in self.files.items()}
        base = GivenFiles(contents, {path: int(mode, 8) for path, mode in self.modes.items()})
        shown = tuple(contents)
        return judge_answer(AnswerCase(self.answer, base, self.policy, self.edit_format, self.output_kind, shown))


@dataclass(frozen=True, slots=True)
class Line:
    """One line as read: its id, and its case, or what is wrong with it, or the bug of ours that it met."""

    id: str | int | None
    case: Case | None = None
    wrong: str = ""
    bug: str = ""

    def row(self) -> dict[str, Any]:
        """Judge it and return the line that answers it."""
        if self.case is not None:
            judged = self.case.judged()
        elif self.bug:
            judged = _refused("judge.bug", f"unexpected {self.bug}", "Please report it with this line.")
        else:
            judged = _refused("judge.bad-line", self.wrong, _HINT)
        return {"id": self.id, **judged.row()}

    def failed(self, name: str) -> Line:
        """Return the line as one that met a bug."""
        return Line(self.id, bug=name)


def _refused(code: str, message: str, hint: str) -> Judgement:
    return Judgement("reject", (Finding(id=code, message=message, hint=hint),))


def lines(stream: BinaryIO, most: int = MAX_LINE) -> Iterator[bytes]:
    """Yield each line as it comes, the last one also without its end; one that is too long is cut after `most` + 1."""
    while raw := stream.readline(most + 1):
        rest = raw
        while rest and not rest.endswith(b"\n") and len(raw) > most:
            rest = stream.readline(most)
        yield raw if len(raw) > most else raw.removesuffix(b"\n")


class _BadLine(Exception):  # noqa: N818 - says what is wrong with a line; it never leaves this module
    pass


def read_line(raw: bytes, number: int, most: int = MAX_LINE) -> Line:
    """Read one line; what is wrong with it is told in the result, with `number`, the line's own, from 1."""
    odd: list[str] = []
    try:
        found = _parse(raw, odd, most)
    except _BadLine as error:
        return _wrong(None, number, str(error))
    if not isinstance(found, dict):
        return _wrong(None, number, "it is no JSON object")
    name = None if "key 'id' stands twice" in odd else _id(found.get("id"))
    if odd:
        return _wrong(name, number, odd[0])
    given = {key: value for key, value in found.items() if value is not None or key not in _OPTIONAL}
    try:
        return Line(name, Case.model_validate(given))
    except ValidationError as error:
        return _wrong(name, number, _said(error))


def _parse(raw: bytes, odd: list[str], most: int) -> object:
    """Parse JSON; what a careful writer's JSON does not hold goes to `odd`, raises _BadLine where it is none at all."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            twice = next(key for key, count in Counter(key for key, _ in found).items() if count > 1)
            odd.append(f"key {twice[:80]!r} stands twice")
        return made

    if len(raw) > most:
        raise _BadLine(f"it has more than {most:,} bytes")
    try:
        found: object = json.loads(
            raw.decode("utf-8"), object_pairs_hook=pairs, parse_constant=lambda name: odd.append(f"{name} is no JSON")
        )
        odd += _halves(found) if _HALF.search(raw) else []
    except UnicodeDecodeError as error:
        raise _BadLine(f"byte {error.start + 1} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise _BadLine(f"not JSON: {error.msg} (column {error.colno})") from error
    except RecursionError as error:
        raise _BadLine("it is nested too deep") from error
    except ValueError as error:
        # json's only other refusal: an integer of thousands of digits.
        raise _BadLine("it holds a number of too many digits") from error
    return found


def _halves(found: object) -> list[str]:
    """Return what to say of top-level keys that hold half of a character, in their name or anywhere below."""
    rows = found.items() if isinstance(found, dict) else ()
    return [f"key {key[:80]!r} holds half of a character" for key, value in rows if not _is_text({key: value})]


def _is_text(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _id(value: object) -> str | int | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    # Half a character could not be told back.
    return None if isinstance(value, str) and not _is_text(value) else value


def _said(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    # A union's error also names the member that was tried.
    loc = first["loc"][:1] if first["loc"][:1] == ("id",) else first["loc"]
    where = ".".join(str(part) for part in loc)
    said = first["msg"].removeprefix("Value error, ")
    said = "it has to be a text or an integer" if loc == ("id",) else said
    return f"key {where!r}: {said}" if where else said


def _wrong(name: str | int | None, number: int, said: str) -> Line:
    clean = said.encode("utf-8", "replace").decode()
    return Line(name, wrong=f"line {number}: {clean[:MAX_SAID]}{'…' if len(clean) > MAX_SAID else ''}")
