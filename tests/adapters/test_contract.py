"""What every adapter must do, run over each of them with the real thing behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from agentos_action.adapters.base import Adapter, AdapterParts, AnswerFile
from agentos_action.adapters.registry import create
from agentos_action.clock import Deadline
from agentos_action.errors import ToolError
from agentos_action.records.model import Constraint, Prompt
from agentos_action.records.profile import Profile
from tests.agents import install

from .building import PLENTY, ask, failure, prompt
from .conftest import PEER_MODEL, LlamaServer
from .faulty import FaultyServer
from .test_agents import Copies
from .test_local_http_real import CHAT

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"path": {"type": "string", "enum": ["index.html", "style.css"]}},
    "required": ["path"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class Served:
    """An adapter in front of the real llama.cpp server: its profile beside provider, name, address and key."""

    provider: str
    path: str = ""
    mode: str = "openai_compatible"
    #: A cloud provider wants its model named, and is probed by its list only.
    cloud: bool = False
    #: Whether the protocol itself holds an answer to a schema; Anthropic's asks for a tool, which this model has not.
    holds: bool = True

    @contextmanager
    def open(self, llama: LlamaServer, key: str | None = None, **more: object) -> Iterator[Adapter]:
        """Build the adapter and close it afterwards."""
        told = {"provider": self.provider, "name": self.provider, "mode": self.mode}
        model = {"model": llama.model} if self.cloud else {}
        profile = Profile.model_validate({**told, "base_url": llama.base_url + self.path, **model, **more})
        made = create(profile, AdapterParts(api_key=key or llama.api_key))
        try:
            yield made
        finally:
            made.close()


#: One row an adapter that llama.cpp itself can stand behind.
SERVED = {
    "llamacpp": Served("llamacpp"),
    "llamacpp_completion": Served("llamacpp", mode="llamacpp_completion"),
    "lmstudio": Served("lmstudio", "/v1"),
    "openai": Served("openai", "/v1", cloud=True),
    "anthropic": Served("anthropic", cloud=True, holds=False),
}


#: Adapters of another kind, each ready to answer.
OTHERS = ("scripted", "claude_cli", "cli")


@pytest.fixture(
    params=[*OTHERS, *(pytest.param(name, marks=pytest.mark.model) for name in (*SERVED, "local_http", "ollama"))]
)
def subject(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    """Build the adapter under test, ready to answer."""
    if request.param in SERVED:
        with SERVED[request.param].open(request.getfixturevalue("llama")) as made:
            yield made
        return
    told, parts = _described(request.param, request)
    made = create(Profile.model_validate({"provider": request.param, "name": request.param, **told}), parts)
    try:
        yield made
    finally:
        made.close()


def _described(provider: str, request: pytest.FixtureRequest) -> tuple[dict[str, object], AdapterParts]:
    """Return the rest of the profile, and the parts, of an adapter that is not in front of llama.cpp itself."""
    if provider == "scripted":
        return {}, AdapterParts(answer=AnswerFile("answer.txt", b"Hello.\n"))
    if provider == "ollama":
        return {"base_url": request.getfixturevalue("peer"), "model": PEER_MODEL}, AdapterParts()
    if provider == "local_http":
        llama: LlamaServer = request.getfixturevalue("llama")
        return {"base_url": llama.base_url, "http": CHAT}, AdapterParts(api_key=llama.api_key)
    folder = request.getfixturevalue("tmp_path")
    name = "claude" if provider == "claude_cli" else "worker"
    install(folder, request.getfixturevalue("monkeypatch"), name=name)
    rules: dict[str, object] = {"agent": {"command": ["worker"], "sandbox": "none"}} if provider == "cli" else {}
    return rules, AdapterParts(workspace=Copies(folder))


@pytest.fixture(params=SERVED)
def kind(request: pytest.FixtureRequest) -> Served:
    """Give each adapter that a server stands behind."""
    return SERVED[request.param]


class TestContract:
    """The port, from outside."""

    def test_says_who_it_is(self, subject: Adapter) -> None:
        """Identity is known before anything is asked."""
        assert subject.adapter_id == subject.provider
        assert subject.instance is None
        cloud = {"openai", "anthropic", "claude_cli", "cli"}
        assert subject.execution_mode == ("cloud" if subject.provider in cloud else "local")
        assert subject.supports().execution_mode == subject.execution_mode
        assert subject.endpoint is None or subject.endpoint.startswith("127.0.0.1:")

    def test_is_healthy_in_all_its_steps(self, subject: Adapter) -> None:
        """A ready model is connected, with its name; the last step is the shape, or the model where answers cost."""
        health = subject.health_check(Deadline(PLENTY), full=True)
        last = "model" if subject.execution_mode == "cloud" else "shape"
        assert (health.status, health.probe_step, health.error_category) == ("connected", last, None)
        assert health.endpoint == subject.endpoint
        assert any(model in health.details for model in health.models) or subject.works_in_tree

    def test_answers(self, subject: Adapter) -> None:
        """An answer has text, a reason why it ended, and the name of the model that wrote it."""
        heard: list[int] = []
        answer = subject.run(prompt("Say hello."), Deadline(PLENTY), heard.append)
        assert answer.text
        assert answer.finish_reason == "stop"
        assert answer.model_id in subject.health_check(Deadline(PLENTY)).models or subject.works_in_tree
        assert heard == list(range(1, len(heard) + 1))
        # Who claims to stream lets its pieces be heard one by one.
        assert len(heard) > 1 if subject.supports().stream else len(heard) == 1

    def test_answers_alike_each_time(self, subject: Adapter) -> None:
        """The same prompt gets the same answer: temperature 0 and a seed."""
        assert ask(subject, prompt("Say hello.")).text == ask(subject, prompt("Say hello.")).text

    def test_counts_or_says_that_it_cannot(self, subject: Adapter) -> None:
        """Counts are whole numbers or None."""
        counts = subject.context_tokens(Deadline(PLENTY)), subject.count_tokens(prompt(), Deadline(PLENTY))
        assert all(count is None or count > 0 for count in counts)
        assert subject.supports().context_tokens == counts[0]

    def test_can_be_closed_twice(self, subject: Adapter) -> None:
        """Closing is safe in a finally block."""
        subject.close()
        subject.close()
        assert subject.supports().supports_health_check


def outcome(made: Adapter, what: Prompt) -> tuple[str, str | None]:
    """Run one prompt and return its answer's text, or nothing and the code of its fault."""
    try:
        return ask(made, what).text, None
    except ToolError as error:
        return "", error.raw_error_code


