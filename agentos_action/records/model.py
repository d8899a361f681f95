"""What a model is asked and what it answered, independent of the protocol in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

FinishReason: TypeAlias = Literal["stop", "length", "content_filter", "other"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """The shape an answer must have: a JSON Schema, a GBNF grammar or any JSON; a server enforces the one it can.

    With `function` the answer is asked for as the arguments of one function call, whose parameters are the schema.
    """

    json_schema: dict[str, object] | None = None
    grammar: str | None = None
    json_object: bool = False
    function: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request to a model; `max_tokens` caps the answer, stable messages stand first for the server's cache."""

    messages: tuple[Message, ...]
    max_tokens: int
    constraint: Constraint | None = None
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens of one or more calls; `None` where the server did not say."""

    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None

    def plus(self, other: TokenUsage) -> TokenUsage:
        """Add two usages, keeping `None` only where both sides are unknown."""
        return TokenUsage(
            prompt=_add(self.prompt, other.prompt),
            cached=_add(self.cached, other.cached),
            completion=_add(self.completion, other.completion),
        )


def _add(left: int | None, right: int | None) -> int | None:
    if left is None:
        return right
    return left if right is None else left + right


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: its text, why it ended, the model that the server says wrote it.

    `left_out` are settings that the model refused, and was asked without.
    """

    text: str
    finish_reason: FinishReason
    model_id: str
    usage: TokenUsage
    duration_ms: int
    left_out: tuple[str, ...] = ()


class OnTokens(Protocol):
    """Hears of progress: the number of text pieces received so far in the running call."""

    def __call__(self, received: int, /) -> None:
        """Hear of the text pieces received so far."""
        ...
