"""llama.cpp's own `/completion`, with the chat template applied by the server where it has one."""

from __future__ import annotations

from typing import Final

from agentos_action.adapters.base import Draft
from agentos_action.adapters.faults import Code
from agentos_action.adapters.http import Call, HttpClient
from agentos_action.adapters.openai_chat import Ask, messages
from agentos_action.adapters.places import read_draft, read_text
from agentos_action.adapters.reply import JsonObject, Reply
from agentos_action.adapters.template import fill, plain, values
from agentos_action.adapters.wire import Timings, Wire, read
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import OnTokens, Prompt
from agentos_action.records.profile import HttpRules

#: The protocol as a profile of `local_http` would write it; what goes beyond that (chat template, stream) stands below.
RULES: Final = HttpRules(
    path="/completion",
    request={
        "model": "{model}",
        "prompt": "{prompt}",
        "n_predict": "{max_tokens}",
        "temperature": "{temperature}",
        "seed": "{seed}",
        "stop": "{stop}",
    },
    response_path="/content",
    model_path="/model",
    finish_path="/stop_type",
    prompt_tokens_path="/tokens_evaluated",
    completion_tokens_path="/tokens_predicted",
)


class _Templated(Wire):
    prompt: str


class _Tokens(Wire):
    tokens: list[int]


class _Part(Wire):
    stop: bool
    timings: Timings | None = None


def ask(client: HttpClient, question: Ask, deadline: Deadline, on_tokens: OnTokens) -> Draft:
    """Render the messages to one text, ask for its completion and return the whole reply."""
    filling = values(question.prompt, question.model, render(client, question.prompt, deadline))
    body = {**fill(RULES.request, filling), "stream": question.stream, **question.beside}
    with client.open(Call("POST", RULES.path, body), deadline) as reply:
        return _gather(reply, client, on_tokens)


def render(client: HttpClient, prompt: Prompt, deadline: Deadline) -> str:
    """Return the prompt as `/completion` is given it: through the server's template, or plain where it has none."""
    try:
        return templated(client, prompt, deadline)
    except ToolError as error:
        if error.raw_error_code != Code.HTTP_404:
            raise
        return plain(prompt)


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
        part, text = read(_Part, data, client.faults), read_text(RULES, data, client.faults)
        if text:
            pieces.append(text)
            on_tokens(len(pieces))
        if part.stop:
            cached = part.timings.cached if part.timings else None
            return read_draft(RULES, data, client.faults, text="".join(pieces), cached=cached)
    # A stream without an end is reported by the stream itself; this was a whole reply that claims to go on.
    raise client.faults.error(Code.STREAM_CUT)
