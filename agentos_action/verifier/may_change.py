"""May this path be changed at all? Asked before a model is, with the very rules that judge the patch later."""

from __future__ import annotations

from agentos_action.records.patch import DiffFile, Patch
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.records.verdict import Finding
from agentos_action.verifier.rules.paths import paths
from agentos_action.verifier.rules.protected import protected
from agentos_action.verifier.subject import Subject


def may_change(  # noqa: PLR0913 - one parameter a source of narrowing
    path: str,
    policy: Policy,
    around: Surroundings,
    *,
    task_allowed: tuple[str, ...] = (),
    task_forbidden: tuple[str, ...] = (),
    task_within: tuple[str, ...] = (),
    exceptions: tuple[str, ...] = (),
) -> tuple[Finding, ...]:
    """Return the findings of the path rules for a change of `path`; none means that it may be proposed."""
    file = DiffFile(path, path, (path,), "modify", None, None, binary=False, hunks=0, added=(), removed=())
    subject = Subject(
        Patch("", "", (), (file,)),
        policy,
        around,
        task_allowed=task_allowed,
        task_forbidden=task_forbidden,
        task_within=task_within,
        exceptions=exceptions,
    )
    return (*paths(subject), *protected(subject))
