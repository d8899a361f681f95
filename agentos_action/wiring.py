"""The one place that names concrete parts: settings → parts → pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agentos_action.clock import Clock
from agentos_action.errors import UsageError
from agentos_action.pipeline.walk import Parts
from agentos_action.settings.destination import key_for

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter
    from agentos_action.executor.commit import Executor
    from agentos_action.recipes.base import Recipe
    from agentos_action.records.observer import Observer
    from agentos_action.records.profile import Profile
    from agentos_action.records.run import RunRequest
    from agentos_action.settings.choose import ChosenModel


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
def open_adapter(chosen: ChosenModel, request: RunRequest, observer: Observer) -> Iterator[Adapter]:
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
    adapter = create(profile, AdapterParts(api_key=key_for(profile, request.api_keys), answer=answer))
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
    from agentos_action.sidecar.plan import Options  # noqa: PLC0415 - the same

    name = profile.model or profile.sidecar_model or ""
    model = models.find(name, request.cache / "models")
    observer.stage(f"Starting {model.name}")
    options = Options(threads=request.threads, binary=str(request.sidecar_binary) if request.sidecar_binary else None)
    with server.running(model, options, lambda what, _: observer.stage(what)) as running:
        served = profile.model_copy(update={"base_url": running.base_url, "model": running.model_name})
        yield served, running.api_key


def suggest_model(request: RunRequest) -> str:
    """Return a hint that names what answers on this machine."""
    import platformdirs  # noqa: PLC0415 - only when nobody chose

    from agentos_action.adapters.base import AdapterParts  # noqa: PLC0415 - only when nobody chose
    from agentos_action.adapters.registry import create  # noqa: PLC0415 - the same
    from agentos_action.clock import Deadline  # noqa: PLC0415 - the same
    from agentos_action.settings.profile import find_instance  # noqa: PLC0415 - the same
    from agentos_action.sidecar import models, server  # noqa: PLC0415 - the same

    found = []
    running = server.connect(platformdirs.user_state_path("agentos") / "sidecar")
    if running is not None:
        found.append(f"--provider llamacpp --base-url {running.base_url} is the sidecar (`agentos sidecar status`)")
    profile = find_instance("llamacpp", None, None, request.home).profile
    adapter = create(profile, AdapterParts(api_key=key_for(profile, request.api_keys)))
    try:
        health = adapter.health_check(Deadline(1.0))
    finally:
        adapter.close()
    if health.status == "connected":
        found.append(f"--provider llamacpp answers at {health.endpoint}")
    installed = [model.name for model in models.installed(request.cache / "models")]
    if installed:
        found.append(f"--embedded can use {', '.join(installed)}")
    if found:
        return "Here " + "; ".join(found) + "."
    return "Nothing answers here. `agentos model install smollm2-135m`, then --embedded; or start llama-server."
