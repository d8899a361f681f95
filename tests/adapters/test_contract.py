"""What every adapter must do, run over each of them with the real thing behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentos_action.adapters.base import Adapter, AdapterParts, AnswerFile
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.records.profile import Profile

from .building import adapter, ask, prompt
from .conftest import LlamaServer


@pytest.fixture(
    params=[
        "scripted",
        pytest.param("openai_compatible", marks=pytest.mark.model),
        pytest.param("llamacpp_completion", marks=pytest.mark.model),
    ]
)
def subject(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    """Build the adapter under test, ready to answer."""
    if request.param == "scripted":
        answer = AnswerFile("answer.txt", b"Hello.\n")
        yield create(Profile(provider="scripted", name="scripted"), AdapterParts(answer=answer))
        return
    llama: LlamaServer = request.getfixturevalue("llama")
    with adapter(llama.base_url, request.param, key=llama.api_key) as made:
        yield made


class TestContract:
    """The port, from outside."""

    def test_says_who_it_is(self, subject: Adapter) -> None:
        """Identity is known before anything is asked."""
        assert subject.adapter_id == subject.provider
        assert subject.instance is None
        assert subject.execution_mode == "local"
        assert subject.endpoint is None or subject.endpoint.startswith("127.0.0.1:")

    def test_is_healthy_in_all_four_steps(self, subject: Adapter) -> None:
        """A ready model is connected, with its name, and the last step is the shape."""
        health = subject.health_check(Deadline(20), full=True)
        assert (health.status, health.probe_step, health.error_category) == ("connected", "shape", None)
        assert len(health.models) == 1
        assert health.endpoint == subject.endpoint
        assert health.models[0] in health.details

    def test_answers(self, subject: Adapter) -> None:
        """An answer has text, a reason why it ended, and the name of the model that wrote it."""
        heard: list[int] = []
        answer = subject.run(prompt("Say hello."), Deadline(20), heard.append)
        assert answer.text
        assert answer.finish_reason == "stop"
        assert answer.model_id in subject.health_check(Deadline(5)).models
        assert heard == list(range(1, len(heard) + 1))
        assert heard

    def test_answers_alike_each_time(self, subject: Adapter) -> None:
        """The same prompt gets the same answer: temperature 0 and a seed."""
        assert ask(subject, prompt("Say hello.")).text == ask(subject, prompt("Say hello.")).text

    def test_counts_or_says_that_it_cannot(self, subject: Adapter) -> None:
        """Counts are whole numbers or None."""
        counts = subject.context_tokens(Deadline(5)), subject.count_tokens(prompt(), Deadline(5))
        assert all(count is None or count > 0 for count in counts)
        assert subject.supports().context_tokens == counts[0]

    def test_can_be_closed_twice(self, subject: Adapter) -> None:
        """Closing is safe in a finally block."""
        subject.close()
        subject.close()
        assert subject.supports().supports_health_check
