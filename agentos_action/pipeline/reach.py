"""The way to the model: open what may be asked, ask every instance for its models, tape what they say, take one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agentos_action.errors import ToolError, UsageError
from agentos_action.evidence.finalize import finalize_health
from agentos_action.evidence.layout import HEALTH
from agentos_action.pipeline.prepare import Prepared
from agentos_action.pipeline.walk import Walk
from agentos_action.pipeline.workspace import Opener
from agentos_action.records.tool import ToolHealth
from agentos_action.records.verdict import Finding
from agentos_action.settings.destination import check_destination
from agentos_action.settings.instances import first_ready, strict

if TYPE_CHECKING:
    from agentos_action.adapters.base import Adapter
    from agentos_action.adapters.route import Asked
    from agentos_action.clock import Deadline
    from agentos_action.settings.choose import ChosenModel


@dataclass(frozen=True, slots=True)
class Candidate:
    """One instance that may be asked: what was chosen, and its adapter, which takes no other model than the wanted."""

    chosen: ChosenModel
    asked: Asked

    @property
    def adapter(self) -> Adapter:
        """Return the adapter."""
        return self.asked.adapter


@contextmanager
def candidates(walk: Walk, prepared: Prepared) -> Iterator[list[Candidate]]:
    """Open every instance that may be asked, and close them all in the end; nothing is sent to any of them yet.

    Raises UsageError where the only one may not be asked; of several, such are left out and told.
    """
    several = (replace(prepared.chosen, others=()), *prepared.chosen.others)
    opened: list[Candidate] = []
    refused: list[UsageError] = []
    try:
        for chosen in several:
            try:
                opened.append(_opened(walk, prepared, chosen, strict(chosen)))
            except UsageError as error:
                refused.append(error)
                if len(several) > 1:
                    _tell_left_out(walk, chosen, error)
        if not opened:
            raise refused[0]
        yield opened
    finally:
        for candidate in opened:
            candidate.asked.let_go()


def reach(walk: Walk, prepared: Prepared, opened: list[Candidate], deadline: Deadline) -> tuple[Adapter, Prepared]:
    """Return the adapter to ask, and what stands prepared with the profile that it is of; raises ToolError for none."""
    from agentos_action.adapters.route import Routing, route  # noqa: PLC0415 - with the adapters, which httpx comes with

    if len(opened) > 1:
        walk.observer.stage(f"Asking {len(opened)} instances of {prepared.chosen.profile.provider}")
    found = route([candidate.asked for candidate in opened], deadline)
    taken = opened[found.taken] if found.taken is not None else None
    if taken is None:
        place = first_ready([candidate.chosen for candidate in opened], found.instances)
        if place is not None:
            taken = _opened(walk, prepared, opened[place].chosen, opened[place].chosen)
            opened.append(taken)
            health = taken.adapter.health_check(deadline)
            said = (*found.instances[:place], health, *found.instances[place + 1 :])
            found = Routing(place, health, said)
            _tell_other(walk, taken.adapter, health)
    for candidate in opened:
        if candidate is not taken:
            candidate.asked.let_go()
    spoken = taken or opened[0]
    _tape(walk, spoken, found.health, found.instances)
    walk.chosen = spoken.chosen
    return spoken.adapter, replace(prepared, chosen=spoken.chosen)


def _opened(walk: Walk, prepared: Prepared, chosen: ChosenModel, as_asked: ChosenModel) -> Candidate:
    """Open one instance; raises UsageError where it cannot be, and where the policy lets no prompt go to it."""
    from agentos_action.adapters.route import Asked  # noqa: PLC0415 - with the adapters, which httpx comes with

    opener = Opener(walk, replace(prepared, chosen=chosen))
    with ExitStack() as stack:
        adapter = stack.enter_context(walk.parts.open_adapter(as_asked, walk.request, walk.observer, opener))
        choice = prepared.policy.policy.model
        check_destination(choice, adapter.execution_mode, adapter.endpoint, elsewhere=adapter.works_in_tree)
        return Candidate(chosen, Asked(adapter, stack.pop_all().close))


def _tell_left_out(walk: Walk, chosen: ChosenModel, error: UsageError) -> None:
    name = f"{chosen.profile.provider}:{chosen.profile.name}"
    said = f"{name} is not asked: {error.message.removesuffix('.')}"
    walk.warn(Finding(id="model.left-out", severity="warning", message=said, hint=error.hint))


def _tell_other(walk: Walk, adapter: Adapter, health: ToolHealth) -> None:
    said = f"no instance has {adapter.requested_model!r}, and {adapter.adapter_id} answers with another model"
    hint = f"{health.details} The profile wants it so (on_missing_model)."
    walk.warn(Finding(id="model.other", severity="warning", message=said, hint=hint))


def _tape(walk: Walk, spoken: Candidate, health: ToolHealth, instances: tuple[ToolHealth, ...]) -> None:
    final = finalize_health(health)
    facts = final.model_dump(mode="json")
    summary: dict[str, object] = {"health": facts}
    if len(instances) > 1:
        summary["instances"] = [finalize_health(said).model_dump(mode="json") for said in instances]
    walk.folder.write_json(HEALTH, summary)
    requested = spoken.adapter.requested_model
    walk.event(
        "health_check",
        **facts,
        model_id=None,
        requested_model=requested,
        profile=spoken.chosen.source,
        instances_asked=len(instances),
    )
    if final.status != "connected":
        what, _, hint = final.details.partition(". ")
        raise ToolError(what, hint, category=final.error_category or "runtime", code=final.raw_error_code)
