"""A server that a profile describes: what is asked, what is read, and what a profile cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.faults import FAULTS
from agentos_action.adapters.registry import create
from agentos_action.adapters.template import BLANKS, check, fill, values
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError, UsageError
from agentos_action.records.model import Constraint, Message, Prompt
from agentos_action.records.profile import Profile

from .building import PLENTY, ask, failure, prompt
from .fault_rows import ROWS, Row
from .faulty import Behaviour, FaultyServer, drip, error_body, raw, reply, reset, stall

PATH = "/generate"
RULES: dict[str, object] = {
    "path": PATH,
    "request": {"inputs": "{prompt}", "parameters": {"max_new_tokens": "{max_tokens}", "stop": "{stop}"}},
    "response_path": "/generated_text",
}
FULL = RULES | {
    "error_path": "/problem",
    "model_path": "/by",
    "finish_path": "/details/finish_reason",
    "prompt_tokens_path": "/details/prefill",
    "completion_tokens_path": "/details/generated",
    "models": "/models",
    "models_path": "/list",
}


def good(**more: object) -> dict[str, object]:
    """Return a reply that has something at each place."""
    details = {"finish_reason": "eos_token", "prefill": 7, "generated": 2}
    return {"generated_text": "Hello you", "by": "tiny", "details": details} | more


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    """Start a loopback server with one model."""
    with FaultyServer() as running:
        running.at = {PATH: reply(good()), "/models": reply({"list": ["tiny", "other"]})}
        yield running


def described(base_url: str | None, http: dict[str, object] | None, **more: object) -> Profile:
    """Return a profile with these rules."""
    return Profile.model_validate(
        {"provider": "local_http", "name": "house", "base_url": base_url, "http": http, **more}
    )


@contextmanager
def local(base_url: str, http: dict[str, object] | None = None, **more: object) -> Iterator[Adapter]:
    """Build the adapter and close it afterwards."""
    made = create(described(base_url, http or RULES, **more), AdapterParts(api_key="sk-secret-key"))
    try:
        yield made
    finally:
        made.close()


def test_an_answer(server: FaultyServer) -> None:
    """Everything that the profile has a place for is read."""
    with local(server.base_url, FULL) as made:
        answer = ask(made)
        assert (made.adapter_id, made.provider, made.instance) == ("local_http:house", "local_http", "house")
    assert (answer.text, answer.finish_reason, answer.model_id) == ("Hello you", "stop", "tiny")
    assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (7, None, 2)


def test_what_is_sent(server: FaultyServer) -> None:
    """A blank that is the whole text becomes the value, one within a text becomes text; nothing is filled twice."""
    request = {
        "all": ["{messages}", {"to": "{model}", "t": "{temperature}", "s": "{seed}", "stop": "{stop}"}],
        "text": "<{model}|{max_tokens}|{stop}> {prompt}",
        "fixed": [1, None, True, 0.5, '{"json": {}}', "{ prompt }"],
    }
    what = Prompt((Message("system", "S {model}"), Message("user", "U")), 24, stop=("ä",), seed=3)
    with local(server.base_url, RULES | {"request": request}, model="tiny") as made:
        ask(made, what)
    sent = server.seen[-1]
    turns = [{"role": "system", "content": "S {model}"}, {"role": "user", "content": "U"}]
    assert json.loads(sent.body) == {
        "all": [turns, {"to": "tiny", "t": 0.0, "s": 3, "stop": ["ä"]}],
        "text": '<tiny|24|["ä"]> S {model}\n\nU\n',
        "fixed": [1, None, True, 0.5, '{"json": {}}', "{ prompt }"],
    }
    assert (sent.method, sent.path) == ("POST", PATH)
    assert sent.headers["authorization"] == "Bearer sk-secret-key"


@pytest.mark.parametrize(
    ("base_url", "http", "said"),
    [
        ("http://127.0.0.1:1", None, "'house' does not say how its server is spoken to"),
        (None, RULES, "'house' has no base_url"),
        ("127.0.0.1", RULES, "base_url is not usable"),
        ("http://127.0.0.1:1", RULES | {"request": {"a": [{"b": "x {promt}"}]}}, "holds {promt}"),
        ("http://127.0.0.1:1", RULES | {"request": {"a": "{model}"}}, "asks nothing"),
        ("http://127.0.0.1:1", RULES | {"request": {"a": "{prompt} {model}"}}, "says neither a model"),
    ],
)
def test_a_profile_that_cannot_work(base_url: str | None, http: dict[str, object] | None, said: str) -> None:
    """It is said when the adapter is built, before anything is sent."""
    with pytest.raises(UsageError) as caught:
        create(described(base_url, http))
    assert said in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("pointer", ["text", "/a~2b", "/a~"])
def test_a_pointer_that_is_none(pointer: str) -> None:
    """The record refuses what JSON Pointer does not know."""
    with pytest.raises(ValueError, match="response_path"):
        described("http://127.0.0.1:1", RULES | {"response_path": pointer})


@pytest.mark.parametrize(
    ("pointer", "body"),
    [
        ("/choices/0/text", {"choices": [{"text": "Hi"}, {"text": "no"}]}),
        ("/a~1b/c~0d", {"a/b": {"c~d": "Hi"}}),
        ("/", {"": "Hi"}),
    ],
)
def test_pointers(server: FaultyServer, pointer: str, body: dict[str, object]) -> None:
    """Lists and names with slashes are reached."""
    server.at[PATH] = reply(body)
    with local(server.base_url, RULES | {"response_path": pointer}) as made:
        assert ask(made).text == "Hi"


REPLIES = (
    Row("no text", reply({"other": "x"}), "schema", "bad_shape"),
    Row("a number for text", reply(good(generated_text=5)), "schema", "bad_shape"),
    Row("null for text", reply(good(generated_text=None)), "schema", "bad_shape"),
    Row("a list for text", reply(good(generated_text=["Hi"])), "schema", "bad_shape"),
    Row("empty text", reply(good(generated_text="")), "schema", "empty_answer"),
    Row("no model", reply(good(by=None)), "schema", "bad_shape"),
    Row("a number for a model", reply(good(by=5)), "schema", "bad_shape"),
    Row("another model", reply(good(by="other")), "model", "wrong_model"),
    Row("no reason", reply(good(details={})), "schema", "bad_shape"),
    Row("a number for a reason", reply(good(details={"finish_reason": 1})), "schema", "bad_shape"),
    Row("details is a text", reply(good(details="eos")), "schema", "bad_shape"),
    Row("length", reply(good(details={"finish_reason": "Length"})), "model", "answer_cut"),
    Row("not finished", reply(good(details={"finish_reason": False})), "model", "answer_cut"),
    Row("filter", reply(good(details={"finish_reason": "content_filter"})), "model", "content_filter"),
    Row("count", reply(good(details={"finish_reason": "eos", "prefill": "7"})), "schema", "bad_shape"),
    Row("problem", reply(good(problem="boom")), "schema", "error_in_reply"),
    Row("problem without words", reply({"problem": 17}), "schema", "error_in_reply"),
    Row("problem as an object", reply({"problem": {"message": "boom", "code": 3}}), "schema", "error_in_reply"),
    Row("memory problem", reply({"problem": "CUDA out of memory"}), "runtime", "out_of_memory"),
    Row("error", reply({"error": "boom"}), "schema", "error_in_reply"),
    Row("reset", reset(b"HTTP/1.1 200 OK\r\n"), "network", "connection_lost"),
)
COMMON = tuple(row for row in ROWS if "stream" not in row.id and "event" not in row.id)


@pytest.mark.parametrize("row", [*REPLIES, *COMMON], ids=lambda row: row.id)
def test_a_misbehaving_server_is_told_as_what_it_is(server: FaultyServer, row: Row) -> None:
    """The answer fails with the row's category and code, and the message gives nothing away."""
    server.at[PATH] = row.behaviour
    with local(server.base_url, FULL, model="tiny") as made:
        error = failure(made, seconds=row.seconds)
    assert (error.category, error.raw_error_code) == (row.category, row.code)
    assert error.hint
    assert not any(hidden in error.message + error.hint for hidden in ("sk-secret-key", PATH, "http://"))


