"""Ollama's own API: what is asked, what is read, and every way in which a reply can be none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest

from agentos_action.adapters.base import AdapterParts
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.errors import UsageError
from agentos_action.records.model import Constraint, Message, Prompt
from agentos_action.records.profile import Profile

from .building import PLENTY, ask, failure, prompt
from .fault_rows import ROWS, Row
from .faulty import Behaviour, FaultyServer, error_body, first_then, raw, reply, reset, stream, then_stall
from .faulty_ollama import (
    CHAT,
    MODEL,
    NDJSON,
    SHOW,
    TAGS,
    FaultyOllama,
    call_line,
    good_ollama,
    last_line,
    line,
    lines,
    lines_head,
    ndjson,
    ollama,
    shown,
    tag_list,
)

SCHEMA: dict[str, object] = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}


@pytest.fixture
def server() -> Iterator[FaultyOllama]:
    """Start a loopback server that speaks Ollama's API well until it is told otherwise."""
    with FaultyOllama() as running:
        yield running


def test_an_answer(server: FaultyOllama) -> None:
    """Text, reason, model and counts come out of the stream."""
    heard: list[int] = []
    with ollama(server.base_url) as made:
        answer = made.run(prompt(), Deadline(PLENTY), heard.append)
    assert (answer.text, answer.finish_reason, answer.model_id) == ("Hello you", "stop", MODEL)
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (7, None, 2)
    assert heard == [1, 2]


def test_what_is_sent(server: FaultyOllama) -> None:
    """Every limit is in the body, the key goes as Bearer, and how long the model stays loaded is not ours to say."""
    what = Prompt((Message("system", "Be brief."), Message("user", "Hi")), max_tokens=24, stop=("###",), seed=7)
    with ollama(server.base_url, key="sk-secret-key") as made:
        ask(made, what)
    assert server.seen[-1].headers["authorization"] == "Bearer sk-secret-key"
    (body,) = server.asked(CHAT)
    assert body == {
        "model": MODEL,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "stream": True,
        "truncate": False,
        "shift": False,
        "options": {"num_ctx": 4096, "num_predict": 24, "temperature": 0.0, "seed": 7, "stop": ["###"]},
    }
    assert server.asked(SHOW) == [{"model": MODEL}]


