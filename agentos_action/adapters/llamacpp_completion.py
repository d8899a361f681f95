"""llama.cpp's own `/completion`, with the chat template applied by the server where it has one."""

from __future__ import annotations

from typing import Final

from agentos_action.adapters.base import Draft
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import Call, HttpClient
from agentos_action.adapters.openai_chat import Ask, messages
from agentos_action.adapters.reply import JsonObject, Reply
from agentos_action.adapters.wire import Count, ModelName, Timings, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import FinishReason, OnTokens, Prompt, TokenUsage

# `word` is a stop string of ours; `none` and anything newer is told as `other`.
_FINISH: Final[dict[str, FinishReason]] = {"eos": "stop", "word": "stop", "limit": "length"}


class _Templated(Wire):
    prompt: str


class _Tokens(Wire):
    tokens: list[int]


class _Part(Wire):
    content: str
    stop: bool
    model: ModelName | None = None
    stop_type: str | None = None
    tokens_evaluated: Count | None = None
    tokens_predicted: Count | None = None
    timings: Timings | None = None


def ask(client: HttpClient, question: Ask, deadline: Deadline, on_tokens: OnTokens) -> Draft:
    """Render the messages to one text, ask for its completion and return the whole reply."""
    prompt = question.prompt
    body: JsonObject = {
        "model": question.model,
        "prompt": render(client, prompt, deadline),
        "n_predict": prompt.max_tokens,
        "temperature": prompt.temperature,
        "seed": prompt.seed,
        "stop": list(prompt.stop),
        "stream": question.stream,
        **question.beside,
    }
    with client.open(Call("POST", "/completion", body), deadline) as reply:
        return _gather(reply, client, on_tokens)


def render(client: HttpClient, prompt: Prompt, deadline: Deadline) -> str:
    """Return the prompt as `/completion` is given it: through the server's template, or plain where it has none."""
    try:
        return templated(client, prompt, deadline)
    except ToolError as error:
        if error.raw_error_code != Code.HTTP_404:
            raise
        return "\n\n".join(message.content for message in prompt.messages) + "\n"


def templated(client: HttpClient, prompt: Prompt, deadline: Deadline) -> str:
    """Return the prompt through the server's chat template; an older server without that address is `http_404`."""
    reply = client.post_json("/apply-template", {"messages": messages(prompt)}, deadline)
    return read(_Templated, reply, client.faults).prompt


def count(client: HttpClient, text: str, deadline: Deadline) -> int:
    """Return how many tokens the server makes of a rendered prompt, its begin-of-text token included."""
    body: JsonObject = {"content": text, "add_special": True, "parse_special": True}
    return len(read(_Tokens, client.post_json("/tokenize", body, deadline), client.faults).tokens)


def _gather(reply: Reply, client: HttpClient, on_tokens: OnTokens) -> Draft:
    pieces: list[str] = []
    for data in reply.events() if reply.streams else [reply.json()]:
        part = read(_Part, data, client.faults)
        if part.content:
            pieces.append(part.content)
            on_tokens(len(pieces))
        if part.stop:
            return _draft("".join(pieces), part)
    # A stream without an end is reported by the stream itself; this was a whole reply that claims to go on.
    raise client.faults.error(Code.STREAM_CUT)


def _draft(text: str, last: _Part) -> Draft:
    cached = last.timings.cached if last.timings else None
    return Draft(
        text=text,
        finish=_FINISH.get(last.stop_type or "", "other"),
        model=last.model,
        usage=TokenUsage(last.tokens_evaluated, cached, last.tokens_predicted),
    )
