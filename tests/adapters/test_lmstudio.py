"""The `lmstudio` adapter: OpenAI's protocol with LM Studio's own words for what is missing."""

from __future__ import annotations

import json

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint

from .building import PLENTY, ask, failure, prompt
from .conftest import LlamaServer
from .faulty import CHAT, MODEL, MODELS, FaultyServer, chunk, model_list, reply, sse, stream
from .serving import bodies, served
from .test_openai import SCHEMA

NO_MODELS = "No models loaded. Please load a model in the developer page or use the `lms load` command."
UNKNOWN = 'Invalid model identifier "x". Please specify a valid downloaded model.'
TOO_SMALL = (
    "Trying to keep the first 9031 tokens when context the overflows. However, the model is loaded with context length "
    "of only 4096 tokens, which is not enough."
)


def test_an_empty_list_says_how_to_load_a_model(faulty: FaultyServer) -> None:
    faulty.at[MODELS] = reply({"object": "list", "data": []})
    with served("lmstudio", f"{faulty.base_url}/v1") as made:
        health = made.health_check(Deadline(PLENTY), full=True)
        error = failure(made)
    assert (health.status, health.error_category, health.raw_error_code) == ("model_missing", "model", "model_missing")
    assert (health.probe_step, health.execution_mode) == ("models", "local")
    assert "`lms load`" in health.details
    assert "`lms load`" in error.hint


def test_nobody_listens_says_how_to_start_it() -> None:
    with FaultyServer() as gone:
        base_url = gone.base_url
    with served("lmstudio", base_url) as made:
        assert made.health_check(Deadline(PLENTY)).details.endswith("the Developer tab, or `lms server start`.")


def test_the_default_address() -> None:
    with served("lmstudio", None) as made:
        assert made.endpoint == "127.0.0.1:1234"


@pytest.mark.parametrize(
    ("status", "body", "category", "code"),
    [
        (400, {"error": NO_MODELS}, "model", "model_missing"),
        (
            404,
            {"error": {"message": NO_MODELS, "type": "invalid_request_error", "code": None}},
            "model",
            "model_missing",
        ),
        (404, {"error": {"message": UNKNOWN, "code": "model_not_found", "param": "model"}}, "model", "model_missing"),
        (200, {"error": NO_MODELS}, "model", "model_missing"),
        (400, {"error": TOO_SMALL}, "model", "context_overflow"),
        (200, {"error": "Unexpected endpoint or method. (POST /x). Returning 200 anyway"}, "schema", "error_in_reply"),
        (
            400,
            {"error": {"message": "Model loading was stopped due to insufficient system resources."}},
            "runtime",
            "out_of_memory",
        ),
    ],
)
def test_its_words_for_a_fault(faulty: FaultyServer, status: int, body: object, category: str, code: str) -> None:
    faulty.at[CHAT] = reply(body, status=status)
    with served("lmstudio", faulty.base_url) as made:
        error = failure(made)
        health = made.health_check(Deadline(PLENTY), full=True)
    assert (error.category, error.raw_error_code) == (category, code)
    assert (health.error_category, health.raw_error_code) == (category, code)


def test_an_error_event_ends_the_answer(faulty: FaultyServer) -> None:
    faulty.at[CHAT] = stream(sse(chunk("Hi"), end=b'event: error\ndata: {"error": {"message": "crashed"}}\n\n'))
    with served("lmstudio", faulty.base_url) as made:
        assert failure(made).raw_error_code == "stream_error"


def test_an_embedding_model_is_not_asked(faulty: FaultyServer) -> None:
    faulty.at[MODELS] = reply(model_list("text-embedding-nomic-embed-text-v1.5", MODEL))
    with served("lmstudio", faulty.base_url) as made:
        assert ask(made).model_id == MODEL
        assert made.health_check(Deadline(PLENTY)).status == "connected"
    faulty.at[MODELS] = reply(model_list("text-embedding-nomic-embed-text-v1.5"))
    with served("lmstudio", faulty.base_url) as made:
        assert made.health_check(Deadline(PLENTY)).status == "model_missing"


def test_what_is_sent(faulty: FaultyServer) -> None:
    """Any JSON goes as a schema, and the one function is forced by the word: LM Studio takes nothing else."""
    constraints = (Constraint(), Constraint(json_object=True), Constraint(json_schema=SCHEMA, function=True))
    function = {"name": "answer", "description": "Give the answer.", "parameters": SCHEMA, "strict": True}
    held = {"name": "answer", "strict": True, "schema": {"type": "object"}}
    with served("lmstudio", faulty.base_url, key="sk-1234") as made:
        for constraint in constraints[:2]:
            ask(made, prompt(constraint=constraint))
        assert failure(made, prompt(constraint=constraints[2])).raw_error_code == "bad_shape"
    base = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 24,
        "temperature": 0.0,
        "seed": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert bodies(faulty, CHAT) == [
        base,
        {**base, "response_format": {"type": "json_schema", "json_schema": held}},
        {**base, "tools": [{"type": "function", "function": function}], "tool_choice": "required"},
    ]
    assert faulty.seen[-1].headers["authorization"] == "Bearer sk-1234"


@pytest.mark.model
def test_a_schema_from_a_real_server(llama: LlamaServer) -> None:
    with served("lmstudio", f"{llama.base_url}/v1", key=llama.api_key) as made:
        answer = ask(made, prompt("Which?", max_tokens=60, constraint=Constraint(json_schema=SCHEMA)))
        assert json.loads(answer.text)["path"] in {"index.html", "style.css"}
        assert made.context_tokens(Deadline(PLENTY)) is None
