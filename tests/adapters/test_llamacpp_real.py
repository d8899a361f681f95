"""The real llama.cpp server with the real small model, in both modes."""

from __future__ import annotations

import json
import time

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint, Message, Prompt

from .building import LATE, MODES, PLENTY, adapter, ask, failure, prompt
from .conftest import LlamaServer

pytestmark = [pytest.mark.model, pytest.mark.parametrize("mode", MODES)]

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"path": {"type": "string", "enum": ["index.html", "style.css"]}},
    "required": ["path"],
    "additionalProperties": False,
}


def test_json_schema_is_enforced(llama: LlamaServer, mode: str) -> None:
    """The answer is a document of the schema."""
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        answer = ask(made, prompt("Which file?", max_tokens=60, constraint=Constraint(json_schema=SCHEMA)))
    assert json.loads(answer.text)["path"] in {"index.html", "style.css"}


def test_grammar_is_enforced_and_goes_before_the_schema(llama: LlamaServer, mode: str) -> None:
    """The answer is a word of the grammar, also where a schema stands beside it."""
    constraint = Constraint(json_schema=SCHEMA, grammar='root ::= "PARIS" | "ROME"')
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        answer = ask(made, prompt("The capital of France?", constraint=constraint))
    assert answer.text in {"PARIS", "ROME"}


def test_broken_grammar_is_a_refused_request(llama: LlamaServer, mode: str) -> None:
    """A constraint that the server cannot read is our fault, and its words are quoted."""
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        error = failure(made, prompt(constraint=Constraint(grammar="root ::= (")))
    assert (error.category, error.raw_error_code) == ("config", "http_4xx")
    assert "failed to parse grammar" in error.message


def test_a_constraint_the_profile_takes_away(llama: LlamaServer, mode: str) -> None:
    """The shape of an answer is never dropped silently."""
    without = {"json_schema": False, "grammar": False}
    with adapter(llama.base_url, mode, key=llama.api_key, capabilities=without) as made:
        error = failure(made, prompt(constraint=Constraint(json_schema=SCHEMA)))
        assert not made.supports().json_schema
    assert (error.category, error.raw_error_code) == ("config", "constraint_unsupported")


def test_usage_tells_what_came_from_the_cache(llama: LlamaServer, mode: str) -> None:
    """The second asking of a long prompt takes nearly all of it from the server's cache."""
    long = prompt(
        f"{mode} " + " ".join(f"line {n} of a file" for n in range(15)),
        constraint=Constraint(grammar='root ::= "Hello."'),
    )
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        counted = made.count_tokens(long, Deadline(PLENTY))
        first = ask(made, long).usage
        second = ask(made, long).usage
    assert first.prompt == second.prompt == counted
    assert first.cached is not None
    assert second.cached is not None
    assert second.prompt is not None
    assert first.cached < 60
    assert second.prompt - 4 <= second.cached <= second.prompt
    assert second.completion is not None
    assert 0 < second.completion <= 24


def test_context_overflow_says_the_numbers(llama: LlamaServer, mode: str) -> None:
    """A prompt that does not fit is the model's limit, with both sizes."""
    large = prompt("word " * 2000)
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        error = failure(made, large)
        tokens = made.count_tokens(large, Deadline(PLENTY))
        assert made.context_tokens(Deadline(PLENTY)) == llama.context_tokens
    assert (error.category, error.raw_error_code) == ("model", "context_overflow")
    assert f"The prompt has {tokens} tokens, the context holds {llama.context_tokens}." in error.message


def test_cut_off_at_max_tokens(llama: LlamaServer, mode: str) -> None:
    """An answer that the limit cut is no answer."""
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        error = failure(made, prompt("Count from one to a thousand.", max_tokens=5))
    assert (error.category, error.raw_error_code) == ("model", "answer_cut")
    assert "It had 5 tokens." in error.message


@pytest.mark.parametrize("key", [None, "wrong"])
def test_wrong_key(llama: LlamaServer, mode: str, key: str | None) -> None:
    """A missing or wrong key is told as such, by health and by a run."""
    with adapter(llama.base_url, mode, key=key) as made:
        health = made.health_check(Deadline(PLENTY), full=True)
        error = failure(made)
    assert (health.status, health.error_category, health.probe_step) == ("invalid_token", "auth", "none")
    assert (error.category, error.raw_error_code) == ("auth", "http_401")


def test_wrong_model(llama: LlamaServer, mode: str) -> None:
    """A name that the server would serve silently is refused, unless the profile takes the first ready one."""
    with adapter(llama.base_url, mode, key=llama.api_key, model="gpt-5") as made:
        assert failure(made).raw_error_code == "model_missing"
    with adapter(llama.base_url, mode, key=llama.api_key, model="gpt-5", on_missing_model="first_ready") as made:
        assert ask(made, prompt("Say hello.")).model_id == llama.model


def test_without_streaming(llama: LlamaServer, mode: str) -> None:
    """A profile may take streaming away; the answer is the same."""
    with adapter(llama.base_url, mode, key=llama.api_key, capabilities={"stream": False}) as made:
        whole = ask(made, prompt("Say hello."))
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        assert ask(made, prompt("Say hello.")).text == whole.text
    assert whole.usage.completion


def test_stop_strings(llama: LlamaServer, mode: str) -> None:
    """Generation ends before a stop string, as a complete answer."""
    what = Prompt((Message("user", "Say hello."),), max_tokens=24, stop=("!", "."))
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        answer = ask(made, what)
    assert answer.finish_reason == "stop"
    assert not set("!.") & set(answer.text)


def test_deadline_in_the_middle_of_generation(llama: LlamaServer, mode: str) -> None:
    """Tokens arrive, the deadline passes, the call ends at once and the server is free again."""
    heard: list[int] = []
    endless = Constraint(grammar="root ::= [a-z ]+")
    with adapter(llama.base_url, mode, key=llama.api_key) as made:
        made.health_check(Deadline(PLENTY))
        what = prompt("Tell a long story.", max_tokens=900, constraint=endless)
        # On a busy machine the first tokens take their time.
        for seconds in (0.8, 4.0, 20.0):
            heard.clear()
            started = time.monotonic()
            with pytest.raises(Exception, match="did not finish in time") as caught:
                made.run(what, Deadline(seconds), heard.append)
            assert time.monotonic() - started < seconds + LATE
            assert getattr(caught.value, "raw_error_code", None) == "timeout"
            if len(heard) > 3:
                break
        assert len(heard) > 3
        ask(made, prompt("Say hello."))


def test_a_listener_that_fails_ends_the_exchange(llama: LlamaServer, mode: str) -> None:
    """What the listener raises (Ctrl-C, say) comes through, and the connection is closed."""

    def interrupt(_received: int, /) -> None:
        raise KeyboardInterrupt

    with adapter(llama.base_url, mode, key=llama.api_key) as made, pytest.raises(KeyboardInterrupt):
        made.run(prompt("Say hello."), Deadline(PLENTY), interrupt)
