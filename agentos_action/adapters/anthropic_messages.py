"""The protocol of Anthropic's Messages, whole and as an event stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.base import Draft
from agentos_action.adapters.compatible import ANY_OBJECT, check_declared
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import Call, HttpClient
from agentos_action.adapters.openai_chat import FUNCTION, check_calls
from agentos_action.adapters.reply import JsonObject, Reply
from agentos_action.adapters.wire import Count, ModelName, Wire, read
from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint, FinishReason, OnTokens, Prompt, TokenUsage
from agentos_action.records.profile import DeclaredCapabilities

PATH: Final = "/v1/messages"
COUNT_PATH: Final = "/v1/messages/count_tokens"

_FINISH: Final[dict[str, FinishReason]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "stop",
    "max_tokens": "length",
}
# Ends that are none: the answer stops in the middle, though not at our limit.
_UNFINISHED: Final = {
    "model_context_window_exceeded": "Prompt and answer together filled the model's context.",
    "pause_turn": "The model paused its turn instead of ending it.",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `held` are the fields that hold its answer to a shape, `leave_out` fields the model refuses."""

    prompt: Prompt
    model: str
    stream: bool
    held: JsonObject
    leave_out: frozenset[str] = frozenset()


class _Usage(Wire):
    input_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    output_tokens: Count | None = None


class _Block(Wire):
    type: str
    text: str | None = None
    name: str | None = None
    input: dict[str, object] | None = None


class _StopDetails(Wire):
    explanation: str | None = None


class _Message(Wire):
    content: list[_Block] | None
    model: ModelName | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    usage: _Usage | None = None


class _Delta(Wire):
    type: str | None = None
    text: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None


class _Event(Wire):
    type: str
    index: Count = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None


class _Tokens(Wire):
    input_tokens: Count


class _Gathered:
    """What came so far: the text, or with `function` the input of the call."""

    def __init__(self, on_tokens: OnTokens, *, function: bool) -> None:
        self._on_tokens, self._function = on_tokens, function
        self._pieces: list[str] = []
        self._calls: list[str] = []
        # The input of a call that stands in its beginning already, until a piece of it comes.
        self._whole_input: JsonObject | None = None
        self._usage: JsonObject = {}
        self._model: str | None = None
        self._why = ""
        self.begun = False
        self.stop_reason: str | None = None

    def begin(self, message: _Message) -> None:
        """Take in a message: the whole reply, or the beginning of one."""
        self.begun = True
        self._model = message.model
        self._end(message.stop_reason, message.stop_details, message.usage)
        for block in message.content or []:
            self._block(block)

    def add(self, event: _Event) -> None:
        """Take in one event; kinds that are not known are passed over, as the protocol asks."""
        delta = event.delta or _Delta()
        if event.type == "message_start" and event.message is not None:
            self.begin(event.message)
        elif event.type == "content_block_start" and event.content_block is not None:
            self._block(event.content_block)
        elif event.type == "content_block_delta" and delta.type == "text_delta" and not self._function:
            self._hear(delta.text)
        elif event.type == "content_block_delta" and delta.type == "input_json_delta" and self._function:
            self._hear(delta.partial_json)
        elif event.type == "message_delta":
            self._end(delta.stop_reason, delta.stop_details, event.usage)

    def _block(self, block: _Block) -> None:
        # Thinking is no part of the answer.
        if block.type == "text" and not self._function:
            self._hear(block.text)
        elif block.type == "tool_use" and self._function:
            self._calls.append(block.name or "")
            self._whole_input = block.input

    def _hear(self, text: str | None) -> None:
        if text:
            self._pieces.append(text)
            self._on_tokens(len(self._pieces))

    def _end(self, reason: str | None, details: _StopDetails | None, usage: _Usage | None) -> None:
        self.stop_reason = reason or self.stop_reason
        self._why = (details and details.explanation) or self._why
        # The last event repeats some of the counts, and knows better than the first.
        self._usage |= usage.model_dump(exclude_none=True) if usage else {}

    def draft(self, faults: Faults) -> Draft:
        """Return it as a draft; only called when the reply came to its end."""
        reason = self.stop_reason or ""
        if reason in _UNFINISHED:
            raise faults.error(Code.ANSWER_CUT, _UNFINISHED[reason])
        if reason == "refusal":
            raise faults.error(Code.REFUSED, faults.quote(self._why or "".join(self._pieces)))
        finish = _FINISH.get(reason, "other")
        if self._function and finish != "length":
            check_calls(self._calls, faults)
            if not self._pieces and self._whole_input is not None:
                self._hear(json.dumps(self._whole_input, ensure_ascii=False))
        usage = read(_Usage, self._usage, faults)
        return Draft("".join(self._pieces), finish, self._model, _tokens(usage))


