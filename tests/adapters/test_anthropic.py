"""The `anthropic` adapter: Messages as they are sent, as they come back, and every way in which they end."""

from __future__ import annotations

import json

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint, Message, Prompt

from .building import PLENTY, ask, failure, prompt
from .conftest import LlamaServer
from .faulty import MODEL, MODELS, Behaviour, FaultyServer, first_then, reply, then_stall
from .faulty_anthropic import (
    COUNT,
    HEAD,
    MESSAGES,
    block,
    delta,
    end,
    error,
    event,
    good_call,
    good_messages,
    json_delta,
    page,
    speak_messages,
    start,
    streamed,
    whole,
)
from .serving import bodies, posts, recorded, served, through
from .test_openai import SCHEMA

TOOL = {"name": "answer", "description": "Give the answer.", "input_schema": SCHEMA}
FORCED = {"type": "tool", "name": "answer", "disable_parallel_tool_use": True}
CALL = prompt(constraint=Constraint(json_schema=SCHEMA))


@pytest.fixture
def service(faulty: FaultyServer) -> FaultyServer:
    """Return a server that speaks Messages well until it is told otherwise."""
    speak_messages(faulty)
    return faulty


class TestWhatIsSent:
    """Headers and bodies, to the letter."""

    def test_a_plain_question(self, service: FaultyServer) -> None:
        with served("anthropic", service.base_url, key="sk-ant-secret", model=MODEL) as made:
            ask(made)
        listing, asking = service.seen
        assert (listing.method, listing.path, asking.path) == ("GET", MODELS, MESSAGES)
        for request in (listing, asking):
            assert request.headers["x-api-key"] == "sk-ant-secret"
            assert request.headers["anthropic-version"] == "2023-06-01"
            assert "authorization" not in request.headers
        assert json.loads(asking.body) == {
            "model": MODEL,
            "max_tokens": 24,
            "temperature": 0.0,
            "stream": True,
            "messages": [{"role": "user", "content": "Hi"}],
        }

    def test_system_turns_stand_apart_and_turns_of_one_role_are_one(self, service: FaultyServer) -> None:
        said = (("system", "A."), ("user", "B"), ("user", "C"), ("assistant", "D"), ("system", "E."), ("user", "F"))
        what = Prompt(tuple(Message(*turn) for turn in said), max_tokens=24, stop=("", " \n", "END"))
        with served("anthropic", service.base_url, model=MODEL, capabilities={"stream": False}) as made:
            ask(made, what)
        body = bodies(service, MESSAGES)[0]
        assert (body["system"], body["stop_sequences"], body["stream"]) == ("A.\n\nE.", ["END"], False)
        assert body["messages"] == [
            {"role": "user", "content": "B\n\nC"},
            {"role": "assistant", "content": "D"},
            {"role": "user", "content": "F"},
        ]

    @pytest.mark.parametrize(
        ("constraint", "schema"),
        [
            (Constraint(json_schema=SCHEMA), SCHEMA),
            (Constraint(json_schema=SCHEMA, grammar='root ::= "x"'), SCHEMA),
            (Constraint(json_schema=SCHEMA, function=True), SCHEMA),
            (Constraint(json_object=True), {"type": "object"}),
        ],
    )
    def test_a_shape_is_one_forced_tool(self, service: FaultyServer, constraint: Constraint, schema: object) -> None:
        service.at[MESSAGES] = streamed(good_call('{"path"', ': "style.css"}'))
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert ask(made, prompt(constraint=constraint)).text == '{"path": "style.css"}'
        body = bodies(service, MESSAGES)[0]
        assert (body["tools"], body["tool_choice"]) == ([{**TOOL, "input_schema": schema}], FORCED)

    def test_the_official_service_wants_a_key_before_a_byte_leaves(
        self, faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        through(faulty, monkeypatch)
        with served("anthropic", None, model=MODEL) as made:
            health = made.health_check(Deadline(PLENTY))
            assert failure(made).raw_error_code == "no_key"
        assert (health.status, health.error_category, health.probe_step) == ("not_configured", "config", "none")
        assert health.endpoint == "api.anthropic.com"
        assert "ANTHROPIC_API_KEY" in health.details
        assert faulty.seen == []

    def test_a_refused_temperature_is_left_out(self, service: FaultyServer) -> None:
        refusal = error("invalid_request_error", "`temperature` is deprecated for this model.")
        service.at[MESSAGES] = first_then(reply(refusal, status=400), 1, streamed(good_messages()))
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert ask(made).left_out == ("temperature",)
        first, second = bodies(service, MESSAGES)
        assert second == {name: value for name, value in first.items() if name != "temperature"}


class TestModels:
    """The list in its pages, and the model in it."""

    def test_the_next_page_is_asked_for(self, service: FaultyServer) -> None:
        service.at[MODELS] = reply(page("claude-a", "claude/b", more=True))
        service.at[f"{MODELS}?limit=1000&after_id=claude%2Fb"] = reply(page(MODEL))
        with served("anthropic", service.base_url, model=MODEL) as made:
            health = made.health_check(Deadline(PLENTY), full=True)
        assert (health.status, health.probe_step, health.execution_mode) == ("connected", "model", "cloud")
        assert health.models == ("claude-a", "claude/b", MODEL)
        assert posts(service) == []

    def test_a_list_without_an_end_is_left(self, service: FaultyServer) -> None:
        service.at[MODELS] = reply(page("x", more=True))
        service.at[f"{MODELS}?limit=1000&after_id=x"] = service.at[MODELS]
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert made.health_check(Deadline(PLENTY)).raw_error_code == "model_missing"
        assert len(service.seen) == 10

    def test_an_alias_is_its_snapshot(self, service: FaultyServer) -> None:
        service.at[MODELS] = reply(page("claude-sonnet-4-5-20250929"))
        service.at[MESSAGES] = whole({"type": "text", "text": "Hi"}, model="claude-sonnet-4-5-20250929")
        with served("anthropic", service.base_url, model="claude-sonnet-4-5") as made:
            assert ask(made).model_id == "claude-sonnet-4-5-20250929"
        assert bodies(service, MESSAGES)[0]["model"] == "claude-sonnet-4-5"

    def test_no_model_is_chosen_silently(self, service: FaultyServer) -> None:
        with served("anthropic", service.base_url) as made:
            health = made.health_check(Deadline(PLENTY))
        assert (health.status, health.raw_error_code) == ("not_configured", "no_model")


class TestAnswers:
    """What counts as one."""

    def test_usage_is_summed_over_the_cache(self, service: FaultyServer) -> None:
        service.at[MESSAGES] = streamed(start(cache_creation_input_tokens=3) + block() + delta("Hi") + end())
        heard: list[int] = []
        with served("anthropic", service.base_url, model=MODEL) as made:
            answer = made.run(prompt(), Deadline(PLENTY), heard.append)
        assert (answer.text, answer.finish_reason, answer.model_id, heard) == ("Hi", "stop", MODEL, [1])
        assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (10, 5, 2)

    def test_the_last_counts_are_the_right_ones(self, service: FaultyServer) -> None:
        late = start(input_tokens=0) + block() + delta("Hi") + end(input_tokens=9, cache_read_input_tokens=1)
        service.at[MESSAGES] = streamed(late)
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert ask(made).usage.prompt == 10

    def test_thinking_and_unknown_events_are_passed_over(self, service: FaultyServer) -> None:
        thought = block("thinking", thinking="") + delta("hm", "thinking_delta", "thinking")
        signed = delta("c2ln", "signature_delta", "signature") + event("content_block_stop", index=0) + event("news")
        service.at[MESSAGES] = streamed(start() + thought + signed + block(index=1) + delta("Hi", index=1) + end())
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert ask(made).text == "Hi"

    def test_a_whole_reply_to_a_request_for_a_stream_counts(self, service: FaultyServer) -> None:
        thinking: dict[str, object] = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
        service.at[MESSAGES] = whole(thinking, {"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"})
        with served("anthropic", service.base_url, model=MODEL) as made:
            answer = ask(made)
        assert (answer.text, answer.usage.prompt) == ("Hello", 10)

    @pytest.mark.parametrize("reason", ["end_turn", "stop_sequence"])
    def test_ends_that_are_good(self, service: FaultyServer, reason: str) -> None:
        service.at[MESSAGES] = streamed(start() + block() + delta("Hi") + end(reason))
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert ask(made).finish_reason == "stop"

    @pytest.mark.parametrize(
        "behaviour",
        [
            whole({"type": "tool_use", "name": "answer", "input": {"path": "é"}}, reason="tool_use"),
            streamed(start() + block("tool_use", input={"path": "é"}) + end("tool_use")),
            streamed(start() + block("tool_use") + json_delta("") + json_delta('{"path": "é"}') + end("tool_use")),
        ],
    )
    def test_the_input_of_the_tool_is_the_answer(self, service: FaultyServer, behaviour: Behaviour) -> None:
        service.at[MESSAGES] = behaviour
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert ask(made, CALL).text == '{"path": "é"}'


class TestWhatIsNoAnswer:
    """Cut, refused, broken: each told as what it is."""

    @pytest.mark.parametrize(
        ("body", "category", "code"),
        [
            (start() + block() + delta("Hi"), "network", "stream_cut"),
            (start() + block() + delta("Hi") + end()[: -len(event("message_stop"))], "network", "stream_cut"),
            (start() + block() + delta("Hi") + b"data: [DONE]\n\n", "network", "stream_cut"),
            (start() + block() + delta("Hi") + event("message_stop"), "network", "stream_cut"),
            (event("message_stop"), "schema", "bad_shape"),
            (block() + delta("Hi") + end(), "schema", "bad_shape"),
            (start() + block() + delta(5) + end(), "schema", "bad_shape"),
            (start() + b'data: {"index": 0}\n\n' + end(), "schema", "bad_shape"),
            (start() + end(), "schema", "empty_answer"),
            (start() + block() + delta(None) + end(), "schema", "empty_answer"),
            (start("other") + block() + delta("Hi") + end(), "model", "wrong_model"),
            (start() + block() + delta("Hi") + end("max_tokens"), "model", "answer_cut"),
            (start() + block() + delta("Hi") + end("model_context_window_exceeded"), "model", "answer_cut"),
            (start() + block() + delta("Hi") + end("pause_turn"), "model", "answer_cut"),
            (start() + block() + delta("I will not.") + end("refusal"), "model", "refused"),
            (start() + block() + event("error", **error("overloaded_error", "Overloaded")), "network", "overloaded"),
            (start() + block() + event("error", **error("api_error", "boom")), "network", "stream_error"),
            (start() + event("error", **error("rate_limit_error", "slow")), "network", "http_429"),
        ],
    )
    def test_a_stream(self, service: FaultyServer, body: bytes, category: str, code: str) -> None:
        service.at[MESSAGES] = streamed(body)
        with served("anthropic", service.base_url, key="sk-ant-secret", model=MODEL) as made:
            told = failure(made)
        assert (told.category, told.raw_error_code) == (category, code)
        assert "sk-ant-secret" not in told.message

    @pytest.mark.parametrize(
        ("behaviour", "code", "says"),
        [
            (whole(reason=None), "bad_shape", "why it ended"),
            (reply({"type": "message", "content": None, "stop_reason": "end_turn"}), "empty_answer", ""),
            (reply({"type": "message", "stop_reason": "end_turn"}), "bad_shape", "content"),
            (whole(reason="refusal"), "refused", ""),
            (whole(reason="refusal", stop_details={"explanation": "Not this."}), "refused", 'It says: "Not this."'),
            (whole({"type": "text", "text": "Hi"}, reason="max_tokens"), "answer_cut", "2 tokens"),
            (reply(error("overloaded_error", "Overloaded")), "overloaded", ""),
        ],
    )
    def test_a_whole_reply(self, service: FaultyServer, behaviour: Behaviour, code: str, says: str) -> None:
        service.at[MESSAGES] = behaviour
        with served("anthropic", service.base_url, model=MODEL) as made:
            told = failure(made)
        assert told.raw_error_code == code
        assert says in told.message

    @pytest.mark.parametrize(
        ("body", "code", "says"),
        [
            (good_messages(), "bad_shape", "It made no call."),
            (start() + block("tool_use", name="other") + end("tool_use"), "bad_shape", "a function that there is not"),
            (start() + block("tool_use") + block("tool_use", 1) + end("tool_use"), "bad_shape", "2 calls"),
            (start() + block("tool_use") + json_delta('{"pa') + end("max_tokens"), "answer_cut", ""),
            (start() + block() + delta("No") + end("refusal"), "refused", ""),
        ],
    )
    def test_no_call_where_one_was_forced(self, service: FaultyServer, body: bytes, code: str, says: str) -> None:
        service.at[MESSAGES] = streamed(body)
        with served("anthropic", service.base_url, model=MODEL) as made:
            told = failure(made, CALL)
        assert told.raw_error_code == code
        assert says in told.message

    def test_a_stream_that_stalls_ends_at_the_deadline(self, service: FaultyServer) -> None:
        service.at[MESSAGES] = then_stall(HEAD + start() + block() + delta("Hi"))
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert failure(made, seconds=0.3).raw_error_code == "timeout"

    @pytest.mark.parametrize(
        ("status", "body", "category", "code"),
        [
            (401, error("authentication_error", "invalid x-api-key"), "auth", "http_401"),
            (403, error("permission_error", "not yours"), "auth", "http_403"),
            (404, error("not_found_error", "model: claude-9"), "model", "model_missing"),
            (413, error("request_too_large", "too large"), "model", "context_overflow"),
            (
                400,
                error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
                "model",
                "context_overflow",
            ),
            (
                400,
                error("invalid_request_error", "input length and `max_tokens` exceed context limit: 9 + 8 > 10"),
                "model",
                "context_overflow",
            ),
            (400, error("invalid_request_error", "Your credit balance is too low"), "auth", "quota"),
            (529, error("overloaded_error", "Overloaded"), "network", "overloaded"),
        ],
    )
    def test_a_refusal(self, service: FaultyServer, status: int, body: object, category: str, code: str) -> None:
        service.at[MESSAGES] = reply(body, status=status)
        with served("anthropic", service.base_url, model=MODEL) as made:
            told = failure(made)
        assert (told.category, told.raw_error_code) == (category, code)


class TestRecordedReplies:
    """What real servers said, word for word."""

    @pytest.mark.parametrize(
        ("name", "model", "prompt_tokens"),
        [
            ("litellm_messages_stream", "claude-local", 41),
            ("litellm_messages", "claude-local", 41),
            ("llama_anthropic_messages", "smol-135m", 41),
        ],
    )
    def test_answers(self, service: FaultyServer, name: str, model: str, prompt_tokens: int) -> None:
        service.at[MODELS] = reply(page(model))
        service.at[MESSAGES] = recorded(name)
        with served("anthropic", service.base_url, model=model) as made:
            answer = ask(made)
        assert answer.text == "The capital of France is Paris."
        assert (answer.usage.prompt, answer.usage.cached, answer.usage.completion) == (prompt_tokens, 40, 8)

    @pytest.mark.parametrize(
        ("name", "category", "code"),
        [
            ("llama_anthropic_messages_stream", "model", "answer_cut"),
            ("llama_anthropic_ctx_overflow", "model", "context_overflow"),
            ("litellm_messages_overflow", "model", "context_overflow"),
            ("litellm_messages_badbody", "config", "http_4xx"),
            ("llama_auth_messages_wrong", "auth", "http_401"),
        ],
    )
    def test_failures(self, service: FaultyServer, name: str, category: str, code: str) -> None:
        service.at[MESSAGES] = recorded(name)
        with served("anthropic", service.base_url, model="x", on_missing_model="first_ready") as made:
            told = failure(made)
        assert (told.category, told.raw_error_code) == (category, code)

    def test_a_forced_tool_that_was_not_used(self, service: FaultyServer) -> None:
        service.at[MESSAGES] = recorded("llama_anthropic_tools")
        with served("anthropic", service.base_url, model="x", on_missing_model="first_ready") as made:
            assert failure(made, CALL).raw_error_code == "answer_cut"


class TestCounting:
    """One free call, where the server has it."""

    def test_the_prompt_is_counted_as_it_is_sent(self, service: FaultyServer) -> None:
        what = Prompt((Message("system", "A."), Message("user", "Hi")), 24, Constraint(json_schema=SCHEMA))
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert made.count_tokens(what, Deadline(PLENTY)) == 41
        assert bodies(service, COUNT) == [
            {
                "model": MODEL,
                "system": "A.",
                "messages": [{"role": "user", "content": "Hi"}],
                "tools": [TOOL],
                "tool_choice": FORCED,
            }
        ]
        assert len(posts(service)) == 1

    def test_a_server_that_does_not_count(self, service: FaultyServer) -> None:
        del service.at[COUNT]
        with served("anthropic", service.base_url, model=MODEL) as made:
            assert made.count_tokens(prompt(), Deadline(PLENTY)) is None


@pytest.mark.model
class TestRealServer:
    """llama.cpp's own `/v1/messages`."""

    def test_system_stop_and_usage(self, llama: LlamaServer) -> None:
        what = Prompt((Message("system", "Be brief."), Message("user", "Say hello.")), max_tokens=40, stop=("!", "."))
        with served("anthropic", llama.base_url, key=llama.api_key, model=llama.model) as made:
            counted = made.count_tokens(what, Deadline(PLENTY))
            streams = ask(made, what)
        with served(
            "anthropic", llama.base_url, key=llama.api_key, model=llama.model, capabilities={"stream": False}
        ) as made:
            again = ask(made, what)
        assert streams.text == again.text
        assert not set("!.") & set(streams.text)
        assert (streams.model_id, streams.usage.prompt, again.usage.prompt) == (llama.model, counted, counted)
        assert again.usage.cached

    def test_faults(self, llama: LlamaServer) -> None:
        with served("anthropic", llama.base_url, key=llama.api_key, model=llama.model) as made:
            large = failure(made, prompt("word " * 2000))
            cut = failure(made, prompt("Count from one to a thousand.", max_tokens=5))
        assert (large.raw_error_code, cut.raw_error_code) == ("context_overflow", "answer_cut")
        assert f"the context holds {llama.context_tokens}." in large.message
        with served("anthropic", llama.base_url, key="wrong", model=llama.model) as made:
            assert made.health_check(Deadline(PLENTY)).status == "invalid_token"
        with served("anthropic", llama.base_url, key=llama.api_key, model="claude-9") as made:
            assert made.health_check(Deadline(PLENTY)).status == "model_missing"

    def test_a_tool_that_the_model_cannot_use_is_no_answer(self, llama: LlamaServer) -> None:
        with served("anthropic", llama.base_url, key=llama.api_key, model=llama.model) as made:
            told = failure(made, prompt("Say hello.", constraint=Constraint(json_schema=SCHEMA)))
        assert told.raw_error_code in {"bad_shape", "answer_cut"}
