"""What every rule is handed: the patch, the policy, the task's own narrowing, the facts around."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agentos_action.records.leak import Leak
from agentos_action.records.patch import Patch, Placed
from agentos_action.records.policy import Policy
from agentos_action.records.surroundings import Surroundings
from agentos_action.records.verdict import Finding

if TYPE_CHECKING:
    from agentos_action.records.tool import OutputKind


@dataclass(frozen=True, slots=True)
class Subject:
    """One patch to be judged; the task's path lists narrow the policy, `exceptions` are the run's --allow-path.

    `task_within` are the globs of whoever handed the task in: a path must satisfy them besides the task's own.
    `placements` tell how much reading the answer had to guess; none where nothing had to be placed. `leaks` are the
    credentials that the scan found in added lines, `sources` the files that others are copied from.
    """

    patch: Patch
    policy: Policy
    surroundings: Surroundings
    task_allowed: tuple[str, ...] = ()
    task_forbidden: tuple[str, ...] = ()
    task_within: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()
    output_kind: OutputKind = "diff"
    placements: tuple[Placed, ...] = ()
    leaks: tuple[Leak, ...] = ()
    sources: tuple[str, ...] = ()


class Rule(Protocol):
    """A rule yields what it finds; no finding means that it agrees."""

    def __call__(self, subject: Subject, /) -> Iterable[Finding]:
        """Yield the findings of this rule."""
        ...


def every_name(subject: Subject) -> Iterator[str]:
    """Yield every name that any header or any change carries, once each, in order."""
    names = [name for file in subject.patch.files for name in file.names]
    names += subject.sources
    names += [name for change in subject.patch.changes for name in (change.old_path, change.new_path) if name]
    yield from dict.fromkeys(names)
