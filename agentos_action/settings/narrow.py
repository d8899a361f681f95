"""A task narrows its policy: of every key the stricter of the two counts, so that no task can widen anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from agentos_action.records.narrowing import Narrowing, NarrowLimits
from agentos_action.records.patch import RUNGS
from agentos_action.records.policy import PERMISSIONS, Limits, Policy

T = TypeVar("T")


def narrow(policy: Policy, wish: Narrowing) -> Policy:
    """Return the policy with everything that the task narrows; where it asks for more the policy's own word stays."""
    trust, checks, commit = policy.trust, policy.checks, policy.commit
    return replace(
        policy,
        max_placement=_first(policy.max_placement, wish.max_placement, RUNGS),
        allow_new_files=policy.allow_new_files and wish.allow_new_files is not False,
        allow_delete=policy.allow_delete and wish.allow_delete is not False,
        allow_rename=policy.allow_rename and wish.allow_rename is not False,
        allow_exec_bit=policy.allow_exec_bit and wish.allow_exec_bit is not False,
        protect_manifests=policy.protect_manifests or wish.protect_manifests is True,
        limits=_limits(policy.limits, wish.limits),
        trust=replace(
            trust,
            permission=_first(trust.permission, wish.trust.permission, PERMISSIONS[::-1]),
            users=_both(trust.users, wish.trust.users),
            bots=_both(trust.bots, wish.trust.bots) or (),
        ),
        checks=replace(
            checks,
            timeout_seconds=min(checks.timeout_seconds, wish.checks.timeout_seconds or float("inf")),
            sandbox=_first(checks.sandbox, wish.checks.sandbox, ("bubblewrap", "none")),
        ),
        commit=replace(commit, sign=_first(commit.sign, wish.commit.sign, ("always", "git"))),
    )


def _first(own: T, wished: T | None, strictest_first: tuple[T, ...]) -> T:
    return own if wished is None else min(own, wished, key=strictest_first.index)


def _both(own: tuple[str, ...] | None, wished: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the names in both lists; None is everybody."""
    if own is None or wished is None:
        return own if wished is None else wished
    known = {name.casefold() for name in wished}
    return tuple(name for name in own if name.casefold() in known)


def _limits(own: Limits, wished: NarrowLimits) -> Limits:
    told = wished.model_dump(exclude_none=True)
    return replace(own, **{key: min(value, getattr(own, key)) for key, value in told.items()})