def test_the_words_of_an_error_are_quoted_harmlessly(server: FaultyServer) -> None:
    """One line, no escapes, no key."""
    server.at[PATH] = reply({"problem": "\x1b[31mno\n::error::sk-secret-key"})
    with local(server.base_url, FULL) as made:
        message = failure(made).message
    assert message.endswith('It says: "\ufffd[31mno : :error: :***".')


@pytest.mark.parametrize("said", ["stop", "eos", "eos_token", "STOP", True])
def test_reasons_that_mean_it_is_whole(server: FaultyServer, said: object) -> None:
    """Servers have many words for it; one of their own is passed on as other."""
    server.at[PATH] = reply(good(details={"finish_reason": said}))
    with local(server.base_url, FULL) as made:
        assert ask(made).finish_reason == "stop"
    server.at[PATH] = reply(good(details={"finish_reason": "because"}))
    with local(server.base_url, FULL) as made:
        assert ask(made).finish_reason == "other"


@pytest.mark.parametrize(
    ("listed", "pointer"),
    [
        ({"list": ["tiny", "other"]}, "/list"),
        ({"data": [{"id": "tiny", "object": "model"}]}, ""),
        ({"models": [{"name": "tiny"}]}, ""),
        ({"in": {"data": [{"model": "tiny", "name": "Tiny 1B"}]}}, "/in"),
    ],
)
def test_lists_of_models(server: FaultyServer, listed: dict[str, object], pointer: str) -> None:
    """Texts, or objects with id, model or name; the first is taken where none is wanted."""
    server.at["/models"] = reply(listed)
    for wanted in (None, "tiny"):
        with local(server.base_url, FULL | {"models_path": pointer}, model=wanted) as made:
            assert ask(made).model_id == "tiny"
    with local(server.base_url, FULL | {"models_path": pointer}, model="gone") as made:
        assert failure(made).raw_error_code == "model_missing"


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ({"list": []}, "model_missing"),
        ({"list": "tiny"}, "bad_shape"),
        ({"list": [{"size": 1}]}, "bad_shape"),
        ({"list": [5]}, "bad_shape"),
        ({"list": {"tiny": {}}}, "bad_shape"),
        ({"other": []}, "bad_shape"),
        ([], "bad_shape"),
    ],
)
def test_lists_that_are_none(server: FaultyServer, listed: object, code: str) -> None:
    """Nothing is asked of a model that cannot be named."""
    server.at["/models"] = reply(listed)
    with local(server.base_url, FULL) as made:
        assert failure(made).raw_error_code == code
    assert [request.path for request in server.seen] == ["/models"]


