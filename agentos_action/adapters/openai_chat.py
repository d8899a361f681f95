"""The protocol of OpenAI's chat completions, whole and as an event stream, which many servers speak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.base import Draft
from agentos_action.adapters.faults import Code, Faults
from agentos_action.adapters.http import Call, HttpClient
from agentos_action.adapters.reply import JsonObject, Reply
from agentos_action.adapters.wire import Count, ModelName, Timings, Wire, read
from agentos_action.clock import Deadline
from agentos_action.records.model import FinishReason, OnTokens, Prompt, TokenUsage

PATH: Final = "/v1/chat/completions"
#: The one function that a model is made to call where the answer is its arguments; also the name of a schema.
FUNCTION: Final = "answer"

_FINISH: Final[dict[str, FinishReason]] = {
    "stop": "stop",
    "tool_calls": "stop",
    "function_call": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question in a protocol's hands.

    `beside` holds fields that only this server knows, `leave_out` names those of the protocol that it does not take.
    """

    prompt: Prompt
    model: str
    stream: bool
    beside: JsonObject
    path: str = PATH
    leave_out: frozenset[str] = frozenset()


class _Details(Wire):
    cached_tokens: Count | None = None


class _Usage(Wire):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None


class _Function(Wire):
    name: str | None = None
    arguments: str | None = None


class _Call(Wire):
    index: Count | None = None
    function: _Function = _Function()


class _Piece(Wire):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(Wire):
    index: int = 0
    finish_reason: str | None = None
    delta: _Piece | None = None
    message: _Piece | None = None


class _Part(Wire):
    choices: list[_Choice]
    model: ModelName | None = None
    usage: _Usage | None = None
    timings: Timings | None = None


class _Gathered:
    """What came so far of the first choice; with `function` the arguments of its call are the answer."""

    def __init__(self, on_tokens: OnTokens, *, function: bool) -> None:
        self._on_tokens, self._function = on_tokens, function
        self._pieces: list[str] = []
        # The name of each call, by its index.
        self._calls: dict[int, str] = {}
        self._refusal = ""
        self._model: str | None = None
        self._usage: _Usage | None = None
        self._timings: Timings | None = None
        self.finish: str | None = None
        self.choices = 0

    def add(self, part: _Part) -> None:
        """Take in one event, or the one whole reply."""
        self._model = self._model or part.model
        self._usage = part.usage or self._usage
        self._timings = part.timings or self._timings
        for choice in part.choices:
            if choice.index != 0:
                continue
            self.choices += 1
            self.finish = choice.finish_reason or self.finish
            self._take(choice.delta or choice.message or _Piece())

    def _take(self, piece: _Piece) -> None:
        self._refusal += piece.refusal or ""
        # A whole message numbers its calls by their order only.
        for order, call in enumerate(piece.tool_calls or []):
            number = order if call.index is None else call.index
            self._calls[number] = self._calls.get(number, "") + (call.function.name or "")
            if self._function:
                self._hear(call.function.arguments)
        if not self._function:
            self._hear(piece.content)

    def _hear(self, text: str | None) -> None:
        if text:
            self._pieces.append(text)
            self._on_tokens(len(self._pieces))

    def draft(self, faults: Faults) -> Draft:
        """Return it as a draft; only called when the reply came to its end."""
        finish = _FINISH.get(self.finish or "", "other")
        if self._function and finish in {"stop", "other"} and not self._refusal:
            check_calls(list(self._calls.values()), faults)
        usage = self._usage or _Usage()
        details = usage.prompt_tokens_details
        cached = details.cached_tokens if details else None
        if cached is None and self._timings:
            cached = self._timings.cached
        return Draft(
            text="".join(self._pieces),
            finish=finish,
            model=self._model,
            usage=TokenUsage(usage.prompt_tokens, cached, usage.completion_tokens),
            refusal=self._refusal,
        )


def check_calls(names: list[str], faults: Faults) -> None:
    """Raise `bad_shape` unless the one function was called, and called once."""
    if not names:
        raise faults.error(Code.BAD_SHAPE, "It made no call.")
    if len(names) > 1:
        raise faults.error(Code.BAD_SHAPE, f"It made {len(names)} calls where one was asked for.")
    if names != [FUNCTION]:
        raise faults.error(Code.BAD_SHAPE, "It called a function that there is not.")


def ask(client: HttpClient, question: Ask, deadline: Deadline, on_tokens: OnTokens) -> Draft:
    """Ask the chat endpoint and return its whole reply, however it chose to send it."""
    constraint = question.prompt.constraint
    function = constraint is not None and constraint.function
    with client.open(Call("POST", question.path, _body(question)), deadline) as reply:
        return _read(reply, client.faults, _Gathered(on_tokens, function=function))


def _body(question: Ask) -> JsonObject:
    prompt = question.prompt
    body: JsonObject = {
        "model": question.model,
        "messages": messages(prompt),
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "seed": prompt.seed,
        "stop": list(prompt.stop),
        "stream": question.stream,
        **question.beside,
    }
    if question.stream:
        body["stream_options"] = {"include_usage": True}
    return {name: value for name, value in body.items() if name not in question.leave_out}


def messages(prompt: Prompt) -> list[dict[str, str]]:
    """Return the prompt's turns as the protocol writes them."""
    return [{"role": message.role, "content": message.content} for message in prompt.messages]


def _read(reply: Reply, faults: Faults, gathered: _Gathered) -> Draft:
    streams = reply.streams
    for data in reply.events() if streams else [reply.json()]:
        gathered.add(read(_Part, data, faults))
    if gathered.choices == 0:
        raise faults.error(Code.BAD_SHAPE, "It holds no choice.")
    if gathered.finish is None:
        raise faults.error(Code.STREAM_CUT if streams else Code.BAD_SHAPE, "It does not say why it ended.")
    return gathered.draft(faults)
