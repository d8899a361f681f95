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

_FINISH: Final[dict[str, FinishReason]] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question in a protocol's hands; `beside` holds fields that only this server knows."""

    prompt: Prompt
    model: str
    stream: bool
    beside: JsonObject


class _Details(Wire):
    cached_tokens: Count | None = None


class _Usage(Wire):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _Details | None = None


class _Piece(Wire):
    content: str | None = None
    refusal: str | None = None


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
    """What came so far of the first choice."""

    def __init__(self, on_tokens: OnTokens) -> None:
        self._on_tokens = on_tokens
        self._pieces: list[str] = []
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
        if piece.content:
            self._pieces.append(piece.content)
            self._on_tokens(len(self._pieces))

    def draft(self) -> Draft:
        """Return it as a draft; only called when the reply came to its end."""
        usage = self._usage or _Usage()
        details = usage.prompt_tokens_details
        cached = details.cached_tokens if details else None
        if cached is None and self._timings:
            cached = self._timings.cached
        return Draft(
            text="".join(self._pieces),
            finish=_FINISH.get(self.finish or "", "other"),
            model=self._model,
            usage=TokenUsage(usage.prompt_tokens, cached, usage.completion_tokens),
            refusal=self._refusal,
        )


def ask(client: HttpClient, question: Ask, deadline: Deadline, on_tokens: OnTokens) -> Draft:
    """Ask the chat endpoint and return its whole reply, however it chose to send it."""
    with client.open(Call("POST", PATH, _body(question)), deadline) as reply:
        return _read(reply, client.faults, _Gathered(on_tokens))


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
    return body


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
    return gathered.draft()
