"""What servers' own errors stand for, in the words that real ones use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.adapters.recognise import code_of, error_of

ROWS = [
    # OpenAI's names.
    (404, ("invalid_request_error", "model_not_found"), "The model `gpt-9` does not exist", "model_missing"),
    (429, ("insufficient_quota", "insufficient_quota"), "You exceeded your current quota", "quota"),
    (429, ("requests", "rate_limit_exceeded"), "Rate limit reached for gpt-4o", "http_429"),
    (429, ("tokens", "rate_limit_exceeded"), "You exceeded your current quota, check your plan", "quota"),
    (400, ("invalid_request_error", "context_length_exceeded"), "maximum context length is 8192", "context_overflow"),
    (400, ("invalid_request_error",), "This model's maximum context length is 8192 tokens.", "context_overflow"),
    (401, ("invalid_request_error", "invalid_api_key"), "Incorrect API key provided", "http_401"),
    (402, (), "Payment required", "quota"),
    # Anthropic's names.
    (529, ("overloaded_error",), "Overloaded", "overloaded"),
    (429, ("rate_limit_error",), "Number of requests has exceeded your limit", "http_429"),
    (400, ("invalid_request_error",), "Your credit balance is too low to access the API", "quota"),
    (400, ("invalid_request_error",), "prompt is too long: 250000 tokens > 200000 maximum", "context_overflow"),
    (404, ("not_found_error",), "model: claude-9", "model_missing"),
    (403, ("permission_error",), "Your key may not use this", "http_403"),
    (413, ("request_too_large",), "Request exceeds the maximum size", "context_overflow"),
    # Ollama's words.
    (404, (), "model 'llama9' not found", "model_missing"),
    (404, (), 'model "llama9" not found, try pulling it first', "model_missing"),
    (500, (), "model requires more system memory (9.1 GiB) than is available (3.2 GiB)", "out_of_memory"),
    # LM Studio's words.
    (400, (), "No models loaded. Please load a model in the developer page", "model_missing"),
    (404, (), "No models loaded.", "model_missing"),
    (400, (), "the model is loaded with context length of only 4096 tokens", "context_overflow"),
    (400, (), "Model loading was stopped due to insufficient system resources.", "out_of_memory"),
    # LiteLLM's and Anthropic's.
    (400, ("invalid_request_error",), "Invalid model name passed in model=nope.", "model_missing"),
    (400, (), "input length and `max_tokens` exceed context limit: 9 + 8 > 10", "context_overflow"),
    # llama.cpp's.
    (404, ("not_found_error",), "File Not Found", "http_404"),
    (503, ("unavailable_error",), "Loading model", "loading"),
    (400, ("exceed_context_size_error",), "the request exceeds the available context size", "context_overflow"),
    # Google's words.
    (400, (), "API key not valid. Please pass a valid API key.", "http_401"),
    # Only a status.
    (407, (), "", "proxy_failed"),
    (307, (), "", "redirect"),
    (404, (), "no such address", "http_404"),
    (418, (), "", "http_4xx"),
    (500, (), "", "http_5xx"),
    (504, (), "", "http_5xx"),
    (529, (), "", "overloaded"),
]


@pytest.mark.parametrize(("status", "names", "message", "code"), ROWS)
def test_an_error_is_recognised(status: int, names: tuple[str, ...], message: str, code: str) -> None:
    """Names win over words, words over the status."""
    assert code_of(status, names, message) == code


@pytest.mark.parametrize(
    ("value", "message", "names"),
    [
        ({"error": {"message": "a", "type": "b", "code": "c"}}, "a", ("b", "c")),
        ({"error": "a"}, "a", ()),
        ({"error": "a", "code": "c"}, "a", ("c",)),
        ({"message": "a", "type": "b"}, "a", ("b",)),
        ({"detail": "a"}, "a", ()),
        ({"detail": {"message": "a"}}, "a", ()),
        ({"detail": [{"loc": ["body", "seed"], "msg": "a"}, {"msg": "b"}]}, "'seed': a", ()),
        ({"detail": []}, "", ()),
        ({"detail": [5]}, "", ()),
    ],
)
def test_every_shape_of_an_error_is_read(value: dict[str, object], message: str, names: tuple[str, ...]) -> None:
    """Objects, texts, and what FastAPI writes."""
    assert error_of(value)[:2] == (message, names)


def test_an_unknown_status_is_no_code() -> None:
    """A status outside of HTTP's classes says nothing."""
    assert code_of(700, (), "") is None


@given(st.dictionaries(st.sampled_from(["error", "message", "code", "type"]), st.none() | st.text() | st.integers()))
def test_any_error_object_is_read(value: dict[str, object]) -> None:
    """Message, names and number come out of any object, also one that holds the other's."""
    for whole in (value, dict[str, object](error=value)):
        message, names, number = error_of(whole)
        assert isinstance(message, str)
        assert all(isinstance(name, str) for name in names)
        assert number == 0 or 400 <= number < 600
