"""The one place that names concrete parts: settings → parts → pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.clock import Clock
from agentos_action.errors import UsageError
from agentos_action.pipeline.walk import Parts
from agentos_action.settings.credentials import read_credentials
from agentos_action.settings.key import key_for

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter, OpenWorkspace
    from agentos_action.executor.commit import Executor
    from agentos_action.recipes.base import Recipe
    from agentos_action.records.observer import Observer
    from agentos_action.records.profile import Profile
    from agentos_action.records.run import RunRequest
    from agentos_action.records.tool import ToolHealth
    from agentos_action.settings.choose import ChosenModel

#: Providers whose servers stand on a person's own machine.
LOCAL_SERVERS = ("llamacpp", "lmstudio", "ollama")
#: A hint is no reason to let a person wait.
_HINT_SECONDS = 1.0


def parts(clock: Clock | None = None) -> Parts:
    """Return the parts of a real run."""
    return Parts(
        clock=clock or Clock(),
        open_adapter=open_adapter,
        load_recipe=load_recipe,
        open_executor=open_executor,
        suggest_model=suggest_model,
    )


def load_recipe(name: str) -> Recipe:
    """Return a recipe by name."""
    from agentos_action.recipes.registry import load  # noqa: PLC0415 - only recipe runs need it

    return load(name)


def open_executor(place: Path) -> Executor:
    """Return the executor of the repository that stands there."""
    from agentos_action.executor.commit import Executor  # noqa: PLC0415 - pygit2, and only when there is a patch

    return Executor(place)


@contextmanager
def open_adapter(
    chosen: ChosenModel, request: RunRequest, observer: Observer, workspace: OpenWorkspace | None = None
) -> Iterator[Adapter]:
    """Make the chosen adapter; starts the embedded server where the profile names one, and ends it."""
    from agentos_action.adapters.base import AdapterParts, AnswerFile  # noqa: PLC0415 - only runs that ask
    from agentos_action.adapters.registry import create  # noqa: PLC0415 - the same

    profile = chosen.profile
    if profile.sidecar_model is not None and profile.base_url is None:
        with _sidecar(profile, request, observer) as (served, key):
            adapter = create(served, AdapterParts(api_key=key))
            try:
                yield adapter
            finally:
                adapter.close()
        return
    answer = None
    if request.answer is not None:
        answer = AnswerFile(request.answer.name, _read_answer(request.answer))
    found = key_for(chosen, request.api_keys, read_credentials(request.home))
    parts_of = AdapterParts(api_key=found.value, key_note=found.note, answer=answer, workspace=workspace)
    adapter = create(profile, parts_of)
    try:
        yield adapter
    finally:
        adapter.close()


def _read_answer(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "Name an existing file with --answer.") from error


@contextmanager
def _sidecar(profile: Profile, request: RunRequest, observer: Observer) -> Iterator[tuple[Profile, str]]:
    from agentos_action.sidecar import models, server  # noqa: PLC0415 - only embedded runs
    from agentos_action.sidecar.file import own_model  # noqa: PLC0415 - the same
    from agentos_action.sidecar.plan import DEFAULTS, Options  # noqa: PLC0415 - the same

    if request.gguf is not None:
        observer.stage(f"Reading {request.gguf.name}")
        model = own_model(request.gguf, request.gguf_sha256)
    else:
        model = models.find(profile.model or profile.sidecar_model or "", request.cache / "models")
    observer.stage(f"Starting {model.name}")
    options = Options(
        context_tokens=request.context_tokens or DEFAULTS.context_tokens,
        threads=request.threads,
        binary=str(request.sidecar_binary) if request.sidecar_binary else None,
    )
    with server.running(model, options, lambda what, _: observer.stage(what)) as running:
        served = profile.model_copy(update={"base_url": running.base_url, "model": running.model_name})
        yield served, running.api_key


def suggest_model(request: RunRequest) -> str:
    """Return a hint that names what answers on this machine."""
    import platformdirs  # noqa: PLC0415 - only when nobody chose

    from agentos_action.sidecar import models, server  # noqa: PLC0415 - the same

    found = []
    running = server.connect(platformdirs.user_state_path("agentos") / "sidecar")
    if running is not None:
        found.append(f"--provider llamacpp --base-url {running.base_url} is the sidecar (`agentos sidecar status`)")
    found += [
        f"--provider {health.adapter_id} answers at {health.endpoint}"
        for health in _here(request)
        if health.status == "connected"
    ]
    installed = [model.name for model in models.installed(request.cache / "models")]
    if installed:
        found.append(f"--embedded can use {', '.join(installed)}")
    if found:
        return "Here " + "; ".join(found) + "."
    return "Nothing answers here. `agentos model install smollm2-135m`, then --embedded; or start llama-server."


def _here(request: RunRequest) -> tuple[ToolHealth, ...]:
    """Return what every instance of a local server on this machine says, all asked at once."""
    from agentos_action.adapters.route import Asked, side_by_side  # noqa: PLC0415 - only when nobody chose
    from agentos_action.clock import Deadline  # noqa: PLC0415 - the same
    from agentos_action.records.observer import Nobody  # noqa: PLC0415 - the same
    from agentos_action.settings.choose import as_chosen  # noqa: PLC0415 - the same
    from agentos_action.settings.destination import address_of, is_loopback  # noqa: PLC0415 - the same
    from agentos_action.settings.profile import instances_of  # noqa: PLC0415 - the same

    there = [
        as_chosen(loaded, "suggestion", request.addresses)
        for provider in LOCAL_SERVERS
        for loaded in instances_of(provider, None, request.home)
    ]
    chosen = [one for one in there if is_loopback(address_of(one.profile))]
    asked: list[Asked] = []
    try:
        for one in chosen:
            # A setting that is wrong is told when somebody chooses it; this is only a hint.
            with ExitStack() as stack, suppress(UsageError):
                adapter = stack.enter_context(open_adapter(one, request, Nobody()))
                asked.append(Asked(adapter, stack.pop_all().close))
        return side_by_side(asked, Deadline(_HINT_SECONDS))
    finally:
        for opened in asked:
            opened.let_go()
