"""Health of a sick server: never an exception, always the step reached, the category and what to do."""

from __future__ import annotations

import time

import pytest

from agentos_action.clock import Deadline

from .building import LATE, PLENTY, adapter, ask, failure, profile, prompt
from .faulty import (
    CHAT,
    LOADING,
    MODELS,
    Behaviour,
    FaultyServer,
    chunk,
    drip,
    error_body,
    first_then,
    model_list,
    reply,
    sse,
    stall,
    stream,
)

FIRST_STEPS = [
    ("401", reply(error_body("no", "authentication_error", 401), status=401), "invalid_token", "auth", "http_401"),
    ("404", reply({"error": "File Not Found"}, status=404), "unreachable", "network", "http_404"),
    ("429", reply(b"{}", status=429), "unreachable", "network", "http_429"),
    ("500", reply(b"{}", status=500), "unreachable", "network", "http_5xx"),
    ("loading", LOADING, "unreachable", "network", "loading"),
    ("html", reply(b"<html>", kind="text/html"), "schema_mismatch", "schema", "wrong_content_type"),
    ("types", reply({"data": "none"}), "schema_mismatch", "schema", "bad_shape"),
    ("name", reply(model_list("evil\x1b[31m")), "schema_mismatch", "schema", "bad_shape"),
    ("none loaded", reply(model_list()), "model_missing", "model", "model_missing"),
    ("stalled", stall, "unreachable", "network", "timeout"),
    ("drip", drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 99), "unreachable", "network", "timeout"),
]


def seconds_for(code: str | None) -> float:
    """Return the time that a fault is given: little where it takes all that there is."""
    return {"timeout": 0.7, "probe_timeout": 0.7, "loading": 2.0}.get(code or "", PLENTY)


@pytest.mark.parametrize(("behaviour", "status", "category", "code"), [row[1:] for row in FIRST_STEPS])
def test_listing_models_fails(
    faulty: FaultyServer, behaviour: Behaviour, status: str, category: str, code: str
) -> None:
    """The first step's faults, each within the deadline."""
    faulty.at[MODELS] = behaviour
    started = time.monotonic()
    with adapter(faulty.base_url) as made:
        health = made.health_check(Deadline(seconds := seconds_for(code)), full=True)
    assert time.monotonic() - started < seconds + LATE
    assert (health.status, health.error_category, health.raw_error_code) == (status, category, code)
    assert health.probe_step == ("models" if code == "model_missing" else "none")
    assert health.endpoint == faulty.address


def test_refused_connection_says_what_to_do() -> None:
    """The sentence for a person names the address and the remedy."""
    with FaultyServer() as gone:
        base_url = gone.base_url
    with adapter(base_url) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.probe_step) == ("unreachable", "none")
    address = base_url.removeprefix("http://")
    assert health.details == f"Nothing answers at {address}. Start llama-server, or use --embedded."


@pytest.mark.parametrize(
    ("behaviour", "status", "category", "code", "step"),
    [
        (stall, "unreachable", "runtime", "probe_timeout", "model"),
        (reply(error_body("out of memory", "x", 500), status=500), "unreachable", "runtime", "out_of_memory", "model"),
        (reply(b"{}", status=401), "invalid_token", "auth", "http_401", "model"),
        (reply(b"{}", status=502), "unreachable", "network", "http_5xx", "model"),
        (reply({"choices": []}), "schema_mismatch", "schema", "bad_shape", "completion"),
        (reply(b"<html>", kind="text/html"), "schema_mismatch", "schema", "wrong_content_type", "completion"),
        (stream(sse(chunk("Hi", "stop", "other"))), "model_missing", "model", "wrong_model", "model"),
        (stream(sse(chunk("Hi", "length"))), "connected", None, None, "shape"),
    ],
)
def test_the_minimal_completion(
    faulty: FaultyServer, behaviour: Behaviour, status: str, category: str | None, code: str | None, step: str
) -> None:
    """The third and fourth step: running the model, and the shape of what it gives."""
    faulty.at[CHAT] = behaviour
    with adapter(faulty.base_url) as made:
        health = made.health_check(Deadline(seconds_for(code)), full=True)
    assert (health.status, health.error_category, health.raw_error_code) == (status, category, code)
    assert health.probe_step == step


def test_without_full_nothing_is_generated(faulty: FaultyServer) -> None:
    """A run's own probe stops after the second step and leaves the server's cache alone."""
    with adapter(faulty.base_url) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.probe_step, health.models) == ("connected", "model", ("faulty-1b",))
    assert [request.path for request in faulty.seen] == [MODELS]


@pytest.mark.parametrize(
    ("mode", "absent", "count"),
    [
        ("openai_compatible", [], 3),
        ("openai_compatible", ["/apply-template"], None),
        ("llamacpp_completion", ["/apply-template"], 3),
        ("llamacpp_completion", ["/tokenize", "/props"], None),
    ],
)
def test_an_older_server_counts_what_it_can(
    faulty: FaultyServer, mode: str, absent: list[str], count: int | None
) -> None:
    """Where an address is missing the number is None rather than wrong, and a run still answers."""
    for path in absent:
        del faulty.at[path]
    with adapter(faulty.base_url, mode) as made:
        assert made.count_tokens(prompt(), Deadline(PLENTY)) == count
        assert made.context_tokens(Deadline(PLENTY)) == (None if "/props" in absent else 512)
        assert ask(made).text == "Hello you"


def test_a_loading_server_becomes_ready(faulty: FaultyServer) -> None:
    """Health waits for a model that is being loaded."""
    faulty.at[MODELS] = first_then(LOADING, 1, reply(model_list("faulty-1b")))
    with adapter(faulty.base_url) as made:
        assert made.health_check(Deadline(PLENTY)).status == "connected"


@pytest.mark.parametrize("wanted", ["models/smol.Q4_1.gguf", "smol.Q4_1.gguf", "smol.Q4_1"])
def test_a_model_is_known_by_its_file_name(faulty: FaultyServer, wanted: str) -> None:
    """A server without an alias lists a path; the file's name means the same model."""
    faulty.at[MODELS] = reply(model_list("models/smol.Q4_1.gguf"))
    with adapter(faulty.base_url, model=wanted) as made:
        assert made.health_check(Deadline(PLENTY)).status == "connected"


def test_another_model_only_where_the_profile_allows_it(faulty: FaultyServer) -> None:
    """A wanted model that is not listed is missing, or replaced and said so."""
    faulty.at[MODELS] = reply(model_list("faulty-1b", "second"))
    with adapter(faulty.base_url, model="wanted") as made:
        health = made.health_check(Deadline(PLENTY))
        error = failure(made)
    assert (health.status, health.probe_step, health.raw_error_code) == ("model_missing", "models", "model_missing")
    assert "Wanted: wanted. There is: faulty-1b, second." in health.details
    assert error.raw_error_code == "model_missing"
    with adapter(faulty.base_url, model="wanted", on_missing_model="first_ready") as made:
        health = made.health_check(Deadline(PLENTY), full=True)
        assert (health.status, made.requested_model) == ("connected", "wanted")
    assert health.details == f"faulty-1b is ready at {faulty.address}. It was asked for as wanted."
    assert profile(None).on_missing_model == "fail"
