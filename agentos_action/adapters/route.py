"""Which instance answers: all are asked side by side what they have, and the first in order that is ready is taken."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agentos_action.adapters.base import Adapter
from agentos_action.adapters.faults import STATUS_BY_CATEGORY, Code, Faults
from agentos_action.adapters.patience import LOADING_SECONDS
from agentos_action.adapters.text import one_line
from agentos_action.clock import Clock, Deadline
from agentos_action.errors import AgentOSError, ErrorCategory
from agentos_action.records.tool import ToolHealth

#: So long is still waited for an instance that stands before one that is ready.
GRACE_SECONDS: Final = 2.0
#: One that does not even list its models is left alone after this time; a model that is being loaded has as long.
SHARE_SECONDS: Final = LOADING_SECONDS
# What may pass between an adapter's own deadline and its last word.
_SLACK_SECONDS: Final = 0.5
# What decides nothing any more is waited for no longer than nobody notices.
_LAST_WORDS_SECONDS: Final = 0.2
_SHOWN_NAMES: Final = 10


class Asked:
    """One adapter under a health check on a thread of its own; `close` lets go of the adapter and what it stands on."""

    def __init__(self, adapter: Adapter, close: Callable[[], None]) -> None:
        self.adapter, self._close = adapter, close
        self.health: ToolHealth | None = None
        self._busy = self._unwanted = False
        self._lock = threading.Lock()

    def start(self, deadline: Deadline, *, full: bool, ended: Callable[[Asked], None]) -> None:
        """Begin the health check; `ended` hears of its end, whatever it was."""
        self._busy = True
        work = threading.Thread(
            target=self._work, args=(deadline, full, ended), name=f"agentos-{self.adapter.adapter_id}", daemon=True
        )
        work.start()

    def let_go(self) -> None:
        """Close the adapter: now, or once its thread does not use it any more."""
        with self._lock:
            self._unwanted = True
            if self._busy:
                return
        self._close()

    def _work(self, deadline: Deadline, full: bool, ended: Callable[[Asked], None]) -> None:  # noqa: FBT001 - a thread's arguments
        try:
            self.health = _checked(self.adapter, deadline, full=full)
        finally:
            with self._lock:
                self._busy, late = False, self._unwanted
            if late:
                self._close()
            ended(self)


@dataclass(frozen=True, slots=True)
class Routing:
    """Which place in the order was taken (None: none is ready), what is told of it, and what each instance said."""

    taken: int | None
    health: ToolHealth
    instances: tuple[ToolHealth, ...]


def side_by_side(
    asked: Sequence[Asked],
    deadline: Deadline,
    *,
    full: bool = False,
    enough: Callable[[Sequence[ToolHealth | None]], bool] | None = None,
) -> tuple[ToolHealth, ...]:
    """Check the health of all at once within the deadline.

    `enough` ends the waiting, but for a moment in which the others may still be heard for the record; where it is
    given, one that is ready ends it soon. Whoever calls this lets go of every one of them afterwards; a thread that
    was not waited for ends by its deadline.
    """
    words: queue.SimpleQueue[Asked] = queue.SimpleQueue()
    for one in asked:
        one.start(deadline, full=full, ended=words.put)
    last = Deadline(deadline.remaining() + _SLACK_SECONDS)
    grace: Deadline | None = None
    decided = False
    for _ in asked:
        wait = min(limit.remaining() for limit in (last, grace) if limit is not None)
        try:
            heard = words.get(timeout=wait)
        except queue.Empty:
            break
        if heard.health is None:
            # Its traceback stands on stderr.
            raise AssertionError(heard.adapter.adapter_id)
        if enough is None:
            continue
        if not decided and enough([one.health for one in asked]):
            decided, grace = True, Deadline(_LAST_WORDS_SECONDS)
        elif grace is None and heard.health.status == "connected":
            grace = Deadline(GRACE_SECONDS)
    return tuple(one.health or silent(one.adapter, deadline) for one in asked)


def route(asked: Sequence[Asked], deadline: Deadline) -> Routing:
    """Ask every instance for its models, and take the first in order that has the model it was asked for."""
    if len(asked) == 1:
        (only,) = asked
        only.health = _checked(only.adapter, deadline, full=False)
        return Routing(0 if only.health.status == "connected" else None, only.health, (only.health,))
    share = Deadline(min(SHARE_SECONDS, deadline.remaining()))
    said = side_by_side(asked, share, enough=_decided)
    taken = next((place for place, health in enumerate(said) if health.status == "connected"), None)
    if taken is not None:
        return Routing(taken, said[taken], said)
    return Routing(None, _nobody(asked, said), said)


def failed(adapter: Adapter, error: AgentOSError, clock: Clock | None = None) -> ToolHealth:
    """Return the health of an adapter whose check ended in this error."""
    category: ErrorCategory = error.category or "config"
    return ToolHealth(
        adapter_id=adapter.adapter_id,
        provider=adapter.provider,
        instance=adapter.instance,
        execution_mode=adapter.execution_mode,
        status=STATUS_BY_CATEGORY[category],
        details=f"{error.message.removesuffix('.')}. {error.hint}".strip(),
        error_category=category,
        raw_error_code=error.raw_error_code,
        endpoint=adapter.endpoint,
        checked_at=(clock or Clock()).now(),
        latency_ms=0,
    )


def silent(adapter: Adapter, deadline: Deadline) -> ToolHealth:
    """Return the health of an adapter that was not waited for any longer."""
    spent = max(0.0, deadline.seconds - deadline.remaining())
    where = adapter.endpoint or adapter.adapter_id
    told = f"{where} had said nothing after {spent:.1f} s, and was not waited for any longer."
    health = failed(adapter, Faults(where).error(Code.TIMEOUT))
    return health.model_copy(update={"details": told, "latency_ms": round(1000 * spent)})


def _checked(adapter: Adapter, deadline: Deadline, *, full: bool) -> ToolHealth:
    try:
        return adapter.health_check(deadline, full=full)
    except AgentOSError as error:
        return failed(adapter, error)


def _decided(said: Sequence[ToolHealth | None]) -> bool:
    """Return whether nothing that is still to come can change which is taken."""
    for health in said:
        if health is None:
            return False
        if health.status == "connected":
            return True
    return False


def _nobody(asked: Sequence[Asked], said: Sequence[ToolHealth]) -> ToolHealth:
    """Return what is told where none is ready: that the model is missing, else the fault of the first."""
    provider, wanted = asked[0].adapter.provider, asked[0].adapter.requested_model
    states = "; ".join(map(_state, said))
    without = next((health for health in said if health.status == "model_missing"), None)
    if without is None:
        first = said[0]
        return first.model_copy(update={"details": f"{first.details} All instances: {states}."})
    what = f"has '{one_line(wanted, 80)}'" if wanted else "has a model that is ready"
    todo = "Load it, or name one that is there."
    details = f"No instance of {provider} {what}. There is: {states}. {todo}"
    return without.model_copy(update={"details": details})


def _state(health: ToolHealth) -> str:
    if health.status != "model_missing":
        return f"{health.adapter_id}: {health.status.replace('_', ' ')} ({health.raw_error_code or 'no code'})"
    names = ", ".join(one_line(name, 80) for name in health.models[:_SHOWN_NAMES])
    more = f" and {len(health.models) - _SHOWN_NAMES} more" if len(health.models) > _SHOWN_NAMES else ""
    return f"{health.adapter_id}: {names or 'no model'}{more}"