def test_healthy_in_all_four_steps(server: FaultyServer) -> None:
    """With a list all of it is checked, and nothing needs to be said about that."""
    with local(server.base_url, FULL, model="other") as made:
        health = made.health_check(Deadline(PLENTY))
        assert (health.status, health.probe_step, health.models) == ("connected", "model", ("tiny", "other"))
        full = made.health_check(Deadline(PLENTY), full=True)
    assert (full.status, full.raw_error_code, full.probe_step) == ("model_missing", "wrong_model", "model")
    assert "not known" not in health.details


def test_without_a_list_the_model_is_not_checked_and_that_is_said(server: FaultyServer) -> None:
    """A short answer is the only proof; without it the server is at least there."""
    with local(server.base_url, model="tiny") as made:
        for full, step in ((False, "model"), (True, "shape")):
            health = made.health_check(Deadline(PLENTY), full=full)
            assert (health.status, health.probe_step, health.models) == ("connected", step, ())
            assert health.details.endswith(
                "Whether it has the model is not known: the profile names no list of models."
            )
    with local(server.base_url) as made:
        assert ask(made).model_id == "house"


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        (reply({"error": "method not allowed"}, status=405), "connected", None),
        (reply(b"", status=404), "connected", None),
        (reply(b"<html>", kind="text/html"), "connected", None),
        (reply(error_body("no", "authentication_error", 401), status=401), "invalid_token", "http_401"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "unreachable", "not_http"),
        (stall, "unreachable", "timeout"),
        (drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 99), "unreachable", "timeout"),
    ],
)
def test_without_a_list_the_server_is_looked_for(
    server: FaultyServer, behaviour: Behaviour, status: str, code: str | None
) -> None:
    """Whatever it says to a question that it does not know, it is there; silence is none."""
    server.at[PATH] = behaviour
    with local(server.base_url) as made:
        health = made.health_check(Deadline(0.5 if code == "timeout" else PLENTY))
    assert (health.status, health.raw_error_code) == (status, code)


