"""What a good server of Anthropic's Messages sends, in pieces that a test may leave out or bend."""

from __future__ import annotations

import json

from .faulty import MODEL, Behaviour, FaultyServer, raw, reply

MESSAGES = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def event(name: str, **data: object) -> bytes:
    """Return one event, its name on a line and in the data, as the protocol has it."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


def start(model: str = MODEL, **usage: int) -> bytes:
    """Return the first event, with what the prompt cost."""
    counts = {"input_tokens": 2, "cache_read_input_tokens": 5, "output_tokens": 0, **usage}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": model}
    return event("message_start", message={**message, "stop_reason": None, "usage": counts})


def block(kind: str = "text", index: int = 0, **more: object) -> bytes:
    """Return the beginning of a block."""
    empty: dict[str, dict[str, object]] = {
        "text": {"text": ""},
        "tool_use": {"id": "toolu_1", "name": "answer", "input": {}},
    }
    return event("content_block_start", index=index, content_block={"type": kind, **empty.get(kind, {}), **more})


def delta(text: object, kind: str = "text_delta", field: str = "text", index: int = 0) -> bytes:
    """Return a piece of a block."""
    return event("content_block_delta", index=index, delta={"type": kind, field: text})


def json_delta(text: object, index: int = 0) -> bytes:
    """Return a piece of a call's input."""
    return delta(text, "input_json_delta", "partial_json", index)


def end(reason: object = "end_turn", **usage: int) -> bytes:
    """Return the events after the last piece."""
    said = event(
        "message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": 2, **usage}
    )
    return event("content_block_stop", index=0) + said + event("message_stop")


def good_messages() -> bytes:
    """Return a whole good stream."""
    return start() + block() + event("ping") + delta("Hello") + delta(" you") + end()


def good_call(*pieces: str) -> bytes:
    """Return a whole good stream of one call, with words before it and these pieces of its input."""
    said = block() + delta("I will answer.") + event("content_block_stop", index=0)
    call = block("tool_use", 1) + b"".join(json_delta(piece, 1) for piece in pieces)
    return start() + said + call + end("tool_use")


def streamed(body: bytes) -> Behaviour:
    """Answer with an event stream that ends when the connection does."""
    return raw(HEAD + body)


def whole(*content: dict[str, object], reason: object = "end_turn", model: str = MODEL, **more: object) -> Behaviour:
    """Answer with one whole message."""
    usage = {"input_tokens": 2, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 3, "output_tokens": 2}
    body = {"type": "message", "role": "assistant", "model": model, "content": list(content), "usage": usage}
    return reply({**body, "stop_reason": reason, **more})


def page(*names: str, more: bool = False) -> dict[str, object]:
    """Return a page of the list of models."""
    entries = [{"type": "model", "id": name, "display_name": name} for name in names]
    return {"data": entries, "has_more": more, "first_id": names[0], "last_id": names[-1]}


def error(kind: str, message: str) -> dict[str, object]:
    """Return an error as the service writes it."""
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def speak_messages(faulty: FaultyServer) -> None:
    """Make the server a good one of this protocol."""
    faulty.at = {
        "/v1/models": reply(page(MODEL)),
        MESSAGES: streamed(good_messages()),
        COUNT: reply({"input_tokens": 41}),
    }
