"""The real llama.cpp server, described by profiles instead of by an adapter of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.llamacpp_completion import RULES
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.records.profile import Profile

from .building import PLENTY, ask, failure, prompt
from .conftest import LlamaServer

pytestmark = pytest.mark.model

LIST = {"models": "/v1/models", "models_path": "/data"}
CHAT = LIST | {
    "path": "/v1/chat/completions",
    "request": {"model": "{model}", "messages": "{messages}", "max_tokens": "{max_tokens}", "temperature": 0},
    "response_path": "/choices/0/message/content",
    "model_path": "/model",
    "finish_path": "/choices/0/finish_reason",
    "prompt_tokens_path": "/usage/prompt_tokens",
    "completion_tokens_path": "/usage/completion_tokens",
}
#: What the mode `llamacpp_completion` stands on, word for word.
COMPLETION = json.loads(RULES.model_dump_json()) | LIST

DESCRIBED = pytest.mark.parametrize("http", [CHAT, COMPLETION], ids=["chat", "completion"])


@contextmanager
def local(llama: LlamaServer, http: dict[str, object], key: str | None, **more: object) -> Iterator[Adapter]:
    """Build the adapter and close it afterwards."""
    data = {"provider": "local_http", "name": "local_http", "base_url": llama.base_url, "http": http, **more}
    made = create(Profile.model_validate(data), AdapterParts(api_key=key))
    try:
        yield made
    finally:
        made.close()


@DESCRIBED
def test_healthy_and_answering(llama: LlamaServer, http: dict[str, object]) -> None:
    """All four steps, then an answer with its model and counts."""
    with local(llama, http, llama.api_key) as made:
        health = made.health_check(Deadline(PLENTY), full=True)
        answer = ask(made, prompt("Say hello.", max_tokens=60), 20)
    assert (health.status, health.probe_step, health.models) == ("connected", "shape", (llama.model,))
    assert answer.text
    assert (answer.finish_reason, answer.model_id) == ("stop", llama.model)
    assert answer.usage.prompt
    assert answer.usage.completion


@DESCRIBED
def test_faults_of_a_real_server(llama: LlamaServer, http: dict[str, object]) -> None:
    """A cut answer, a context that is too small, a wrong key and a missing model are told apart."""
    with local(llama, http, llama.api_key) as made:
        assert failure(made, prompt("Count to a thousand.", max_tokens=5), 20).raw_error_code == "answer_cut"
        assert failure(made, prompt("word " * 2000), 20).raw_error_code == "context_overflow"
    with local(llama, http, "wrong") as made:
        assert failure(made).raw_error_code == "http_401"
    with local(llama, http, llama.api_key, model="gpt-5") as made:
        assert failure(made).raw_error_code == "model_missing"