def test_nobody_there() -> None:
    """Health says so, and so does a run."""
    with FaultyServer() as gone:
        base_url = gone.base_url
    with local(base_url) as made:
        assert made.health_check(Deadline(PLENTY)).raw_error_code == "connect_refused"
        assert failure(made).raw_error_code == "connect_refused"


def test_what_it_cannot_do(server: FaultyServer) -> None:
    """It promises no shape, no stream and no count, and refuses a constraint."""
    with local(server.base_url) as made:
        can = made.supports().model_dump()
        assert not any(can[name] for name in ("stream", "json_mode", "json_schema", "grammar", "function_call"))
        assert (
            made.context_tokens(Deadline(PLENTY))
            is made.count_tokens(prompt(), Deadline(PLENTY))
            is can["context_tokens"]
            is None
        )
        error = failure(made, prompt(constraint=Constraint(json_schema={})))
        assert ask(made, prompt(constraint=Constraint())).text
    assert (error.category, error.raw_error_code) == ("config", "constraint_unsupported")


@settings(max_examples=60)
@given(
    template=st.recursive(
        st.none() | st.integers() | st.text(max_size=12) | st.sampled_from([f"{{{name}}}" for name in BLANKS]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=8,
    ),
    text=st.text(max_size=30),
)
def test_any_template(template: object, text: str) -> None:
    """A template is refused or filled; what is filled in stands there unchanged and is JSON."""
    request = {"any": template, "prompt": "{prompt}"}
    try:
        check(request)
    except UsageError:
        return
    filled = fill(request, values(Prompt((Message("user", text),), 5), "m"))
    assert filled["prompt"] == text + "\n"
    assert json.loads(json.dumps(filled)) == filled


@pytest.fixture(scope="module")
def lasting() -> Iterator[FaultyServer]:
    """Keep one server for all examples."""
    with FaultyServer() as running:
        yield running


@settings(max_examples=60)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["generated_text", "by", "details", "finish_reason", "problem"]), inner, max_size=5
            )
        ),
        max_leaves=8,
    )
)
def test_any_reply(lasting: FaultyServer, body: object) -> None:
    """An answer or a ToolError of the table comes out, and nothing else."""
    lasting.at[PATH] = reply(body)
    lasting.at["/models"] = reply({"list": ["tiny"]})
    with local(lasting.base_url, FULL) as made:
        assert outcome(made) in {"text", *FAULTS}


def outcome(made: Adapter) -> str:
    """Run one prompt; anything but an answer and a ToolError comes out as itself and fails the test."""
    try:
        return "text" if ask(made).text else "nothing"
    except ToolError as error:
        return str(error.raw_error_code)
