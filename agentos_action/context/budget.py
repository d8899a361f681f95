"""How much fits: the prompt's tokens and the answer's against the model's real context."""

from __future__ import annotations

from dataclasses import dataclass

from agentos_action.errors import UsageError
from agentos_action.records.model import Prompt

#: Without a tokenizer: code runs at three to four bytes a token with current vocabularies; the low side is safe.
BYTES_PER_TOKEN = 3

#: No current vocabulary packs more text into one token on average, so what is larger cannot fit.
MOST_BYTES_PER_TOKEN = 12


@dataclass(frozen=True, slots=True)
class Budget:
    """What a prompt costs: tokens, whether the server counted them, and the model's context."""

    prompt_tokens: int
    counted: bool
    context_tokens: int | None


def most_bytes(context_tokens: int | None) -> int:
    """Return a number of bytes that certainly does not fit; 4 MiB where the context is unknown."""
    return context_tokens * MOST_BYTES_PER_TOKEN if context_tokens else 4 * 1024 * 1024


def estimate(prompt: Prompt) -> int:
    """Return a safe estimate of a prompt's tokens without a tokenizer."""
    size = sum(len(message.content.encode("utf-8", "replace")) + 16 for message in prompt.messages)
    return -(-size // BYTES_PER_TOKEN)


def check_budget(prompt: Prompt, counted: int | None, context_tokens: int | None) -> Budget:
    """Return the budget if prompt and answer fit the context; raises UsageError saying by how much they do not."""
    tokens = counted if counted is not None else estimate(prompt)
    budget = Budget(tokens, counted is not None, context_tokens)
    if context_tokens is None:
        return budget
    over = tokens + prompt.max_tokens - context_tokens
    if over > 0:
        about = "" if counted is not None else "about "
        message = (
            f"the prompt has {about}{tokens:,} tokens and the answer may have {prompt.max_tokens:,}, but the model "
            f"holds {context_tokens:,}: {about}{over:,} too many"
        )
        raise UsageError(message, "Name fewer or smaller files, lower max_tokens, or give the model a larger context.")
    return budget
