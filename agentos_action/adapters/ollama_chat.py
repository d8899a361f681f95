"""Ollama's own `/api/chat`, whole and as a stream of lines, with a context that is asked for and checked."""

from __future__ import annotations

import json
from typing import Final

from agentos_action.adapters.base import Draft
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import Call, HttpClient
from agentos_action.adapters.openai_chat import Ask, messages
from agentos_action.adapters.reply import JsonObject, Reply
from agentos_action.adapters.wire import Count, ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.records.model import FinishReason, OnTokens, Prompt, TokenUsage

PATH: Final = "/api/chat"
FUNCTION: Final = "answer"

# Without a tokenizer: code runs at three to four bytes a token, and a template adds a few tokens to each message.
_BYTES_PER_TOKEN: Final = 3
_BYTES_PER_MESSAGE: Final = 16

# `load` and `unload` come with an empty answer; they and anything newer are told as `other`.
_FINISH: Final[dict[str, FinishReason]] = {"stop": "stop", "length": "length"}


class _Function(Wire):
    name: str
    arguments: dict[str, object]


class _ToolCall(Wire):
    function: _Function


class _Message(Wire):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Part(Wire):
    done: bool
    model: ModelName | None = None
    message: _Message | None = None
    done_reason: str | None = None
    prompt_eval_count: Count | None = None
    eval_count: Count | None = None


class _Gathered:
    """What came so far: the answer's text, and the calls that the model made."""

    def __init__(self, on_tokens: OnTokens) -> None:
        self._on_tokens = on_tokens
        self._received = 0
        self.pieces: list[str] = []
        self.calls: list[_Function] = []

    def add(self, message: _Message) -> None:
        """Take in one message; what a model thinks beside it is no part of the answer."""
        made = [call.function for call in message.tool_calls or ()]
        if message.content:
            self.pieces.append(message.content)
        self.calls += made
        for _ in range(len(made) + bool(message.content)):
            self._received += 1
            self._on_tokens(self._received)


def tokens_of(prompt: Prompt, beside: JsonObject) -> int:
    """Return a safe estimate of what a prompt costs; Ollama cannot count without running the model."""
    size = sum(len(message.content.encode("utf-8", "replace")) + _BYTES_PER_MESSAGE for message in prompt.messages)
    if "tools" in beside:
        size += len(json.dumps(beside["tools"]))
    return -(-size // _BYTES_PER_TOKEN)


def ask(client: HttpClient, question: Ask, num_ctx: int, deadline: Deadline, on_tokens: OnTokens) -> Draft:
    """Ask with a context of `num_ctx` tokens and return the whole reply; one that filled it was cut short."""
    with client.open(Call("POST", PATH, _body(question, num_ctx)), deadline) as reply:
        draft = _read(reply, client.faults, _Gathered(on_tokens), calls="tools" in question.beside)
    read_tokens = draft.usage.prompt
    if read_tokens is not None and read_tokens >= num_ctx:
        detail = f"It has {read_tokens} tokens or more, the context holds {num_ctx}."
        raise client.faults.error(Code.CONTEXT_OVERFLOW, detail)
    return draft


def _body(question: Ask, num_ctx: int) -> JsonObject:
    prompt = question.prompt
    return {
        "model": question.model,
        "messages": messages(prompt),
        "stream": question.stream,
        # Newer servers then refuse a prompt that is too long, and end an answer that is, instead of forgetting text.
        "truncate": False,
        "shift": False,
        "options": {
            "num_ctx": num_ctx,
            "num_predict": prompt.max_tokens,
            "temperature": prompt.temperature,
            "seed": prompt.seed,
            "stop": list(prompt.stop),
        },
        **question.beside,
    }


def _read(reply: Reply, faults: Faults, gathered: _Gathered, *, calls: bool) -> Draft:
    held = False
    for data in reply.lines() if reply.is_lines else [reply.json()]:
        part = read(_Part, data, faults)
        if part.message is None and not (part.done and held):
            raise faults.error(Code.BAD_SHAPE, "It holds no message.")
        held = True
        gathered.add(part.message or _Message())
        if part.done:
            return _draft(part, gathered, faults, calls=calls)
    # A stream without an end is reported by the stream itself; this was a whole reply that claims to go on.
    raise faults.error(Code.STREAM_CUT)


def _draft(last: _Part, gathered: _Gathered, faults: Faults, *, calls: bool) -> Draft:
    finish = _FINISH.get(last.done_reason or "", "other")
    text = "".join(gathered.pieces)
    # Half a call is not handed out at all: that the answer was cut says more than that none came.
    if calls and finish != "length":
        text = _arguments(gathered.calls, faults)
    usage = TokenUsage(last.prompt_eval_count, None, last.eval_count)
    return Draft(text=text, finish=finish, model=last.model, usage=usage)


def _arguments(calls: list[_Function], faults: Faults) -> str:
    if not calls:
        raise faults.error(Code.BAD_SHAPE, "It made no call.")
    if len(calls) > 1 or calls[0].name != FUNCTION:
        raise faults.error(Code.BAD_SHAPE, "It made another call than the one asked for.")
    return json.dumps(calls[0].arguments, ensure_ascii=False)
