"""What the parts of an answer come to: changes, and of parts that do not fit what the rules can still judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from agentos_action.patches.names import LONGEST
from agentos_action.patches.refusal import Refused
from agentos_action.records.patch import FileChange, Placed
from agentos_action.records.verdict import Finding

#: So many findings say enough about an answer that does not fit.
MOST_FINDINGS = 8


@dataclass(slots=True)
class Changes:
    """What an answer comes to; `sources` are the names of files that others are copied from."""

    files: list[FileChange] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    placements: list[Placed] = field(default_factory=list)


class Unfit:
    """Gathers the parts of one answer that gave no change."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._names: list[str] = []
        self._in_place = True

    @property
    def enough(self) -> bool:
        """Whether so much is wrong already that no other part needs to be tried."""
        return len(self._findings) >= MOST_FINDINGS

    def add(self, old: str | None, new: str | None, findings: Iterable[Finding] = ()) -> None:
        """Note a part by its names, with what is wrong with it; with nothing where it was not tried."""
        self._findings += findings
        # Of a name that no path can have nothing more is to be said.
        self._names += [name for name in (old, new) if name and len(name.encode("utf-8", "replace")) <= LONGEST]
        self._in_place = self._in_place and old == new

    def check(self, built: Changes) -> None:
        """Raise Refused where anything is wrong, with what the rules are to judge besides: other changes, all names."""
        if not self._findings:
            return
        made = [name for change in built.files for name in (change.old_path, change.new_path) if name is not None]
        besides = Changes(sources=[*built.sources, *made, *self._names])
        if self._in_place:
            besides.files, besides.placements = built.files, built.placements
        # Else a name was to come or to go: without that the others may look like doubles of what stays.
        raise Refused(*self._findings[:MOST_FINDINGS], besides=besides)


def check_all(built: Changes, checks: Iterable[Callable[[], None]]) -> None:
    """Make every check of what is built; raises Refused with what all of them say, and the changes besides."""
    findings: list[Finding] = []
    for check in checks:
        try:
            check()
        except Refused as refused:
            findings += refused.findings
    if findings:
        raise Refused(*findings[:MOST_FINDINGS], besides=built)
