"""Whatever bytes a server sends, an answer or a ToolError comes out and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentos_action.adapters.base import Adapter
from agentos_action.adapters.faults import FAULTS
from agentos_action.errors import ToolError
from agentos_action.records.model import Answer

from .building import MODES, adapter, ask
from .faulty import CHAT, COMPLETION, EVENTS, JSON, MODELS, FaultyServer, good_chat, good_completion, raw, reply

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "finish_reason", "model", "usage", "error", "stop"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
GOOD = st.sampled_from([good_chat(), good_completion()])
# Good streams with a piece taken out or put in come closest to what breaks in the field.
SPOILT = st.builds(
    lambda good, at, gone, new: good[:at] + new + good[at + gone :],
    GOOD,
    st.integers(0, 600),
    st.integers(0, 40),
    st.binary(max_size=6),
)
BODIES = st.binary(max_size=200) | SPOILT | JSON_VALUES


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyServer]:
    """Keep one server for all examples."""
    with FaultyServer() as running:
        yield running


def answer_or_error(made: Adapter) -> Answer | ToolError:
    """Run one prompt; anything but these two comes out as itself and fails the test."""
    try:
        return ask(made)
    except ToolError as error:
        return error


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=80)
@given(body=BODIES, kind=st.sampled_from([JSON, EVENTS]), status=st.sampled_from([200, 200, 200, 400, 500]))
def test_any_body(server: FaultyServer, mode: str, body: object, kind: str, status: int) -> None:
    """Any body, as JSON or as a stream, with a good or a bad status."""
    for path in (CHAT, COMPLETION):
        server.at[path] = reply(body, kind=kind, status=status)
    with adapter(server.base_url, mode) as made:
        outcome = answer_or_error(made)
    if isinstance(outcome, ToolError):
        assert outcome.raw_error_code in FAULTS
        assert outcome.message.isprintable()
    else:
        assert outcome.text.encode()


@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_any_reply_at_all(server: FaultyServer, data: bytes) -> None:
    """Not even HTTP, where the list of models is expected."""
    server.at[MODELS] = raw(data)
    try:
        with adapter(server.base_url) as made, pytest.raises(ToolError):
            ask(made)
    finally:
        del server.at[MODELS]
        server.at[MODELS] = reply({"data": [{"id": "faulty-1b"}]})