OVERFLOW = ("model", "context_overflow")
CHAT_ROWS = (
    Row("no end", lines(ndjson(line("Hello"))), "network", "stream_cut"),
    Row("cut line", lines(good_ollama()[:-40]), "network", "stream_cut"),
    Row("nothing", lines(b""), "network", "stream_cut"),
    Row("blank lines", lines(b"\n\r\n\n"), "network", "stream_cut"),
    Row("whole reply that goes on", reply(line("Hi")), "network", "stream_cut"),
    Row("error line", lines(ndjson(line("Hi"), {"error": "boom"})), "network", "stream_error"),
    Row("error at once", lines(ndjson({"error": "an error was encountered"})), "network", "stream_error"),
    Row(
        "memory line",
        lines(ndjson({"error": "model requires more system memory (9 GiB) than is available (4 GiB)"})),
        "runtime",
        "out_of_memory",
    ),
    Row(
        "overflow line",
        lines(ndjson({"error": "the input length exceeds the context length", "status": 400})),
        "model",
        "context_overflow",
    ),
    Row("error inside 200", reply({"error": "something"}), "schema", "error_in_reply"),
    Row("done alone", lines(ndjson({"model": MODEL, "done": True})), "schema", "bad_shape"),
    Row("no message", lines(ndjson({"model": MODEL, "done": False}, last_line())), "schema", "bad_shape"),
    Row("no done", lines(ndjson({"model": MODEL, "message": {"content": "Hi"}})), "schema", "bad_shape"),
    Row("generate's reply", reply({"model": MODEL, "response": "Hi", "done": True}), "schema", "bad_shape"),
    Row("content is a number", lines(ndjson(line(5), last_line())), "schema", "bad_shape"),
    Row("done is a text", lines(ndjson(line("Hi", done="true"))), "schema", "bad_shape"),
    Row("counts below zero", lines(ndjson(line("Hi"), last_line(eval_count=-1))), "schema", "bad_shape"),
    Row("a list", lines(b"[1]\n"), "schema", "bad_shape"),
    Row("a number", reply(b"5"), "schema", "bad_shape"),
    Row("broken line", lines(b"{oops}\n"), "schema", "bad_json"),
    Row("key twice", lines(b'{"done": true, "done": true}\n'), "schema", "bad_json"),
    Row("bad UTF-8", lines(b'{"message": {"content": "\xff"}, "done": true}\n'), "schema", "bad_utf8"),
    Row("null content", lines(ndjson(line(None), last_line())), "schema", "empty_answer"),
    Row("empty", lines(ndjson(last_line())), "schema", "empty_answer"),
    Row("only loaded", reply(last_line("load")), "schema", "empty_answer"),
    Row(
        "only thought", lines(ndjson(line("") | {"message": {"thinking": "Hm"}}, last_line())), "schema", "empty_answer"
    ),
    Row("length", lines(ndjson(line("Hi"), last_line("length"))), "model", "answer_cut"),
    Row("another model", lines(ndjson(line("Hi"), last_line(model="llama3:latest"))), "model", "wrong_model"),
    Row("full context", lines(ndjson(line("Hi"), last_line(prompt_eval_count=4096))), "model", "context_overflow"),
    Row("404 model", reply({"error": f"model '{MODEL}' not found"}, status=404), "model", "model_missing"),
    Row("404 path", reply(b"404 page not found", status=404, kind="text/plain"), "network", "http_404"),
    Row("400 capability", reply({"error": '"x" does not support chat'}, status=400), "config", "http_4xx"),
    Row(
        "400 overflow",
        reply({"error": "input length exceeds maximum context length"}, status=400),
        "model",
        "context_overflow",
    ),
    Row(
        "500 memory",
        reply({"error": "llama runner process has terminated: cudaMalloc failed: out of memory"}, status=500),
        "runtime",
        "out_of_memory",
    ),
    Row("401", reply({"error": "unauthorized"}, status=401), "auth", "http_401"),
    Row("events", stream(b"data: {}\n\n"), "schema", "wrong_content_type"),
    Row("reset", reset(lines_head() + ndjson(line("Hi"))), "network", "connection_lost"),
    Row("stalled", then_stall(lines_head() + ndjson(line("Hi"))), "network", "timeout", 0.4),
)
# What is no matter of the protocol holds here as everywhere; event streams are another protocol's.
COMMON = tuple(row for row in ROWS if "stream" not in row.id and "event" not in row.id and row.id != "empty object")


@pytest.mark.parametrize("row", [*CHAT_ROWS, *COMMON], ids=lambda row: row.id)
def test_a_misbehaving_server_is_told_as_what_it_is(server: FaultyOllama, row: Row) -> None:
    """The answer fails with the row's category and code, and the message gives nothing away."""
    server.at[CHAT] = row.behaviour
    with ollama(server.base_url, key="sk-secret-key") as made:
        error = failure(made, seconds=row.seconds)
    assert (error.category, error.raw_error_code) == (row.category, row.code)
    assert error.hint
    assert not any(hidden in error.message + error.hint for hidden in ("sk-secret-key", CHAT, "http://"))


def test_whole_json_for_a_stream_request_counts(server: FaultyOllama) -> None:
    """A complete plain reply, packed or not, is an answer; so is one that a profile without streaming asks for."""
    whole = last_line(message={"role": "assistant", "content": "Hi"})
    server.at[CHAT] = reply(gzip.compress(json.dumps(whole).encode()), extra="Content-Encoding: gzip\r\n")
    with ollama(server.base_url) as made:
        assert ask(made).text == "Hi"
    with ollama(server.base_url, capabilities={"stream": False}) as made:
        assert ask(made).text == "Hi"
        assert not made.supports().stream
    assert [body["stream"] for body in server.asked(CHAT)] == [True, False]


