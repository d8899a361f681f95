"""The `openai` adapter: what it sends, what it takes for an answer, and what it will not do without being told."""

from __future__ import annotations

import json

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint, Message, Prompt

from .building import PLENTY, ask, failure, prompt
from .conftest import LlamaServer
from .faulty import (
    CHAT,
    MODEL,
    MODELS,
    FaultyServer,
    chunk,
    error_body,
    first_then,
    good_chat,
    model_list,
    reply,
    sse,
    stream,
)
from .serving import bodies, posts, recorded, served, through

OFFICIAL = "http://api.openai.com/v1"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"path": {"type": "string", "enum": ["index.html", "style.css"]}},
    "required": ["path"],
    "additionalProperties": False,
}
FORCED = {"type": "function", "function": {"name": "answer"}}


def refuses(param: str, words: str, code: str | None) -> dict[str, object]:
    """Return OpenAI's refusal of a setting."""
    return {"error": {"message": words, "type": "invalid_request_error", "param": param, "code": code}}


def call(name: str | None, arguments: object, index: object = 0) -> dict[str, object]:
    """Return an event that holds a piece of a call."""
    function = {"name": name, "arguments": arguments} if name else {"arguments": arguments}
    delta = {"tool_calls": [{"index": index, "function": function}]}
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}], "model": MODEL}


