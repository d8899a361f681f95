"""The protocols as a server would speak them: lists, streams, ends and errors, so that one fault fits them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .faulty import (
    CHAT,
    COMPLETION,
    MODEL,
    MODELS,
    Behaviour,
    chunk,
    error_body,
    last_part,
    model_list,
    part,
    raw,
    reply,
    sse,
)
from .faulty_anthropic import event
from .faulty_ollama import ndjson

TEXT = "Hello you"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One protocol: where it is asked, how its stream begins, goes on and ends, how it says that something is wrong."""

    name: str
    provider: str
    ask: str
    listing: str
    kind: str
    models: Callable[..., object]
    error: Callable[[str, str], object]
    begin: bytes
    middle: bytes
    end: bytes
    length: bytes
    whole: object
    more: Mapping[str, object] = field(default_factory=dict)
    profile: Mapping[str, object] = field(default_factory=dict)
    base: str = ""

    def head(self, extra: str = "") -> bytes:
        """Return the head of a stream of unknown length."""
        return f"HTTP/1.1 200 OK\r\nContent-Type: {self.kind}\r\n{extra}\r\n".encode()

    def good(self) -> bytes:
        """Return a whole good stream."""
        return self.begin + self.middle + self.end

    def stream(self, body: bytes, extra: str = "") -> Behaviour:
        """Answer with a stream that ends when the connection does."""
        return raw(self.head(extra) + body)

    def paths(self) -> dict[str, Behaviour]:
        """Return how a good server of this protocol answers."""
        others = {path: reply(body) for path, body in self.more.items()}
        return {self.listing: reply(self.models(MODEL)), self.ask: self.stream(self.good()), **others}


def _said(content: str, **more: object) -> dict[str, object]:
    return {"model": MODEL, "message": {"role": "assistant", "content": content}, "done": False, **more}


def _ended(reason: str) -> dict[str, object]:
    return _said("", done=True, done_reason=reason, prompt_eval_count=7, eval_count=2) | {"done": True}


def _started() -> bytes:
    usage = {"input_tokens": 7, "cache_read_input_tokens": 5, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": [], "usage": usage}
    block = {"type": "text", "text": ""}
    return event("message_start", message=message) + event("content_block_start", index=0, content_block=block)


def _delta(text: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def _stopped(reason: str) -> bytes:
    said = event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 2})
    return event("content_block_stop", index=0) + said + event("message_stop")


def _choice(content: object, finish: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "finish_reason": finish, "message": {"content": content}}], "model": MODEL}


CHAT_BEGIN = sse(chunk(None), chunk("Hello"), end=b"")
CHAT_MIDDLE = sse(chunk(" you"), end=b"")

LLAMACPP = Dialect(
    name="llamacpp",
    provider="llamacpp",
    ask=CHAT,
    listing=MODELS,
    kind="text/event-stream",
    models=model_list,
    error=lambda message, name: error_body(message, name, 400),
    begin=CHAT_BEGIN,
    middle=CHAT_MIDDLE,
    end=sse(chunk(..., "stop")),
    length=sse(chunk(..., "length")),
    whole=_choice(TEXT, "stop"),
)
COMPLETIONS = Dialect(
    name="llamacpp_completion",
    provider="llamacpp",
    ask=COMPLETION,
    listing=MODELS,
    kind="text/event-stream",
    models=model_list,
    error=lambda message, name: error_body(message, name, 400),
    begin=sse(part("Hello"), end=b""),
    middle=sse(part(" you"), end=b""),
    end=sse(last_part(), end=b""),
    length=sse(last_part("limit"), end=b""),
    whole=last_part() | {"content": TEXT},
    more={"/apply-template": {"prompt": "<user>hi"}},
    profile={"mode": "llamacpp_completion"},
)
OPENAI = Dialect(
    name="openai",
    provider="openai",
    base="/v1",
    ask=CHAT,
    listing=MODELS,
    kind="text/event-stream",
    models=lambda *names: {"object": "list", "data": [{"id": name, "object": "model"} for name in names]},
    error=lambda message, name: {"error": {"message": message, "type": name, "param": None, "code": name}},
    begin=CHAT_BEGIN,
    middle=CHAT_MIDDLE,
    end=sse(chunk(..., "stop")),
    length=sse(chunk(..., "length")),
    whole=_choice(TEXT, "stop"),
)
LMSTUDIO = Dialect(
    name="lmstudio",
    provider="lmstudio",
    ask=CHAT,
    listing=MODELS,
    kind="text/event-stream",
    models=OPENAI.models,
    error=lambda message, name: {"error": message},  # noqa: ARG005 - LM Studio names nothing
    begin=CHAT_BEGIN,
    middle=CHAT_MIDDLE,
    end=sse(chunk(..., "stop")),
    length=sse(chunk(..., "length")),
    whole=_choice(TEXT, "stop"),
)
ANTHROPIC = Dialect(
    name="anthropic",
    provider="anthropic",
    ask="/v1/messages",
    listing=MODELS,
    kind="text/event-stream",
    models=lambda *names: {"data": [{"id": name, "type": "model"} for name in names], "has_more": False},
    error=lambda message, name: {"type": "error", "error": {"type": name, "message": message}},
    begin=_started() + _delta("Hello"),
    middle=event("ping") + _delta(" you"),
    end=_stopped("end_turn"),
    length=_stopped("max_tokens"),
    whole={
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 7, "output_tokens": 2},
    },
)
OLLAMA = Dialect(
    name="ollama",
    provider="ollama",
    ask="/api/chat",
    listing="/api/tags",
    kind="application/x-ndjson",
    models=lambda *names: {"models": [{"name": name, "model": name} for name in names]},
    error=lambda message, name: {"error": message},  # noqa: ARG005 - Ollama names nothing
    begin=ndjson(_said("Hello")),
    middle=ndjson(_said(" you")),
    end=ndjson(_ended("stop")),
    length=ndjson(_ended("length")),
    whole=_ended("stop") | {"message": {"role": "assistant", "content": TEXT}},
    more={
        "/api/version": {"version": "0.12.0"},
        "/api/show": {
            "capabilities": ["completion"],
            "model_info": {"general.architecture": "x", "x.context_length": 8192},
        },
    },
)
DIALECTS = (LLAMACPP, COMPLETIONS, OPENAI, LMSTUDIO, ANTHROPIC, OLLAMA)