def test_split_characters_and_odd_line_ends_are_no_fault(server: FaultyOllama) -> None:
    """A character cut between two packets, CRLF lines and a missing last line end still give the answer."""
    text = json.dumps("é 😀", ensure_ascii=False).encode()
    body = good_ollama().replace(b'"Hello"', text).replace(b"\n", b"\r\n").rstrip()
    server.at[CHAT] = raw(lines_head(), *(body[i : i + 7] for i in range(0, len(body), 7)), pause=0.001)
    with ollama(server.base_url) as made:
        assert ask(made).text == "é 😀 you"


def test_the_end_counts_where_its_message_is_missing(server: FaultyOllama) -> None:
    """After text a closing line needs none of its own, and what comes after it is not waited for."""
    end = {"model": MODEL, "done": True, "done_reason": "stop"}
    server.at[CHAT] = then_stall(lines_head() + ndjson(line("Hi"), end))
    with ollama(server.base_url) as made:
        answer = ask(made)
    assert (answer.text, answer.usage.prompt) == ("Hi", None)


@pytest.mark.parametrize("asked_for", ["llama3", "llama3:latest"])
def test_a_bare_name_means_its_latest(server: FaultyOllama, asked_for: str) -> None:
    """The list and the reply may each write the tag or leave it out."""
    server.at[TAGS] = reply(tag_list("other:1b", "llama3:latest"))
    for told in ("llama3", "llama3:latest"):
        server.at[CHAT] = lines(ndjson(line("Hi"), last_line(model=told)))
        with ollama(server.base_url, model=asked_for) as made:
            assert ask(made).model_id == told
    assert {body["model"] for body in server.asked(CHAT)} == {"llama3:latest"}


def test_another_tag_is_another_model(server: FaultyOllama) -> None:
    """`llama3` is not `llama3:8b`, and a model that was not pulled says how to get it."""
    server.at[TAGS] = reply(tag_list("llama3:8b"))
    with ollama(server.base_url, model="llama3") as made:
        error = failure(made)
    assert (error.category, error.raw_error_code, error.hint) == (
        "model",
        "model_missing",
        "Get it: ollama pull llama3.",
    )
    assert "There is: llama3:8b." in error.message


def test_the_first_ready_model_only_where_the_profile_says_so(server: FaultyOllama) -> None:
    """Then whichever model answers is named."""
    with ollama(server.base_url, model="gone", on_missing_model="first_ready") as made:
        assert ask(made).model_id == MODEL


def test_a_model_that_runs_elsewhere_is_none_of_this_server(server: FaultyOllama) -> None:
    """A local server that passes prompts on to another host is not asked to, and its models are not listed as ready."""
    passed_on = tag_list("big:120b-cloud", remote_host="https://ollama.com:443", remote_model="big:120b")
    entries = [*tag_list(MODEL)["models"], *passed_on["models"]]  # type: ignore[misc] # both are lists
    server.at[TAGS] = reply({"models": entries})
    with ollama(server.base_url, model="big:120b-cloud", on_missing_model="first_ready") as made:
        error = failure(made)
        assert made.health_check(Deadline(PLENTY)).models == (MODEL,)
    assert (error.category, error.raw_error_code) == ("model", "model_missing")
    assert "pass prompts for 'big:120b-cloud' on to another host" in error.message
    assert error.hint == "Name a model that runs on the server itself."
    assert server.asked(CHAT) == []


@pytest.mark.parametrize(
    ("said", "text", "max_tokens", "num_ctx"),
    [
        pytest.param(shown(), "Hi", 24, 4096, id="small"),
        pytest.param(shown(), "x" * 9000, 1500, 8192, id="grows in steps"),
        pytest.param(shown(6000), "x" * 9000, 1500, 6000, id="ends at the model's context"),
        pytest.param(shown(131_072, "num_ctx 10000\nstop x"), "Hi", 24, 10_000, id="as its Modelfile says"),
        pytest.param(shown(2048, "num_ctx                        99999"), "Hi", 24, 2048, id="never above the model"),
        pytest.param({"capabilities": []}, "x" * 30_000, 24, 12_288, id="unknown"),
        pytest.param(shown("much"), "Hi", 24, 4096, id="not a number"),
    ],
)
def test_the_context_is_asked_for(
    server: FaultyOllama, said: dict[str, object], text: str, max_tokens: int, num_ctx: int
) -> None:
    """Ollama would take what it likes and drop the rest of the prompt."""
    server.at[SHOW] = reply(said)
    with ollama(server.base_url) as made:
        ask(made, prompt(text, max_tokens=max_tokens))
    assert [body["options"]["num_ctx"] for body in server.asked(CHAT)] == [num_ctx]  # type: ignore[index] # a dict