class TestOfficialService:
    """What only `api.openai.com` is asked, seen by a proxy that stands for it."""

    def test_what_is_sent(self, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
        through(faulty, monkeypatch)
        faulty.at = {f"http://api.openai.com{path}": behaviour for path, behaviour in faulty.at.items()}
        with served("openai", OFFICIAL, key="sk-test", model=MODEL) as made:
            assert ask(made).text == "Hello you"
        assert bodies(faulty, f"http://api.openai.com{CHAT}") == [
            {
                "model": MODEL,
                "messages": [{"role": "user", "content": "Hi"}],
                "max_completion_tokens": 24,
                "temperature": 0.0,
                "seed": 0,
                "stream": True,
                "stream_options": {"include_usage": True},
                "store": False,
            }
        ]
        assert {request.headers["authorization"] for request in faulty.seen} == {"Bearer sk-test"}

    @pytest.mark.parametrize(
        ("key", "note", "status", "category", "code", "says"),
        [
            (None, "", "not_configured", "config", "no_key", "OPENAI_API_KEY"),
            (
                None,
                "The stored key is for x.org.",
                "not_configured",
                "config",
                "no_key",
                "The stored key is for x.org.",
            ),
            ("pk-secret", "", "invalid_token", "auth", "key_shape", "Its keys begin with sk-."),
        ],
    )
    def test_a_key_that_is_none_is_told_before_a_byte_leaves(
        self,
        faulty: FaultyServer,
        monkeypatch: pytest.MonkeyPatch,
        key: str | None,
        note: str,
        status: str,
        category: str,
        code: str,
        says: str,
    ) -> None:
        through(faulty, monkeypatch)
        for base_url in (None, OFFICIAL, "https://API.openai.com:443/v1", "https://api.openai.com./v1"):
            with served("openai", base_url, key=key, note=note, model="gpt-4o") as made:
                health = made.health_check(Deadline(PLENTY), full=True)
                error = failure(made)
            found = (health.status, health.error_category, health.raw_error_code)
            assert found == (status, category, code)
            assert (error.category, error.raw_error_code, health.probe_step) == (category, code, "none")
            assert says in health.details
            assert "pk-secret" not in health.details + error.message + error.hint
        assert faulty.seen == []

    def test_another_host_may_want_no_key_or_another_kind(self, faulty: FaultyServer) -> None:
        for key in (None, "pk-1234567890"):
            with served("openai", faulty.base_url, key=key, model=MODEL) as made:
                assert ask(made).text == "Hello you"


class TestHealth:
    """The list and the model in it; nothing that costs money."""

    def test_full_makes_no_difference(self, faulty: FaultyServer) -> None:
        with served("openai", faulty.base_url, model=MODEL) as made:
            health = made.health_check(Deadline(PLENTY), full=True)
        assert (health.status, health.probe_step, health.execution_mode) == ("connected", "model", "cloud")
        assert [(request.method, request.path) for request in faulty.seen] == [("GET", MODELS)]

    def test_no_model_is_chosen_silently(self, faulty: FaultyServer) -> None:
        with served("openai", faulty.base_url) as made:
            health = made.health_check(Deadline(PLENTY))
            error = failure(made)
        assert (health.status, health.error_category, health.raw_error_code) == ("not_configured", "config", "no_model")
        assert health.models == (MODEL,)
        assert MODEL in health.details
        assert "--model" in health.details
        assert (error.category, error.raw_error_code) == ("config", "no_model")
        assert posts(faulty) == []

    def test_a_missing_model_is_told_with_those_that_look_like_it(self, faulty: FaultyServer) -> None:
        names = [f"model-{n}" for n in range(30)]
        faulty.at[MODELS] = reply(model_list(*names, "gpt-4o-mini"))
        with served("openai", faulty.base_url, model="gpt-4o") as made:
            health = made.health_check(Deadline(PLENTY))
        assert (health.status, health.raw_error_code) == ("model_missing", "model_missing")
        assert "Wanted: gpt-4o. There is: gpt-4o-mini," in health.details
        assert "and 21 more." in health.details

    def test_another_model_only_where_the_profile_allows_it(self, faulty: FaultyServer) -> None:
        with served("openai", faulty.base_url, model="gpt-4o", on_missing_model="first_ready") as made:
            assert ask(made).model_id == MODEL
            assert made.requested_model == "gpt-4o"

    def test_a_refused_key_says_why_another_was_not_sent(self, faulty: FaultyServer) -> None:
        faulty.at[MODELS] = reply(error_body("no", "invalid_request_error", "invalid_api_key"), status=401)
        with served("openai", faulty.base_url, model=MODEL, note="OPENAI_API_KEY is sent to x.org only.") as made:
            assert made.health_check(Deadline(PLENTY)).details.endswith("OPENAI_API_KEY is sent to x.org only.")
        with served("openai", faulty.base_url, model=MODEL, key="sk-wrong") as made:
            health = made.health_check(Deadline(PLENTY))
        assert health.status == "invalid_token"
        assert "agentos tool auth set --provider openai" in health.details

    @pytest.mark.parametrize(
        ("base", "root"),
        [
            ("", "/v1"),
            ("/v1/", "/v1"),
            ("/gate/v1", "/gate/v1"),
            ("/gate", "/gate/v1"),
            ("/v1beta/openai", "/v1beta/openai"),
        ],
    )
    def test_a_base_url_that_names_a_version_is_taken_as_it_is(
        self, faulty: FaultyServer, base: str, root: str
    ) -> None:
        faulty.at = {f"{root}/models": faulty.at[MODELS], f"{root}/chat/completions": faulty.at[CHAT]}
        with served("openai", faulty.base_url + base, model=MODEL) as made:
            assert ask(made).text == "Hello you"


class TestModelThatAnswers:
    """The model asked for, or a dated snapshot of it."""

    @pytest.mark.parametrize(
        ("asked", "answered", "good"),
        [
            ("gpt-4o", "gpt-4o", True),
            ("gpt-4o", "gpt-4o-2024-08-06", True),
            ("gpt-4", "gpt-4-0613", True),
            ("claude-x-latest", "claude-x-20250929", True),
            ("gpt-4o", "gpt-4o-mini", False),
            ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
            ("gpt-4o", "gpt-4o-2024-13-06", False),
            ("gpt-4o", "gpt-4o-1234567", False),
            ("gpt-4o-2024-08-06", "gpt-4o", False),
            ("gpt-4o", "xgpt-4o-2024-08-06", False),
        ],
    )
    def test_a_snapshot_is_the_model(self, faulty: FaultyServer, asked: str, answered: str, good: object) -> None:
        faulty.at[MODELS] = reply(model_list(asked))
        faulty.at[CHAT] = stream(sse(chunk("Hi", "stop", answered)))
        with served("openai", faulty.base_url, model=asked) as made:
            if good:
                assert ask(made).model_id == answered
            else:
                assert failure(made).raw_error_code == "wrong_model"

    def test_a_name_may_stand_in_the_list_by_its_snapshots_only(self, faulty: FaultyServer) -> None:
        faulty.at[MODELS] = reply(model_list("gpt-4o-mini", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"))
        faulty.at[CHAT] = stream(sse(chunk("Hi", "stop", "gpt-4o-2024-11-20")))
        with served("openai", faulty.base_url, model="gpt-4o") as made:
            assert made.health_check(Deadline(PLENTY)).status == "connected"
            assert ask(made).model_id == "gpt-4o-2024-11-20"
        assert bodies(faulty, CHAT)[0]["model"] == "gpt-4o"


class TestSettingsThatAModelRefuses:
    """Left out one by one, only where the refusal names them, and told."""

    @pytest.mark.parametrize(
        "refusal",
        [
            refuses("temperature", "Unsupported parameter: 'temperature' is not supported with this model.", None),
            refuses(
                "temperature",
                "Unsupported value: 'temperature' does not support 0 with this model. Only 1 is supported.",
                "unsupported_value",
            ),
            {"detail": [{"loc": ["body", "temperature"], "msg": "Extra inputs are not permitted", "type": "x"}]},
        ],
    )
    def test_asked_again_without_just_that(self, faulty: FaultyServer, refusal: object) -> None:
        faulty.at[CHAT] = first_then(reply(refusal, status=400), 1, stream(good_chat()))
        what = Prompt((Message("user", "Hi"),), max_tokens=24, stop=("END",))
        with served("openai", faulty.base_url, model=MODEL) as made:
            assert ask(made, what).text == "Hello you"
            assert ask(made, what).left_out == ("temperature",)
            assert "It refuses temperature: left out." in made.health_check(Deadline(PLENTY)).details
        first, *later = bodies(faulty, CHAT)
        # What was refused once is not sent again.
        assert len(later) == 2
        for body in later:
            assert body == {name: value for name, value in first.items() if name != "temperature"}
        assert first["stop"] == ["END"]

    @pytest.mark.parametrize(
        "refusal",
        [
            refuses("max_tokens", "Unsupported parameter: 'max_tokens' is not supported with this model.", None),
            refuses("temperature", "Invalid 'temperature': it must be at most 2.", "invalid_value"),
            refuses("messages", "Unsupported value: 'messages[0].role' does not support 'temperature' here", None),
        ],
    )
    def test_anything_else_stays_refused(self, faulty: FaultyServer, refusal: dict[str, object]) -> None:
        faulty.at[CHAT] = reply(refusal, status=400)
        with served("openai", faulty.base_url, model=MODEL) as made:
            error = failure(made)
        assert (error.category, error.raw_error_code) == ("config", "http_4xx")
        assert len(posts(faulty)) <= 2

    def test_it_ends_where_everything_is_refused(self, faulty: FaultyServer) -> None:
        words = "Unsupported parameter: 'temperature', 'seed' and 'stop' are not supported with this model."
        faulty.at[CHAT] = reply(refuses("x", words, "unsupported_parameter"), status=400)
        with served("openai", faulty.base_url, model=MODEL) as made:
            assert failure(made).raw_error_code == "http_4xx"
        assert len(posts(faulty)) == 2


class TestShapeOfTheAnswer:
    """Schema, any JSON, and one forced call."""

    def test_json_schema_is_asked_for_strictly(self, faulty: FaultyServer) -> None:
        with served("openai", faulty.base_url, model=MODEL) as made:
            ask(made, prompt(constraint=Constraint(json_schema=SCHEMA)))
            ask(made, prompt(constraint=Constraint(json_object=True)))
        strict, loose = (body["response_format"] for body in bodies(faulty, CHAT))
        assert strict == {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
        assert loose == {"type": "json_object"}

    @pytest.mark.parametrize("streams", [True, False])
    def test_the_arguments_of_the_call_are_the_answer(self, faulty: FaultyServer, streams: object) -> None:
        message = {"content": "So:", "tool_calls": [{"function": {"name": "answer", "arguments": '{"path": 1}'}}]}
        whole = {"choices": [{"finish_reason": "tool_calls", "message": message}], "model": MODEL}
        pieces = (chunk("So:"), call("answer", ""), call(None, '{"path"'), call(None, ": 1}"), chunk(..., "tool_calls"))
        faulty.at[CHAT] = stream(sse(*pieces)) if streams else reply(whole)
        heard: list[int] = []
        with served("openai", faulty.base_url, model=MODEL) as made:
            what = prompt(constraint=Constraint(json_schema=SCHEMA, function=True))
            answer = made.run(what, Deadline(PLENTY), heard.append)
        assert (answer.text, answer.finish_reason) == ('{"path": 1}', "stop")
        assert heard == ([1, 2] if streams else [1])
        sent = bodies(faulty, CHAT)[0]
        function = {"name": "answer", "description": "Give the answer.", "parameters": SCHEMA, "strict": True}
        assert (sent["tools"], sent["tool_choice"]) == ([{"type": "function", "function": function}], FORCED)

    @pytest.mark.parametrize(
        ("events", "category", "code", "says"),
        [
            ([chunk("I will not call.", "stop")], "schema", "bad_shape", "It made no call."),
            ([call("other", "{}"), chunk(..., "tool_calls")], "schema", "bad_shape", "a function that there is not"),
            ([call("answer", "{}"), call("answer", "{}", 1), chunk(..., "stop")], "schema", "bad_shape", "2 calls"),
            ([call("answer", {"path": 1}), chunk(..., "stop")], "schema", "bad_shape", "arguments"),
            ([call("answer", ""), chunk(..., "tool_calls")], "schema", "empty_answer", ""),
            ([call("answer", '{"pa'), chunk(..., "length")], "model", "answer_cut", ""),
            ([chunk("No", "length")], "model", "answer_cut", ""),
            ([chunk(..., "content_filter")], "model", "content_filter", ""),
        ],
    )
    def test_no_call_is_no_answer(
        self, faulty: FaultyServer, events: list[object], category: str, code: str, says: str
    ) -> None:
        faulty.at[CHAT] = stream(sse(*events))
        with served("openai", faulty.base_url, model=MODEL) as made:
            error = failure(made, prompt(constraint=Constraint(function=True)))
        assert (error.category, error.raw_error_code) == (category, code)
        assert says in error.message

    @pytest.mark.parametrize(
        ("constraint", "without", "missing"),
        [
            (Constraint(json_schema=SCHEMA), "json_schema", "json_schema"),
            (Constraint(json_schema=SCHEMA, json_object=True), "json_schema", "json_schema"),
            (Constraint(json_object=True), "json_mode", "json_mode"),
            (Constraint(json_schema=SCHEMA, function=True), "function_call", "function_call"),
            (Constraint(grammar='root ::= "x"'), "stream", "grammar"),
            (Constraint(grammar='root ::= "x"', json_object=True), "stream", "grammar"),
        ],
    )
    @pytest.mark.parametrize("provider", ["openai", "lmstudio", "anthropic"])
    def test_a_shape_that_is_not_to_be_had_is_never_dropped(
        self, faulty: FaultyServer, provider: str, constraint: Constraint, without: str, missing: str
    ) -> None:
        with served(provider, faulty.base_url, model=MODEL, capabilities={without: False}) as made:
            error = failure(made, prompt(constraint=constraint))
            assert getattr(made.supports(), without) is False
        assert (error.category, error.raw_error_code) == ("config", "constraint_unsupported")
        assert f"Missing: {missing}." in error.message
        assert posts(faulty) == []


class TestRecordedReplies:
    """What real servers said, word for word."""

    def test_a_stream_without_usage(self, faulty: FaultyServer) -> None:
        faulty.at[MODELS] = reply(model_list("gpt-local"))
        faulty.at[CHAT] = recorded("litellm_chat_stream")
        with served("openai", faulty.base_url, model="gpt-local") as made:
            error = failure(made)
        # It was recorded with a limit of six tokens.
        assert error.raw_error_code == "answer_cut"
        faulty.at[CHAT] = recorded("litellm_chat")
        with served("openai", faulty.base_url, model="gpt-local") as made:
            answer = ask(made)
        assert answer.text == "The capital of France is Paris."
        assert answer.usage.completion == 8

    @pytest.mark.parametrize(
        ("name", "category", "code"),
        [
            ("litellm_chat_unknown", "model", "model_missing"),
            ("litellm_chat_overflow", "model", "context_overflow"),
            ("llama_chat_ctx_overflow", "model", "context_overflow"),
            ("llama_chat_tools_required", "model", "answer_cut"),
        ],
    )
    def test_refusals(self, faulty: FaultyServer, name: str, category: str, code: str) -> None:
        faulty.at[CHAT] = recorded(name)
        with served("openai", faulty.base_url, model="any", on_missing_model="first_ready") as made:
            error = failure(made)
        assert (error.category, error.raw_error_code) == (category, code)


@pytest.mark.model
class TestRealServer:
    """llama.cpp's own `/v1/chat/completions`."""

    def test_a_schema_is_kept(self, llama: LlamaServer) -> None:
        with served("openai", f"{llama.base_url}/v1", key=llama.api_key, model=llama.model) as made:
            what = prompt("Which file?", max_tokens=60, constraint=Constraint(json_schema=SCHEMA))
            answer = ask(made, what)
            anything = ask(made, prompt("JSON, short.", constraint=Constraint(json_schema={"type": "boolean"})))
        assert json.loads(answer.text)["path"] in {"index.html", "style.css"}
        assert isinstance(json.loads(anything.text), bool)
        assert answer.usage.prompt
        assert answer.usage.completion

    def test_a_model_without_calls_is_told_as_such(self, llama: LlamaServer) -> None:
        with served("openai", f"{llama.base_url}/v1", key=llama.api_key, model=llama.model) as made:
            constraint = Constraint(json_schema=SCHEMA, function=True)
            error = failure(made, prompt("Say hello.", max_tokens=60, constraint=constraint))
        assert (error.raw_error_code, "It made no call." in error.message) in {
            ("bad_shape", True),
            ("answer_cut", False),
        }


def test_a_constraint_that_holds_nothing_asks_for_nothing(faulty: FaultyServer) -> None:
    with served("openai", faulty.base_url, model=MODEL) as made:
        ask(made, prompt(constraint=Constraint()))
    assert "response_format" not in bodies(faulty, CHAT)[0]
