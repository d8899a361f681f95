"""What the tests of this folder build alike: profiles, prompts, adapters, and the error of a call."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agentos_action.adapters.base import Adapter, AdapterParts
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Answer, Constraint, Message, Prompt
from agentos_action.records.profile import Profile

MODES = ("openai_compatible", "llamacpp_completion")
#: Seconds for what is not about time: a busy machine may take them.
PLENTY = 120.0
#: Seconds that a busy machine may take beyond a deadline until it has looked at the clock.
LATE = 15.0


def prompt(text: str = "Hi", *, max_tokens: int = 24, constraint: Constraint | None = None) -> Prompt:
    """Return a prompt of one message."""
    return Prompt(messages=(Message("user", text),), max_tokens=max_tokens, constraint=constraint)


def profile(base_url: str | None, mode: str = "openai_compatible", **more: object) -> Profile:
    """Return a profile of the llama.cpp provider."""
    return Profile.model_validate(
        {"provider": "llamacpp", "name": "llamacpp", "base_url": base_url, "mode": mode, **more}
    )


@contextmanager
def adapter(
    base_url: str, mode: str = "openai_compatible", *, key: str | None = None, **more: object
) -> Iterator[Adapter]:
    """Build an adapter and close it afterwards."""
    made = create(profile(base_url, mode, **more), AdapterParts(api_key=key))
    try:
        yield made
    finally:
        made.close()


def ask(made: Adapter, what: Prompt | None = None, seconds: float = PLENTY) -> Answer:
    """Run one prompt, hearing no progress."""
    return made.run(what or prompt(), Deadline(seconds), lambda _received: None)


def failure(made: Adapter, what: Prompt | None = None, seconds: float = PLENTY) -> ToolError:
    """Run one prompt that must fail, and return how; it must have ended within its time."""
    started = time.monotonic()
    with pytest.raises(ToolError) as caught:
        ask(made, what, seconds)
    assert time.monotonic() - started < seconds + LATE
    return caught.value
