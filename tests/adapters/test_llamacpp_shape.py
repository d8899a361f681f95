"""How each mode of `llamacpp` asks for a shape, and that calls are claimed only where the server says so."""

from __future__ import annotations

import json

import pytest

from agentos_action.clock import Deadline
from agentos_action.records.model import Constraint

from .building import MODES, PLENTY, adapter, ask, failure, prompt
from .faulty import CHAT, COMPLETION, FaultyServer, reply
from .test_openai import SCHEMA

ANY = Constraint(json_object=True)
FUNCTION = Constraint(json_schema=SCHEMA, function=True)


@pytest.mark.parametrize(
    ("mode", "constraint", "field", "value"),
    [
        ("openai_compatible", ANY, "response_format", {"type": "json_object"}),
        ("llamacpp_completion", ANY, "json_schema", {"type": "object"}),
        ("llamacpp_completion", Constraint(json_schema=SCHEMA), "json_schema", SCHEMA),
        ("openai_compatible", Constraint(json_schema=SCHEMA, grammar="root ::= x"), "grammar", "root ::= x"),
        ("llamacpp_completion", Constraint(grammar="root ::= x", json_object=True), "grammar", "root ::= x"),
    ],
)
def test_the_fields_of_a_shape(
    faulty: FaultyServer, mode: str, constraint: Constraint, field: str, value: object
) -> None:
    with adapter(faulty.base_url, mode) as made:
        ask(made, prompt(constraint=constraint))
    body = json.loads(faulty.seen[-1].body)
    assert body[field] == value
    assert {"response_format", "json_schema", "grammar", "tools"} & set(body) == {field}


def test_a_call_is_forced_by_the_word(faulty: FaultyServer) -> None:
    message = {"content": None, "tool_calls": [{"function": {"name": "answer", "arguments": '{"path": "x"}'}}]}
    faulty.at[CHAT] = reply({"choices": [{"finish_reason": "tool_calls", "message": message}]})
    with adapter(faulty.base_url) as made:
        assert ask(made, prompt(constraint=FUNCTION)).text == '{"path": "x"}'
    body = json.loads(faulty.seen[-1].body)
    assert body["tool_choice"] == "required"
    assert [tool["function"]["parameters"] for tool in body["tools"]] == [SCHEMA]


def test_a_completion_has_no_calls(faulty: FaultyServer) -> None:
    with adapter(faulty.base_url, "llamacpp_completion") as made:
        error = failure(made, prompt(constraint=FUNCTION))
    assert (error.category, error.raw_error_code) == ("config", "constraint_unsupported")
    assert COMPLETION not in {request.path for request in faulty.seen}


@pytest.mark.parametrize(
    ("without", "constraint", "missing"),
    [
        ("json_mode", ANY, "json_mode"),
        ("grammar", Constraint(grammar="root ::= x"), "grammar"),
        ("grammar", Constraint(grammar="root ::= x", json_object=True), "grammar"),
        ("function_call", FUNCTION, "function_call"),
    ],
)
def test_what_the_profile_takes_away_is_not_replaced(
    faulty: FaultyServer, without: str, constraint: Constraint, missing: str
) -> None:
    with adapter(faulty.base_url, capabilities={without: False}) as made:
        error = failure(made, prompt(constraint=constraint))
    assert error.raw_error_code == "constraint_unsupported"
    assert f"Missing: {missing}." in error.message


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("caps", "calls"),
    [
        ({"chat_template_caps": {"supports_tools": True, "supports_tool_calls": True}}, True),
        ({"chat_template_caps": {"supports_tools": True, "supports_tool_calls": False}}, False),
        ({"chat_template_caps": {}}, False),
        ({}, False),
    ],
)
def test_calls_are_claimed_where_the_template_has_them(
    faulty: FaultyServer, mode: str, caps: dict[str, object], calls: object
) -> None:
    faulty.at["/props"] = reply({"default_generation_settings": {"n_ctx": 512}, **caps})
    with adapter(faulty.base_url, mode) as made:
        assert not made.supports().function_call
        made.context_tokens(Deadline(PLENTY))
        assert made.supports().function_call is (calls and mode == "openai_compatible")
        assert (made.supports().json_mode, made.supports().grammar) == (True, True)
    with adapter(faulty.base_url, mode, capabilities={"function_call": False, "json_mode": False}) as made:
        made.context_tokens(Deadline(PLENTY))
        assert (made.supports().function_call, made.supports().json_mode) == (False, False)