def test_the_context_never_shrinks_within_a_run(server: FaultyOllama) -> None:
    """A smaller one would only make the server load the model again."""
    with ollama(server.base_url) as made:
        ask(made, prompt("x" * 15_000))
        ask(made)
    assert [body["options"]["num_ctx"] for body in server.asked(CHAT)] == [8192, 8192]  # type: ignore[index] # dicts
    assert len(server.asked(SHOW)) == 1


def test_a_prompt_that_does_not_fit_is_not_sent(server: FaultyOllama) -> None:
    """Neither the prompt alone nor the prompt with its answer; the numbers are told."""
    server.at[SHOW] = reply(shown(4096))
    with ollama(server.base_url) as made:
        for what in (prompt("x" * 20_000), prompt("x" * 6000, max_tokens=2100)):
            error = failure(made, what)
            assert (error.category, error.raw_error_code) == ("model", "context_overflow")
        assert "about 2006 tokens, the answer may have 2100, and the context holds 4096." in error.message
        assert made.context_tokens(Deadline(PLENTY)) == made.supports().context_tokens == 4096
        assert made.count_tokens(prompt(), Deadline(PLENTY)) is None
    assert server.asked(CHAT) == []


@pytest.mark.parametrize(
    ("constraint", "field", "value"),
    [
        (Constraint(json_schema=SCHEMA), "format", SCHEMA),
        (Constraint(json_schema=SCHEMA, grammar="root ::= x", json_object=True), "format", SCHEMA),
        (Constraint(json_object=True), "format", "json"),
        (Constraint(), "format", None),
    ],
)
def test_the_shape_of_an_answer(server: FaultyOllama, constraint: Constraint, field: str, value: object) -> None:
    """A schema goes as it is, any JSON as a word."""
    with ollama(server.base_url) as made:
        ask(made, prompt(constraint=constraint))
    assert server.asked(CHAT)[0].get(field) == value


@pytest.mark.parametrize(
    ("constraint", "taken"),
    [
        (Constraint(grammar="root ::= x"), {}),
        (Constraint(json_schema=SCHEMA), {"json_schema": False}),
        (Constraint(json_object=True), {"json_mode": False}),
        (Constraint(json_schema=SCHEMA, function=True), {"function_call": False}),
        (Constraint(function=True), {}),
    ],
)
def test_a_shape_that_cannot_be_had(server: FaultyOllama, constraint: Constraint, taken: dict[str, bool]) -> None:
    """It is never dropped silently."""
    with ollama(server.base_url, capabilities=taken) as made:
        error = failure(made, prompt(constraint=constraint))
        assert not all(made.supports().model_dump()[name] for name in [*taken, "grammar"])
    assert (error.category, error.raw_error_code) == ("config", "constraint_unsupported")
    assert server.asked(CHAT) == []


def test_a_function_call(server: FaultyOllama) -> None:
    """The arguments of the call are the answer; words beside it are not."""
    server.at[CHAT] = lines(ndjson(line("I call it."), call_line({"path": "ä.txt"}), last_line()))
    with ollama(server.base_url) as made:
        answer = ask(made, prompt(constraint=Constraint(json_schema=SCHEMA, function=True)))
        assert made.supports().function_call
    assert answer.text == '{"path": "ä.txt"}'
    function = {"name": "answer", "description": "Give the answer. Always call this.", "parameters": SCHEMA}
    assert server.asked(CHAT)[0]["tools"] == [{"type": "function", "function": function}]


