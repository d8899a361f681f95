"""How the claims of an adapter are gathered: one probe a capability, and one run for the diff."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agentos_action.adapters.base import Adapter
from agentos_action.clock import Deadline
from agentos_action.errors import AgentOSError
from agentos_action.gates.capabilities import PROBED, Claims
from agentos_action.gates.probes import probe
from agentos_action.gates.reach import Reached, chosen_for, generous, reached
from agentos_action.gates.seen import Left, Seen, gather
from agentos_action.gates.setting import Setting
from agentos_action.gates.walks import Unreached, asked
from agentos_action.settings.choose import ChosenModel
from agentos_action.settings.destination import is_loopback


@contextmanager
def claimed(setting: Setting, evidence: Path) -> Iterator[tuple[Claims, Left | None, Reached] | Unreached]:
    """Ask the provider that is named for everything it claims, and what it does not claim."""
    chosen = chosen_for(setting, setting.wish)
    if chosen is None:
        yield Unreached("no provider is named: whose claims are to be tested is said by --provider")
        return
    with reached(setting, chosen) as found:
        if found.why_not is not None:
            yield Unreached(found.why_not, found)
            return
        adapter = found.adapter
        if adapter is None:
            yield Unreached(f"{found.health.raw_error_code}: {found.health.details}", found, wrong=True)
            return
        # First a run, so that what a server tells meanwhile is known before the claims are read.
        with asked(setting, adapter.provider, evidence, setting.wish) as walked:
            left = walked if isinstance(walked, Left) else None
            claims = _claims(setting, chosen, found, adapter, gather(left) if left else None)
            yield claims, left, found


def _claims(setting: Setting, chosen: ChosenModel, found: Reached, adapter: Adapter, seen: Seen | None) -> Claims:
    supports = adapter.supports()
    declared = tuple(name for name in PROBED if getattr(supports, name))
    probed, used = probe(adapter, declared, setting.timeout)
    if not adapter.works_in_tree:
        # Nobody asks an agent command for anything but files.
        with generous(setting, found.chosen) as other:
            hidden = tuple(name for name in PROBED if getattr(other.supports(), name) and name not in declared)
            undeclared, also = probe(other, hidden, setting.timeout)
            probed |= undeclared
            used = max((tokens for tokens in (used, also) if tokens is not None), default=None)
    return Claims(
        supports=adapter.supports(),
        local=is_loopback(adapter.endpoint)
        and not adapter.works_in_tree
        and not setting.mocks(chosen.profile.provider),
        connected=found.health.status == "connected",
        health=f"{found.health.status} ({found.health.raw_error_code}): {found.health.details}",
        probed=probed,
        context_tokens=_context(adapter, setting.timeout),
        used_tokens=used,
        diff=_no_diff(seen),
    )


def _context(adapter: Adapter, seconds: float) -> int | None:
    try:
        return adapter.context_tokens(Deadline(seconds))
    except AgentOSError:
        # Who cannot be asked declares nothing; what the probes showed of the server stands beside it.
        return None


def _no_diff(seen: Seen | None) -> str:
    """Return why the run came to no diff, empty where it did."""
    if seen is None:
        return "nothing could be asked any more"
    verdict = seen.verdict
    return "" if verdict is not None and verdict.get("is_valid") is True and seen.diff else seen.ended
