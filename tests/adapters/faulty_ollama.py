"""The loopback server of these tests speaking Ollama's API, as its documentation and its source describe it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.registry import create
from agentos_action.records.profile import Profile

from .faulty import Behaviour, FaultyServer, raw, reply

CHAT = "/api/chat"
TAGS = "/api/tags"
SHOW = "/api/show"
MODEL = "faulty:1b"
NDJSON = "application/x-ndjson"


class FaultyOllama(FaultyServer):
    """Answers like Ollama 0.12 with one pulled model, until `at` says otherwise."""

    def __enter__(self) -> Self:
        super().__enter__()
        self.at = {
            "/api/version": reply({"version": "0.12.3"}),
            TAGS: reply(tag_list(MODEL)),
            SHOW: reply(shown()),
            CHAT: lines(good_ollama()),
        }
        return self

    def asked(self, path: str) -> list[dict[str, object]]:
        """Return the body of every request to a path."""
        return [json.loads(request.body) for request in self.seen if request.path == path]


@contextmanager
def ollama(base_url: str, *, key: str | None = None, **more: object) -> Iterator[Adapter]:
    """Build the adapter and close it afterwards."""
    given = Profile.model_validate({"provider": "ollama", "name": "ollama", "base_url": base_url, **more})
    made = create(given, AdapterParts(api_key=key))
    try:
        yield made
    finally:
        made.close()


def tag_list(*names: str, **more: object) -> dict[str, object]:
    """Return the list of pulled models; `more` stands in every entry."""
    entries = [
        {"name": name, "model": name, "size": 1, "digest": "d", "details": {"family": "llama"}, **more}
        for name in names
    ]
    return {"models": entries}


def shown(
    context: object = 8192, parameters: object = None, capabilities: object = ("completion", "tools")
) -> dict[str, object]:
    """Return what `/api/show` says of a model."""
    info = {"general.architecture": "llama", "llama.context_length": context, "llama.block_count": 2}
    body: dict[str, object] = {"modelfile": "FROM x", "template": "{{ .Prompt }}", "model_info": info}
    if parameters is not None:
        body["parameters"] = parameters
    if capabilities is not None:
        body["capabilities"] = capabilities
    return body


def line(content: object, **more: object) -> dict[str, object]:
    """Return one line of a chat stream."""
    message = {"role": "assistant", "content": content}
    return {"model": MODEL, "created_at": "2026-11-21T12:00:00Z", "message": message, "done": False} | more


def call_line(arguments: object, name: str = "answer") -> dict[str, object]:
    """Return a line with a function call."""
    call = {"id": "call_1", "function": {"index": 0, "name": name, "arguments": arguments}}
    return line("", message={"role": "assistant", "content": "", "tool_calls": [call]})


def last_line(reason: object = "stop", **more: object) -> dict[str, object]:
    """Return the closing line of a chat stream."""
    counts = {"total_duration": 9, "load_duration": 1, "prompt_eval_count": 7, "eval_count": 2, "eval_duration": 5}
    return line("", done=True, done_reason=reason) | counts | more


def ndjson(*values: object) -> bytes:
    """Write lines of JSON."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def good_ollama() -> bytes:
    """Return a whole good chat stream."""
    return ndjson(line("Hello"), line(" you"), last_line())


def lines_head() -> bytes:
    """Return the head of a stream of lines of unknown length."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: {NDJSON}\r\n\r\n".encode()


def lines(body: bytes) -> Behaviour:
    """Answer with a stream of lines that ends when the connection does."""
    return raw(lines_head() + body)
