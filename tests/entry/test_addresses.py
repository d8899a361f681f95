"""The addresses that the environment gives to providers, read as their own clients read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.adapters.endpoint import parse_endpoint
from agentos_action.entry.request import addresses_in
from agentos_action.errors import UsageError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("gpu", "http://gpu:11434"),
        ("gpu:1", "http://gpu:1"),
        (" gpu ", "http://gpu:11434"),
        ("http://gpu", "http://gpu:80"),
        ("https://gpu/x", "https://gpu:443/x"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104 - nothing listens there
        ("0.0.0.0:99", "http://127.0.0.1:99"),
        ("[::]:5", "http://[::1]:5"),
        ("::1", "http://[::1]:11434"),
        (":5", "http://127.0.0.1:5"),
    ],
)
def test_ollama_s_own_variable(text: str, address: str) -> None:
    assert addresses_in({"OLLAMA_HOST": text}) == {"ollama": address}
    parse_endpoint(address)


def test_an_empty_variable_says_nothing() -> None:
    assert addresses_in({"OLLAMA_HOST": "", "OPENAI_BASE_URL": ""}) == {}
    assert addresses_in({"OPENAI_BASE_URL": "https://g/v1"}) == {"openai": "https://g/v1"}


@given(st.text(alphabet="htp:/[]@.12gpu%\\ ?", min_size=1, max_size=20))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    address = addresses_in({"OLLAMA_HOST": text})["ollama"]
    try:
        assert parse_endpoint(address).label
    except UsageError as error:
        assert error.hint  # noqa: PT017 - either is right
