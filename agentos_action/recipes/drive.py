"""A recipe at work: its places in all files, asked one after the other, within limits; what is left is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from agentos_action.errors import AgentOSError
from agentos_action.recipes.base import Recipe
from agentos_action.records.context import ContextFile
from agentos_action.records.model import Prompt
from agentos_action.records.recipe import LeftAlone, Place

#: Asks the model for one place; None where its answer was unusable (cut off, empty, filtered).
Ask: TypeAlias = Callable[[Place, Prompt], str | None]
#: Hears of a place that is done: (done, of how many, its name, its filling).
OnPlace: TypeAlias = Callable[[int, int, str, str | None], None]

LATER = "left for the next run"


class StopAsking(Exception):  # noqa: N818 - not an error of the recipe; what was filled so far is kept
    """Raised by `ask` where the model cannot be asked any more; `cause` is why."""

    def __init__(self, cause: AgentOSError) -> None:
        super().__init__(cause.message)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far one run goes: model calls, files, places (each is one hunk)."""

    calls: int
    files: int
    places: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a recipe found: the files with places, and what it leaves alone from the start."""

    work: tuple[tuple[ContextFile, tuple[Place, ...]], ...]
    left: tuple[LeftAlone, ...]

    @property
    def places(self) -> int:
        """The number of places in all files."""
        return sum(len(places) for _, places in self.work)


@dataclass(slots=True)
class Driven:
    """What came of it: new texts by path, the places filled, those left alone with the reason."""

    texts: dict[str, str] = field(default_factory=dict)
    placed: list[str] = field(default_factory=list)
    left: list[LeftAlone] = field(default_factory=list)


def plan(recipe: Recipe, files: Iterable[ContextFile]) -> Plan:
    """Find every place; pure, asks nobody."""
    work: list[tuple[ContextFile, tuple[Place, ...]]] = []
    left: list[LeftAlone] = []
    for file in files:
        places, alone = recipe.find(file.path, file.text)
        left += alone
        if places:
            work.append((file, places))
    return Plan(tuple(work), tuple(left))


def drive(recipe: Recipe, planned: Plan, bounds: Bounds, ask: Ask, on_place: OnPlace) -> Driven:
    """Fill the places of a plan until a bound is reached, or until `ask` says that it is over.

    What was filled by then is kept; where nothing was, the cause is raised. Other errors of `ask` pass through.
    """
    result = Driven(left=list(planned.left))
    calls = done = 0
    over: AgentOSError | None = None
    for number, (file, places) in enumerate(planned.work):
        fillings: dict[str, str] = {}
        for place in places:
            reason = f"the model could not be asked any more ({over.message})" if over else None
            reason = reason or _stop(bounds, number, done, calls)
            if reason:
                result.left.append(LeftAlone(place.id, place.path, place.line, f"{LATER}: {reason}"))
                continue
            try:
                filling, used = _fill(recipe, place, file.text, bounds.calls - calls, ask)
            except StopAsking as stopped:
                over = stopped.cause
                result.left.append(LeftAlone(place.id, place.path, place.line, f"{LATER}: {over.message}"))
                continue
            calls += used
            done += 1
            on_place(done, planned.places, place.name, filling)
            if filling is None:
                reason = "the model's answer was not usable"
                result.left.append(LeftAlone(place.id, place.path, place.line, reason))
            else:
                fillings[place.id] = filling
        if fillings:
            built = recipe.build(file.path, file.text, fillings)
            result.texts[file.path] = built.text
            result.placed += built.placed
            known = {(alone.place_id, alone.line) for alone in result.left}
            result.left += [alone for alone in built.left if (alone.place_id, alone.line) not in known]
    if over is not None and not result.placed:
        raise over
    return result


def _stop(bounds: Bounds, file: int, done: int, calls: int) -> str | None:
    if file >= bounds.files:
        return f"limits.max_files is {bounds.files}"
    if done >= bounds.places:
        return f"limits.max_hunks and max_changed_lines allow {bounds.places} places"
    if calls >= bounds.calls:
        return f"limits.max_model_calls is {bounds.calls}"
    return None


def _fill(recipe: Recipe, place: Place, text: str, calls_left: int, ask: Ask) -> tuple[str | None, int]:
    asking = recipe.ask(place, text)
    used = 0
    try:
        prompt = next(asking)
        while True:
            if used >= calls_left:
                return None, used
            used += 1
            answer = ask(place, prompt)
            if answer is None:
                return None, used
            prompt = asking.send(answer)
    except StopIteration as finished:
        filling = finished.value
        return (filling if isinstance(filling, str) else None), used
    finally:
        asking.close()