@pytest.mark.model
class TestWithAServer:
    """The same, where a server stands behind it."""

    def test_a_wrong_key(self, llama: LlamaServer, kind: Served) -> None:
        """Health and a run tell it alike, and neither says the key."""
        with kind.open(llama, key="sk-wrong-key") as made:
            health = made.health_check(Deadline(PLENTY), full=True)
            error = failure(made)
        assert (health.status, health.error_category, health.probe_step) == ("invalid_token", "auth", "none")
        assert (error.category, error.raw_error_code) == ("auth", "http_401")
        assert "sk-wrong-key" not in health.details + error.message + error.hint

    def test_another_model(self, llama: LlamaServer, kind: Served) -> None:
        """A name that the server would serve silently is refused with what there is, or replaced where allowed."""
        with kind.open(llama, model="gpt-5") as made:
            health = made.health_check(Deadline(PLENTY))
            assert failure(made).raw_error_code == "model_missing"
        assert (health.status, health.probe_step) == ("model_missing", "models")
        assert f"Wanted: gpt-5. There is: {llama.model}." in health.details
        with kind.open(llama, model="gpt-5", on_missing_model="first_ready") as made:
            assert ask(made, prompt("Say hello.")).model_id == llama.model
            assert made.requested_model == "gpt-5"

    def test_limits(self, llama: LlamaServer, kind: Served) -> None:
        """A prompt that does not fit and an answer that was cut are the model's, with their numbers."""
        with kind.open(llama) as made:
            large = failure(made, prompt("word " * 2000))
            cut = failure(made, prompt("Count from one to a thousand.", max_tokens=5))
        assert (large.category, large.raw_error_code) == ("model", "context_overflow")
        assert f"the context holds {llama.context_tokens}." in large.message
        assert (cut.category, cut.raw_error_code) == ("model", "answer_cut")
        assert "It had 5 tokens." in cut.message

    def test_usage(self, llama: LlamaServer, kind: Served) -> None:
        """Every protocol tells prompt, cached and completion tokens; a prompt asked again comes from the cache."""
        what = prompt("Say hello.")
        with kind.open(llama) as made:
            first, second = ask(made, what).usage, ask(made, what).usage
        assert first.prompt == second.prompt
        assert first.completion
        assert second.cached
        assert second.prompt
        assert second.cached <= second.prompt

    @pytest.mark.parametrize("stream", [True, False])
    def test_a_schema_holds_or_there_is_no_answer(self, llama: LlamaServer, kind: Served, stream: object) -> None:
        """What is claimed is kept: a document of the schema, else a fault that says so; never other words."""
        what = prompt("Which file?", max_tokens=40, constraint=Constraint(json_schema=SCHEMA))
        with kind.open(llama, capabilities={"stream": stream}) as made:
            assert made.supports().json_schema
            if kind.holds:
                assert json.loads(ask(made, what).text)["path"] in {"index.html", "style.css"}
            else:
                assert failure(made, what).category in {"schema", "model"}

    @pytest.mark.parametrize(
        "constraint", [Constraint(json_object=True), Constraint(json_schema=SCHEMA, function=True)]
    )
    def test_json_and_calls_hold_or_there_is_no_answer(
        self, llama: LlamaServer, kind: Served, constraint: Constraint
    ) -> None:
        """This model rambles and makes no calls: an answer is JSON all the same, or none."""
        with kind.open(llama) as made:
            text, code = outcome(made, prompt("A city, as JSON.", max_tokens=60, constraint=constraint))
        if code is None:
            assert isinstance(json.loads(text), dict)
            assert not constraint.function
        elif constraint.function and kind.mode == "llamacpp_completion":
            assert code == "constraint_unsupported"
        else:
            assert code in {"answer_cut", "bad_shape"}


def test_nobody_listens(kind: Served) -> None:
    """A port where nobody listens is told at once, in the same words by all."""
    with FaultyServer() as gone:
        nowhere = LlamaServer(gone.base_url, "sk-key", "m", 1)
    with kind.open(nowhere) as made:
        health = made.health_check(Deadline(PLENTY))
        error = failure(made)
    assert (health.status, health.raw_error_code, health.probe_step) == ("unreachable", "connect_refused", "none")
    assert error.message == f"Nothing answers at {made.endpoint}."