@pytest.mark.parametrize(
    ("body", "category", "code", "said"),
    [
        (ndjson(line("No."), last_line()), "schema", "bad_shape", "It made no call."),
        (ndjson(call_line({}, "other"), last_line()), "schema", "bad_shape", "another call"),
        (ndjson(call_line({}), call_line({}), last_line()), "schema", "bad_shape", "another call"),
        (ndjson(call_line("{}"), last_line()), "schema", "bad_shape", "Field message.tool_calls.0.function.arguments."),
        (ndjson(line("I would"), last_line("length")), "model", "answer_cut", "It had 2 tokens."),
        (ndjson(last_line("length")), "model", "answer_cut", "It had 2 tokens."),
    ],
)
def test_no_function_call(server: FaultyOllama, body: bytes, category: str, code: str, said: str) -> None:
    """Prose instead of a call is no answer."""
    server.at[CHAT] = lines(body)
    with ollama(server.base_url) as made:
        error = failure(made, prompt(constraint=Constraint(json_schema=SCHEMA, function=True)))
    assert (error.category, error.raw_error_code) == (category, code)
    assert said in error.message


def test_a_model_that_makes_no_calls_is_not_asked_for_one(server: FaultyOllama) -> None:
    """What `/api/show` says narrows what is claimed."""
    server.at[SHOW] = reply(shown(capabilities=["completion"]))
    with ollama(server.base_url) as made:
        assert made.supports().function_call
        error = failure(made, prompt(constraint=Constraint(json_schema=SCHEMA, function=True)))
        assert not made.supports().function_call
    assert error.raw_error_code == "constraint_unsupported"
    assert "makes no function calls" in error.message


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        (reply({"version": "0.4.7"}), False),
        (reply({"version": "0.5.0-rc1"}), True),
        (reply({"version": "1.2.3"}), True),
        (reply({"version": "0.0.0"}), True),
        (reply({"version": "unknown"}), True),
        (reply({"version": 5}), True),
        (reply(b"404 page not found", status=404, kind="text/plain"), True),
        (reply(b"<html>", kind="text/html"), True),
    ],
)
def test_an_old_version_takes_no_schema(server: FaultyOllama, said: Behaviour, *, takes: bool) -> None:
    """What is known to be too old is not asked; what is not known is tried."""
    server.at["/api/version"] = said
    with ollama(server.base_url) as made:
        made.context_tokens(Deadline(PLENTY))
        assert made.supports().json_schema == takes
        if takes:
            assert ask(made, prompt(constraint=Constraint(json_schema=SCHEMA))).text
        else:
            error = failure(made, prompt(constraint=Constraint(json_schema=SCHEMA)))
            assert (error.raw_error_code, "older than 0.5" in error.message) == ("constraint_unsupported", True)


def test_a_version_that_cannot_be_asked_for(server: FaultyOllama) -> None:
    """A server that fails there fails."""
    server.at["/api/version"] = reply({"error": "unauthorized"}, status=401)
    with ollama(server.base_url) as made:
        assert failure(made).raw_error_code == "http_401"


def test_a_server_without_show(server: FaultyOllama) -> None:
    """What it does not say is not known; another fault of that address is a fault."""
    server.at[SHOW] = reply(b"404 page not found", status=404, kind="text/plain")
    with ollama(server.base_url) as made:
        assert ask(made).text == "Hello you"
        assert made.context_tokens(Deadline(PLENTY)) is None
    for behaviour, code in (
        (reply({"error": f"model '{MODEL}' not found"}, status=404), "model_missing"),
        (reply(error_body("no", "authentication_error", 401), status=401), "http_401"),
        (reply({"model_info": []}), "bad_shape"),
        (reply({"parameters": 5}), "bad_shape"),
    ):
        server.at[SHOW] = behaviour
        with ollama(server.base_url) as made:
            assert failure(made).raw_error_code == code


def test_healthy_in_all_four_steps(server: FaultyOllama) -> None:
    """Eight tokens may be too few for an answer: that they came is enough."""
    server.at[CHAT] = lines(ndjson(line("O"), last_line("length")))
    with ollama(server.base_url) as made:
        health = made.health_check(Deadline(PLENTY), full=True)
        assert (health.status, health.probe_step, health.models) == ("connected", "shape", (MODEL,))
        assert health.details == f"{MODEL} is ready at {server.address}."
        made.health_check(Deadline(PLENTY))
    assert len(server.asked(CHAT)) == 1
    assert (health.adapter_id, health.provider, health.execution_mode) == ("ollama", "ollama", "local")


