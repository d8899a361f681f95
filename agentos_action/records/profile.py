"""Profile: one model server, how it is reached and spoken to (`profiles/llm/*.json`)."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, JsonValue, PositiveInt, StrictBool, model_validator

from agentos_action.records.record import Record
from agentos_action.records.task import EditFormat


def check_home_file(text: str) -> str:
    """Return the path if it stays below the home, else raise ValueError saying so."""
    if any(part in {"", ".", ".."} for part in text.split("/")) or "\\" in text or "\0" in text:
        reason = f"{text!r}: name a file below the home, like .config/agent/auth.json"
        raise ValueError(reason)
    return text


Mode: TypeAlias = Literal["openai_compatible", "llamacpp_completion"]
InstanceName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
KeyRef: TypeAlias = Annotated[str, Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._-]+)$")]
Argument: TypeAlias = Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]
#: A file below the home, named from there, without a step back.
HomeFile: TypeAlias = Annotated[str, AfterValidator(check_home_file)]
UrlPath: TypeAlias = Annotated[str, Field(pattern=r"^/[!-~]*$")]
#: RFC 6901; the empty text is the whole reply.
Pointer: TypeAlias = Annotated[str, Field(pattern=r"^(/([^~/]|~[01])*)*$")]


class Params(Record):
    """Generation settings sent with every request; `max_tokens` caps one answer."""

    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    max_tokens: PositiveInt = 2048
    stop: tuple[str, ...] = ()
    seed: int = 0


class DeclaredCapabilities(Record):
    """Capabilities a profile takes away from what its adapter claims; it cannot give one."""

    stream: StrictBool = True
    json_mode: StrictBool = True
    json_schema: StrictBool = True
    grammar: StrictBool = True
    function_call: StrictBool = True


class AgentRules(Record):
    """How an agent command (`claude_cli`, `cli`) is called; each command is a program and its arguments.

    `instruction` says how it hears the task: on stdin, in the argument `{instruction}`, or in the file named by the
    argument `{file}`. `environment` are variables that it keeps (globs), `home_files` files below the home that are
    copied into its throw-away home: its own login. `{model}` stands for the wanted model; without one it goes, with the
    option before it. `sandbox` "auto" uses bubblewrap where it works.
    """

    command: Annotated[tuple[Argument, ...], Field(min_length=1)]
    instruction: Literal["stdin", "argument", "file"] = "stdin"
    version_command: tuple[Argument, ...] = ()
    login_command: tuple[Argument, ...] = ()
    environment: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*\*?$")], ...] = ()
    home_files: tuple[HomeFile, ...] = ()
    sandbox: Literal["auto", "bubblewrap", "none"] = "auto"


class HttpRules(Record):
    """How a model server of another kind (`local_http`) is spoken to; `*_path` are JSON Pointers into its reply.

    In `request` the texts `{prompt}`, `{messages}`, `{model}`, `{max_tokens}`, `{temperature}`, `{seed}` and `{stop}`
    stand for these values. `models` is the address that lists its models (null: it has no list).
    """

    path: UrlPath
    request: dict[str, JsonValue]
    response_path: Pointer
    error_path: Pointer | None = None
    model_path: Pointer | None = None
    finish_path: Pointer | None = None
    prompt_tokens_path: Pointer | None = None
    completion_tokens_path: Pointer | None = None
    models: UrlPath | None = None
    models_path: Pointer = ""


class Instance(Record):
    """One further server of the profile's provider; what is null here is as the profile says."""

    name: InstanceName
    base_url: str | None = None
    api_key_ref: KeyRef | None = None
    model: str | None = None


class Profile(Record):
    """One provider instance; a field that is null falls back to the provider's own default."""

    schema_: str | None = Field(default=None, alias="$schema")
    provider: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: InstanceName
    base_url: str | None = None
    api_key_ref: KeyRef | None = None
    model: str | None = None
    mode: Mode = "openai_compatible"
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400)] = 300.0
    params: Params = Params()
    capabilities: DeclaredCapabilities = DeclaredCapabilities()
    edit_format: EditFormat = "auto"
    on_missing_model: Literal["fail", "first_ready"] = "fail"
    instances: tuple[Instance, ...] = ()
    agent: AgentRules | None = None
    http: HttpRules | None = None
    sidecar_model: str | None = None

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = [self.name, *(instance.name for instance in self.instances)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            message = f"the name {twice!r} stands for two instances"
            raise ValueError(message)
        return self
