"""A reply read by places: JSON Pointers say where its text, its end, its model and its counts stand."""

from __future__ import annotations

from typing import Final

from jsonpointer import JsonPointer

from agentos_action.adapters.base import Draft
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.reply import JsonObject
from agentos_action.adapters.wire import Count, ModelName, Wire, read
from agentos_action.records.model import FinishReason, TokenUsage
from agentos_action.records.profile import HttpRules

# How servers say why they stopped; a truth value says whether the answer is whole.
_FINISH: Final[dict[object, FinishReason]] = {
    **dict.fromkeys(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "word", "complete", "completed"), "stop"),
    **dict.fromkeys(("length", "limit", "max_tokens", "max_length", "max_new_tokens", "truncated"), "length"),
    **dict.fromkeys(("content_filter", "safety"), "content_filter"),
}
_NOTHING: Final = object()


class _Found(Wire):
    """What stood at the places; the field that is wrong names the place."""

    response_path: str
    finish_path: str | bool | None = None
    model_path: ModelName | None = None
    prompt_tokens_path: Count | None = None
    completion_tokens_path: Count | None = None


def at(pointer: str | None, reply: JsonObject) -> object:
    """Return what stands at a place; None where nothing does, or where there is no such place to look at."""
    found = _NOTHING if pointer is None else JsonPointer(pointer).resolve(reply, _NOTHING)
    return None if found is _NOTHING else found


def read_text(rules: HttpRules, reply: JsonObject, faults: Faults) -> str:
    """Return the text at `response_path`; anything else there is `bad_shape`."""
    return read(_Found, {"response_path": at(rules.response_path, reply)}, faults).response_path


def read_draft(
    rules: HttpRules, reply: JsonObject, faults: Faults, *, text: str | None = None, cached: int | None = None
) -> Draft:
    """Return a whole reply as a draft; `text` stands for its own where it came in pieces before."""
    names = _Found.model_fields.keys()
    said = {name: at(getattr(rules, name), reply) for name in names if name != "response_path"}
    found = read(_Found, {**said, "response_path": read_text(rules, reply, faults)}, faults)
    return Draft(
        text=found.response_path if text is None else text,
        finish=_finish(found.finish_path),
        model=found.model_path,
        usage=TokenUsage(found.prompt_tokens_path, cached, found.completion_tokens_path),
    )


def check_named(rules: HttpRules, reply: JsonObject, faults: Faults) -> None:
    """Raise `bad_shape` where a place that the profile names for a check holds nothing: the check would be none."""
    for name in ("model_path", "finish_path"):
        if getattr(rules, name) is not None and at(getattr(rules, name), reply) is None:
            raise faults.error(Code.BAD_SHAPE, f"Nothing stands at {name}.")


def _finish(said: str | bool | None) -> FinishReason:  # noqa: FBT001 - as the server sent it
    if isinstance(said, bool):
        return "stop" if said else "length"
    return _FINISH.get((said or "").lower(), "other")