HEALTH = [
    (TAGS, reply({"models": []}), "model_missing", "model", "model_missing", "models", "Get it: ollama pull NAME."),
    (TAGS, reply({"models": None}), "schema_mismatch", "schema", "bad_shape", "none", "Field models."),
    (TAGS, reply({"models": [{"name": "a\nb"}]}), "schema_mismatch", "schema", "bad_shape", "none", "Field models.0"),
    (
        TAGS,
        reply(b"Ollama is running", kind="text/plain"),
        "schema_mismatch",
        "schema",
        "wrong_content_type",
        "none",
        "",
    ),
    (TAGS, reply({"error": "unauthorized"}, status=401), "invalid_token", "auth", "http_401", "none", "OLLAMA_API_KEY"),
    (CHAT, lines(ndjson(last_line())), "schema_mismatch", "schema", "empty_answer", "completion", ""),
    (CHAT, then_stall(lines_head()), "unreachable", "runtime", "probe_timeout", "model", ""),
    (CHAT, reply({"error": "out of memory"}, status=500), "unreachable", "runtime", "out_of_memory", "model", ""),
]


@pytest.mark.parametrize(("path", "behaviour", "status", "category", "code", "step", "said"), HEALTH)
def test_sick(
    server: FaultyOllama, path: str, behaviour: Behaviour, status: str, category: str, code: str, step: str, said: str
) -> None:
    """The step reached, the category, and what to do."""
    server.at[path] = behaviour
    with ollama(server.base_url) as made:
        health = made.health_check(Deadline(0.8 if code == "probe_timeout" else PLENTY), full=True)
    assert (health.status, health.error_category, health.raw_error_code) == (status, category, code)
    assert health.probe_step == step
    assert said in health.details


def test_nobody_there() -> None:
    """A server that does not run says how to start it."""
    with FaultyServer() as gone:
        base_url = gone.base_url
    with ollama(base_url) as made:
        health = made.health_check(Deadline(PLENTY))
    assert (health.status, health.raw_error_code) == ("unreachable", "connect_refused")
    assert health.details.endswith("Start it: ollama serve.")


def test_a_busy_server_is_asked_again(server: FaultyOllama) -> None:
    """A stumble before the answer passes."""
    server.at[CHAT] = first_then(reply({"error": "slow down"}, status=429), 1, lines(good_ollama()))
    with ollama(server.base_url) as made:
        assert ask(made).text == "Hello you"


@pytest.mark.parametrize(
    ("base_url", "endpoint", "mode"),
    [
        (None, "127.0.0.1:11434", "local"),
        ("http://box:11434/", "box:11434", "local"),
        ("https://ollama.com", "ollama.com", "cloud"),
        ("https://api.ollama.com:443", "api.ollama.com:443", "cloud"),
        ("https://notollama.com", "notollama.com", "local"),
    ],
)
def test_where_it_is(base_url: str | None, endpoint: str, mode: str) -> None:
    """The profile's address, else Ollama's own; its service is not this house."""
    made = create(Profile(provider="ollama", name="ollama", base_url=base_url))
    assert (made.endpoint, made.execution_mode, made.supports().execution_mode) == (endpoint, mode, mode)
    made.close()


def test_a_name_that_is_no_name_stands_in_no_command() -> None:
    """What a clone's profile calls a model is not handed to a person to paste into a shell."""
    with FaultyOllama() as server, ollama(server.base_url, model="x; rm -rf ~") as made:
        assert failure(made).hint == "Get it: ollama pull NAME."


def test_a_bad_address_is_a_usage_error() -> None:
    """It is said when the adapter is built."""
    with pytest.raises(UsageError):
        create(Profile(provider="ollama", name="ollama", base_url="ollama:11434"), AdapterParts())


def test_the_content_type_of_lines_may_carry_a_charset(server: FaultyOllama) -> None:
    """Proxies add one."""
    server.at[CHAT] = reply(good_ollama(), kind=f"{NDJSON}; charset=utf-8")
    with ollama(server.base_url) as made:
        assert ask(made).text == "Hello you"
