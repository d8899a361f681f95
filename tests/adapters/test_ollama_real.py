"""An independent program that speaks Ollama's API, in front of the real llama.cpp server with the real small model."""

from __future__ import annotations

import json

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint

from .building import PLENTY, ask, failure, prompt
from .conftest import PEER_MODEL as MODEL
from .faulty_ollama import ollama

pytestmark = pytest.mark.model

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"path": {"type": "string", "enum": ["index.html", "style.css"]}},
    "required": ["path"],
    "additionalProperties": False,
}


def test_healthy_in_all_four_steps(peer: str) -> None:
    """The list, the model, a short answer and its shape."""
    with ollama(peer, model=MODEL) as made:
        health = made.health_check(Deadline(PLENTY), full=True)
    assert (health.status, health.probe_step, health.error_category) == ("connected", "shape", None)
    assert MODEL in health.models
    assert MODEL in health.details


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer(peer: str, *, stream: bool) -> None:
    """Streamed and whole, with the model's name and counts."""
    heard: list[int] = []
    with ollama(peer, model=MODEL, capabilities={"stream": stream}) as made:
        answer = made.run(prompt("Say hello."), Deadline(PLENTY), heard.append)
    assert answer.text
    assert (answer.finish_reason, answer.model_id) == ("stop", MODEL)
    assert answer.usage.prompt == 2
    assert heard == list(range(1, len(heard) + 1))
    assert (len(heard) > 1) == stream


def test_json_schema_is_enforced(peer: str) -> None:
    """`format` goes through to the server, and the answer is a document of the schema."""
    with ollama(peer, model=MODEL) as made:
        answer = ask(made, prompt("Which file?", max_tokens=60, constraint=Constraint(json_schema=SCHEMA)), 20)
    assert json.loads(answer.text)["path"] in {"index.html", "style.css"}


def test_what_show_says(peer: str) -> None:
    """It claims tools and names no context."""
    with ollama(peer, model=MODEL) as made:
        assert made.context_tokens(Deadline(PLENTY)) is None
        assert made.supports().function_call


def test_a_model_that_is_not_there(peer: str) -> None:
    """It is missed in the list, and nothing is asked."""
    with ollama(peer, model="llama3") as made:
        error = failure(made)
    assert (error.category, error.raw_error_code) == ("model", "model_missing")
