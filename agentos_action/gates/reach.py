"""The way to the adapter that a user's run would take: for the whole probe, and for single questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from agentos_action.adapters.base import Adapter
from agentos_action.adapters.faults import Code
from agentos_action.adapters.route import Asked, route
from agentos_action.clock import Deadline
from agentos_action.evidence.finalize import finalize_health
from agentos_action.gates.setting import Setting
from agentos_action.records.policy import ModelChoice
from agentos_action.records.profile import DeclaredCapabilities
from agentos_action.records.run import ModelWish
from agentos_action.records.tool import ToolHealth
from agentos_action.settings.choose import ChosenModel, choose_model

#: Nothing answers, or nothing may be asked: a gate that could not run. Whatever else a server says is its answer.
UNASKED = frozenset({
    Code.CONNECT_REFUSED, Code.CONNECT_FAILED, Code.DNS_FAILED, Code.NO_KEY, Code.NO_MODEL, Code.AGENT_MISSING,
    Code.NOT_LOGGED_IN, Code.NO_SANDBOX,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reached:
    """Who would answer: the whole probe's finding, what was chosen, and the adapter, None where none is ready."""

    health: ToolHealth
    chosen: ChosenModel
    adapter: Adapter | None

    @property
    def why_not(self) -> str | None:
        """Why the gate could not run, None where it could: nothing answered, or no key, no command was there."""
        if self.health.status == "connected" or self.health.raw_error_code not in UNASKED:
            return None
        return f"{self.health.raw_error_code}: {self.health.details}"


def chosen_for(setting: Setting, wish: ModelWish) -> ChosenModel | None:
    """Return the model that a run with this wish would ask, None where nobody names one."""
    request = setting.request
    return choose_model(
        flags=wish,
        environment=request.environment,
        policy=ModelChoice(),
        embedded=False,
        addresses=request.addresses,
        base=None,
        home=request.home,
    )


@contextmanager
def reached(setting: Setting, chosen: ChosenModel) -> Iterator[Reached]:
    """Take the first instance that is ready, as a run does, and walk its whole probe; closed with the block."""
    several = (replace(chosen, others=()), *chosen.others)
    with ExitStack() as stack:
        asked = []
        for one in several:
            adapter = stack.enter_context(setting.opened(one))
            # The stack closes it, not the thread that checks it.
            asked.append(Asked(adapter, lambda: None))
        found = route(asked, Deadline(setting.timeout))
        if found.taken is None:
            yield Reached(finalize_health(found.health), several[0], None)
            return
        adapter = asked[found.taken].adapter
        health = adapter.health_check(Deadline(setting.timeout), full=True)
        yield Reached(finalize_health(health), several[found.taken], adapter)


@contextmanager
def generous(setting: Setting, chosen: ChosenModel) -> Iterator[Adapter]:
    """Open the same adapter with a profile that takes no capability away, to see what is there undeclared."""
    profile = chosen.profile.model_copy(update={"capabilities": DeclaredCapabilities()})
    with setting.opened(replace(chosen, profile=profile)) as adapter:
        yield adapter
