"""How much fits: a prompt over the model's context is refused by how much."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentos_action.context.budget import check_budget, estimate, most_bytes
from agentos_action.errors import UsageError
from agentos_action.records.model import Message, Prompt


def prompt(text: str = "x", max_tokens: int = 100) -> Prompt:
    """Return a prompt with one message."""
    return Prompt(messages=(Message("user", text),), max_tokens=max_tokens)


def test_what_exactly_fits_is_kept() -> None:
    budget = check_budget(prompt(), 900, 1000)
    assert (budget.prompt_tokens, budget.counted, budget.context_tokens) == (900, True, 1000)


def test_what_is_over_is_refused_by_how_much() -> None:
    with pytest.raises(UsageError) as caught:
        check_budget(prompt(), 1901, 2000)
    assert caught.value.message.endswith("the model holds 2,000: 1 too many")
    assert "1,901 tokens" in caught.value.message


def test_an_estimate_says_that_it_is_one() -> None:
    with pytest.raises(UsageError, match=r"about 1,006 tokens .* about 106 too many"):
        check_budget(prompt("x" * 3000), None, 1000)


def test_an_unknown_context_lets_everything_pass() -> None:
    assert check_budget(prompt(), None, None).counted is False


@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_the_estimate_is_never_below_three_bytes_a_token(text: str) -> None:
    assert estimate(prompt(text)) * 3 >= len(text.encode("utf-8", "replace"))


def test_most_bytes_grows_with_the_context() -> None:
    assert most_bytes(8192) == 8192 * 12
    assert most_bytes(None) == 4 * 1024 * 1024
