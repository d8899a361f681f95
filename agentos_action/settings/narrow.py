"""A task narrows its policy: of every key the stricter of the two counts, so that no task can widen anything."""

from __future__ import annotations

from typing import TypeVar

from agentos_action.records.narrowing import Narrowing, NarrowLimits
from agentos_action.records.patch import RUNGS
from agentos_action.records.policy import PERMISSIONS, Limits, Policy

T = TypeVar("T")


def narrow(policy: Policy, wish: Narrowing) -> Policy:
    """Return the policy with everything that the task narrows; where it asks for more the policy's own word stays."""
    trust, checks, commit = policy.trust, policy.checks, policy.commit
    return policy.model_copy(
        update={
            "max_placement": _first(policy.max_placement, wish.max_placement, RUNGS),
            **{key: getattr(policy, key) and getattr(wish, key) is not False for key in _ALLOWED},
            "protect_manifests": policy.protect_manifests or wish.protect_manifests is True,
            "limits": _limits(policy.limits, wish.limits),
            "trust": trust.model_copy(
                update={
                    "permission": _first(trust.permission, wish.trust.permission, PERMISSIONS[::-1]),
                    "users": _both(trust.users, wish.trust.users),
                    "bots": _both(trust.bots, wish.trust.bots),
                }
            ),
            "checks": checks.model_copy(
                update={
                    "timeout_seconds": min(checks.timeout_seconds, wish.checks.timeout_seconds or float("inf")),
                    "sandbox": _first(checks.sandbox, wish.checks.sandbox, ("bubblewrap", "none")),
                }
            ),
            "commit": commit.model_copy(update={"sign": _first(commit.sign, wish.commit.sign, ("always", "git"))}),
        }
    )


_ALLOWED = ("allow_new_files", "allow_delete", "allow_rename", "allow_exec_bit")


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
    return own.model_copy(update={key: min(value, getattr(own, key)) for key, value in told.items()})
