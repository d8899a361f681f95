"""Servers and commands that a gate asks: good ones of every provider, and such that lie, write or break off."""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.gates.greeting import PATH
from agentos_action.gates.setting import Setting
from agentos_action.records.run import ModelWish, RunRequest
from tests.adapters.dialects import ANTHROPIC, LLAMACPP, LMSTUDIO, OLLAMA, OPENAI, Dialect
from tests.adapters.faulty import CHAT, MODEL, Behaviour, FaultyServer, Request, chunk, reply, sse, stream

DIALECTS: Mapping[str, Dialect] = {one.provider: one for one in (LLAMACPP, LMSTUDIO, OLLAMA, OPENAI, ANTHROPIC)}
#: Their probe asks for a word, so the first question is not the run's.
PROBED = frozenset({"llamacpp", "lmstudio", "ollama"})
#: What an agent does that does its task.
DOES_IT = f"p = pathlib.Path({PATH!r}); p.write_text(p.read_text().replace('___', 'Good morning.'))"


@contextmanager
def good(provider: str) -> Iterator[FaultyServer]:
    """Start a server that speaks a provider's protocol and says two plain words, whatever it is asked."""
    with FaultyServer() as server:
        server.at.update(DIALECTS[provider].paths())
        yield server


def setting(tmp_path: Path, provider: str | None = None, base_url: str | None = None, **more: Any) -> Setting:
    """Return a setting with an empty home."""
    request = RunRequest(repo=Path(), home=tmp_path / "home", cache=tmp_path / "cache")
    model = MODEL if provider in {"openai", "anthropic"} else None
    return Setting(request, ModelWish(provider=provider, base_url=base_url, model=model), 20.0, **more)


def at(server: FaultyServer, provider: str) -> str:
    """Return the base URL of a provider's server."""
    return server.base_url + DIALECTS[provider].base


def numbered(number: int, this: Behaviour, others: Behaviour) -> Behaviour:
    """Behave this way for one request to a path, the other way for all others."""

    def behave(connection: socket.socket, request: Request) -> None:
        (this if request.number == number else others)(connection, request)

    return behave


def in_the_run(provider: str, behaviour: Behaviour) -> Behaviour:
    """Behave so when the run asks; the probe of a local provider is answered well."""
    if provider not in PROBED:
        return behaviour
    dialect = DIALECTS[provider]
    return numbered(1, dialect.stream(dialect.good()), behaviour)


def ground_of_a_gate() -> Path:
    """Return the repository of the gate that runs now."""
    (found,) = Path(tempfile.gettempdir()).glob("agentos-gate-*/repo")
    return found


def writing(provider: str) -> Behaviour:
    """Write into the gate's repository, then answer well."""

    def behave(connection: socket.socket, request: Request) -> None:
        (ground_of_a_gate() / "evil.txt").write_text("evil\n")
        dialect = DIALECTS[provider]
        dialect.stream(dialect.good())(connection, request)

    return behave


def committing(provider: str) -> Behaviour:
    """Commit in the gate's repository, then answer well."""

    def behave(connection: socket.socket, request: Request) -> None:
        command = ["git", "commit", "--quiet", "--allow-empty", "--message", "evil"]
        subprocess.run(command, cwd=ground_of_a_gate(), check=True)
        dialect = DIALECTS[provider]
        dialect.stream(dialect.good())(connection, request)

    return behave


def wordless(provider: str) -> Behaviour:
    """Answer well, with an answer that holds no word."""
    dialect = DIALECTS[provider]
    return dialect.stream(dialect.good().replace(b"Hello", b"***").replace(b" you", b" **"))


@dataclass(frozen=True, slots=True)
class Capable:
    """A chat server of OpenAI's protocol that can everything but what `lacks` names; `words` are its prose."""

    lacks: frozenset[str] = frozenset()
    words: tuple[str, ...] = ("Hello", " you")

    def __call__(self, connection: socket.socket, request: Request) -> None:
        """Answer in the shape that is asked for."""
        body = json.loads(request.body)
        text = self._shaped(body)
        if text is not None and "tools" in body:
            call = {"index": 0, "function": {"name": "answer", "arguments": text}}
            events: list[object] = [_piece(tool_calls=[call]), chunk(..., "tool_calls")]
        else:
            pieces = self.words if text is None else (text[:2], text[2:])
            if "stream" in self.lacks:
                pieces = ("".join(pieces),)
            events = [*(chunk(piece) for piece in pieces), chunk(..., "stop")]
        usage = {"prompt_tokens": 7, "completion_tokens": 2}
        stream(sse(*events, {"choices": [], "model": MODEL, "usage": usage}))(connection, request)

    def _shaped(self, body: dict[str, Any]) -> str | None:
        kind = body.get("response_format", {}).get("type")
        if "tools" in body:
            return None if "function_call" in self.lacks else '{"colour": "red"}'
        if "grammar" in body:
            return None if "grammar" in self.lacks else "<<123>>"
        if kind == "json_schema":
            return '{"color": 1}' if "json_schema" in self.lacks else '{"colour": "red"}'
        if kind == "json_object":
            return None if "json_mode" in self.lacks else '{"a": 1}'
        return None


def _piece(**delta: object) -> dict[str, object]:
    return {"choices": [{"finish_reason": None, "index": 0, "delta": delta}], "model": MODEL}


@contextmanager
def capable(provider: str, behaviour: Behaviour) -> Iterator[FaultyServer]:
    """Start a server of `llamacpp` or `openai` that answers chats this way."""
    with good(provider) as server:
        server.at[CHAT] = behaviour
        server.at["/props"] = reply(props(512))
        yield server


def props(context: int) -> dict[str, object]:
    """Return what llama.cpp says of itself."""
    return {"default_generation_settings": {"n_ctx": context}, "chat_template_caps": {"supports_tools": True}}