def _tokens(usage: _Usage) -> TokenUsage:
    cached, written = usage.cache_read_input_tokens, usage.cache_creation_input_tokens
    prompt = usage.input_tokens
    # `input_tokens` are only those that the cache had no part in.
    whole = None if prompt is None else prompt + (cached or 0) + (written or 0)
    return TokenUsage(whole, cached, usage.output_tokens)


def ask(client: HttpClient, question: Question, deadline: Deadline, on_tokens: OnTokens) -> Draft:
    """Ask and return the whole reply, however the server chose to send it."""
    prompt = question.prompt
    body: JsonObject = {
        "model": question.model,
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "stream": question.stream,
        **_conversation(prompt),
        **question.held,
    }
    # One that is empty or blank is refused.
    if stops := [text for text in prompt.stop if text.strip()]:
        body["stop_sequences"] = stops
    sent = {name: value for name, value in body.items() if name not in question.leave_out}
    with client.open(Call("POST", PATH, sent), deadline) as reply:
        return _read(reply, client.faults, _Gathered(on_tokens, function="tools" in question.held))


def count(client: HttpClient, question: Question, deadline: Deadline) -> int:
    """Return how many tokens the server makes of the prompt."""
    body: JsonObject = {"model": question.model, **_conversation(question.prompt), **question.held}
    return read(_Tokens, client.post_json(COUNT_PATH, body, deadline), client.faults).input_tokens


def shape(constraint: Constraint | None, declared: DeclaredCapabilities, faults: Faults) -> JsonObject:
    """Return the fields that make the model answer as the input of one tool; there is no other way to hold it.

    Raises ToolError `constraint_unsupported` for a grammar alone and for what the profile takes away.
    """
    if constraint is None:
        return {}
    schema = constraint.json_schema
    if constraint.function:
        check_declared(declared.function_call, "function_call", faults)
    elif schema is not None:
        check_declared(declared.json_schema, "json_schema", faults)
    elif constraint.grammar is not None:
        check_declared(there=False, name="grammar", faults=faults)
    elif constraint.json_object:
        check_declared(declared.json_mode, "json_mode", faults)
    else:
        return {}
    tool = {
        "name": FUNCTION,
        "description": "Give the answer.",
        "input_schema": ANY_OBJECT if schema is None else schema,
    }
    return {"tools": [tool], "tool_choice": {"type": "tool", "name": FUNCTION, "disable_parallel_tool_use": True}}


def _conversation(prompt: Prompt) -> JsonObject:
    """Return `system` and `messages`: system turns stand apart, turns of one role in a row are one."""
    system = "\n\n".join(message.content for message in prompt.messages if message.role == "system")
    turns: list[dict[str, str]] = []
    for message in prompt.messages:
        if message.role == "system":
            continue
        if turns and turns[-1]["role"] == message.role:
            turns[-1]["content"] += f"\n\n{message.content}"
        else:
            turns.append({"role": message.role, "content": message.content})
    return {"system": system, "messages": turns} if system else {"messages": turns}


def _read(reply: Reply, faults: Faults, gathered: _Gathered) -> Draft:
    if not reply.streams:
        gathered.begin(read(_Message, reply.json(), faults))
        if gathered.stop_reason is None:
            raise faults.error(Code.BAD_SHAPE, "It does not say why it ended.")
        return gathered.draft(faults)
    for data in reply.events():
        event = read(_Event, data, faults)
        gathered.add(event)
        if event.type == "message_stop":
            break
    else:
        # `[DONE]` belongs to another protocol.
        raise faults.error(Code.STREAM_CUT)
    if not gathered.begun:
        raise faults.error(Code.BAD_SHAPE, "It holds no message.")
    if gathered.stop_reason is None:
        raise faults.error(Code.STREAM_CUT, "It does not say why it ended.")
    return gathered.draft(faults)
