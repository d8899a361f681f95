"""The `structured` format: JSON edits with an exact old text, and the JSON Schema that a server can enforce."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter, ValidationError

from agentos_action.patches.refusal import Refused, refuse
from agentos_action.records.record import Record


class Replace(Record):
    """Put `new` where `old` stands; `old` must occur exactly once in the file."""

    op: Literal["replace"]
    path: str
    old: Annotated[str, Field(min_length=1)]
    new: str


class InsertAfter(Record):
    """Put `new` as whole lines below the line in which `after` ends; `after` must occur exactly once."""

    op: Literal["insert_after"]
    path: str
    after: Annotated[str, Field(min_length=1)]
    new: str


class Create(Record):
    """Make a new file; there must be none of that name."""

    op: Literal["create"]
    path: str
    content: str


class Delete(Record):
    """Remove a file."""

    op: Literal["delete"]
    path: str


class Rename(Record):
    """Give a file another name."""

    op: Literal["rename"]
    path: str
    to: str


Edit: TypeAlias = Annotated[Replace | InsertAfter | Create | Delete | Rename, Field(discriminator="op")]


class Edits(Record):
    """All edits of one answer; none where nothing needs to change."""

    output_kind: Literal["diff"] = "diff"
    edits: tuple[Edit, ...]


_ADAPTER = TypeAdapter(Edits)
_KEY = r"\s{0,200}(?:\"output_kind\"\s{0,20}:\s{0,20}\"[^\"]{0,40}\"\s{0,20},\s{0,200})?\"edits\"\s{0,20}:"
_FENCED = re.compile(rf"^[ \t]*```(?:jsonc?)?[ \t]*\r?\n\s{{0,200}}\{{(?={_KEY})", re.MULTILINE | re.IGNORECASE)
_EDITS = re.compile(rf"\{{{_KEY}")
_WHOLE = re.compile(r"```(?:jsonc?)?[ \t]*\r?\n(\{.*\})\s*```", re.DOTALL | re.IGNORECASE)
KIND = "output_kind"
_SURROGATE = re.compile("[\ud800-\udfff]")


def schema(paths: tuple[str, ...], *, new_files: bool) -> dict[str, object]:
    """Return the JSON Schema of an answer about these files: no other existing file can even be named."""
    path: dict[str, object] = {"enum": list(paths)} if paths else {"type": "string", "minLength": 1}
    text: dict[str, object] = {"type": "string"}
    some: dict[str, object] = {"type": "string", "minLength": 1}
    edits = [
        _variant("replace", path=path, old=some, new=text),
        _variant("insert_after", path=path, after=some, new=text),
        _variant("delete", path=path),
    ]
    if new_files:
        edits += [_variant("create", path=some, content=text), _variant("rename", path=path, to=some)]
    return {
        "type": "object",
        "properties": {"edits": {"type": "array", "minItems": 1, "items": {"anyOf": edits}}},
        "required": ["edits"],
        "additionalProperties": False,
    }


def _variant(op: str, **fields: dict[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {"op": {"const": op}, **fields},
        "required": ["op", *fields],
        "additionalProperties": False,
    }


def reads(answer: str) -> bool:
    """Return whether an answer is an object of edits, bare or in a fence, also a broken one."""
    text = answer.strip()
    return _EDITS.search(text) is not None and (text.startswith("{") or _FENCED.search(text) is not None)


def only_text(answer: str) -> str | None:
    """Return the one text of an answer that is a JSON object with one text in it, as `{"patch": "..."}`, else None.

    Raises Refused for an object in which a key stands twice, and for one that says it is something else than a diff.
    """
    found = _bare(answer)
    if found is None:
        return None
    kind = found.get(KIND)
    if kind not in {None, "diff"}:
        message = f"the answer says that its {KIND} is {str(kind)[:80]!r}, and a diff was asked for"
        raise refuse("binding.kind", message, "Answer with a diff, and say nothing else of it.")
    texts = [value for value in found.values() if isinstance(value, str) and "\n" in value]
    return texts[0] if len(texts) == 1 else None


def said_kind(answer: str) -> object:
    """Return what an answer that is a JSON object says its `output_kind` is; None where it says nothing.

    Raises Refused for an object in which a key stands twice.
    """
    found = _bare(answer)
    return None if found is None else found.get(KIND)


def _bare(answer: str) -> dict[str, object] | None:
    """Return the JSON object that an answer is, bare or as its one fence; None for any other answer."""
    match = _WHOLE.fullmatch(answer.strip())
    text = match[1] if match else answer.strip()
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def parse(answer: str) -> Edits:
    """Return the answer's edits; raises Refused naming the place in the JSON that is wrong."""
    text, _ = _object(answer.strip())
    try:
        data = json.loads(text, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        code = "patch.truncated" if _looks_cut(text, error) else "patch.bad-json"
        raise refuse(code, f"the answer is not valid JSON{place}", "Answer with one complete JSON object.") from error
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the object"
        raise refuse("patch.bad-edits", f"{place}: {first['msg']}", "Use the edits of the schema only.") from error


def around(answer: str) -> str:
    """Return what stands round the JSON object of edits; raises Refused where there is none."""
    return _object(answer.strip())[1]


def _object(text: str) -> tuple[str, str]:
    """Return the text of the one JSON object of edits in an answer, and what stands round it."""
    if text.startswith("{"):
        return text, ""
    opened = [match.end() for match in _FENCED.finditer(text)]
    if len(opened) != 1:
        said = f"{len(opened)} JSON blocks" if opened else "no JSON object"
        raise refuse("patch.no-edits", f"the answer holds {said}", "Answer with one JSON object.")
    body, closed, _ = text[opened[0] - 1 :].partition("\n```")
    if not closed:
        hint = "Ask again for a shorter change, or raise max_tokens."
        raise refuse("patch.truncated", "the answer's fenced block never closes: it was cut off", hint)
    return body, text[: opened[0] - 1] + text[opened[0] - 1 + len(body) :]


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Two parsers may keep different ones of a doubled key; a patch must mean one thing.
        raise Refused(
            *refuse("patch.duplicate-key", "a key stands twice in one JSON object", "Name each key once.").findings
        )
    if any(isinstance(value, str) and _SURROGATE.search(value) for value in found.values()):
        # `"\ud800"` is JSON but half of a character: no file can hold it.
        raise refuse("patch.encoding", "a text in the JSON holds half of a character", "Answer in plain UTF-8.")
    return found


def _looks_cut(text: str, error: ValueError | RecursionError) -> bool:
    return isinstance(error, json.JSONDecodeError) and (error.pos >= len(text.rstrip()) or "Unterminated" in error.msg)
