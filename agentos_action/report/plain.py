"""Lines for a log or a pipe: the words of the coloured ones, without rich, whose import would slow a hook."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from agentos_action.records.verdict import Finding
from agentos_action.report.visible import unobeyed, visible_line

#: A piece of a line and its style in rich's words ("" is none).
Part: TypeAlias = tuple[str, str]


class Talk(Protocol):
    """Where lines go."""

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks on, or colours are wanted as if."""

    @property
    def live(self) -> bool:
        """Whether what goes on now is shown, in a line that the next one replaces."""

    def line(self, *parts: Part) -> None:
        """Write one line."""

    def findings(self, findings: Sequence[Finding]) -> None:
        """Write every finding."""

    def begin(self) -> None:
        """Begin to be live, where that can be."""

    def now(self, text: str) -> None:
        """Show what goes on now, where live."""

    def end(self) -> None:
        """Be live no more."""


class Plain:
    """Plain lines on stderr; never live, because a log keeps every line.

    `runner` says that a CI runner reads them and obeys commands in them, unless they are broken.
    """

    is_terminal = False
    live = False

    def __init__(self, *, runner: bool = False) -> None:
        self._runner = runner

    def line(self, *parts: Part) -> None:
        """Write one line."""
        text = "".join(text for text, _ in parts)
        sys.stderr.write((unobeyed(text) if self._runner else text) + "\n")

    def findings(self, findings: Sequence[Finding]) -> None:
        """Write two lines for each."""
        for finding in findings:
            head, text = finding_lines(finding)
            self.line(*head)
            self.line(("  ", ""), (text, ""))

    def begin(self) -> None:
        """Stay as it is."""

    def now(self, text: str) -> None:
        """Show nothing."""

    def end(self) -> None:
        """Stay as it is."""


def finding_lines(finding: Finding) -> tuple[tuple[Part, ...], str]:
    """Return the line that says which finding stands where, and the text of what it is and what to do."""
    where = visible_line(place(finding))
    head = ((finding.severity, severity_style(finding)), (f" [{finding.id}]{f' {where}' if where else ''}", ""))
    return head, visible_line(f"{finding.message.removesuffix('.')}. {finding.hint}")


def place(finding: Finding) -> str:
    """Return `path:line` as far as a finding has them."""
    return f"{finding.path or ''}{f':{finding.line}' if finding.line else ''}"


def severity_style(finding: Finding) -> str:
    """Return the colour of an error or a warning."""
    return "red" if finding.severity == "error" else "yellow"
