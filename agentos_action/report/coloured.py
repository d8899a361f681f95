"""Lines for a terminal, by rich: colours, a table of findings where there is room, one line that changes in place."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from agentos_action.records.verdict import Finding
from agentos_action.report.plain import Part, finding_lines, place, severity_style
from agentos_action.report.visible import visible_line

#: A narrower terminal would break the ids, which people search for.
TABLE_WIDTH = 120


class Coloured:
    """Lines as rich writes them on this stream, with its ways of finding out about terminals and colours."""

    def __init__(self, *, stderr: bool) -> None:
        self._console = _console(stderr=stderr)
        self._status: Status | None = None
        self.is_terminal = self._console.is_terminal

    @property
    def live(self) -> bool:
        """Whether what goes on now is shown."""
        return self._status is not None

    def line(self, *parts: Part) -> None:
        """Write one line."""
        self._console.print(Text.assemble(*parts))

    def findings(self, findings: Sequence[Finding]) -> None:
        """Write a table where there is room for it, else two lines for each."""
        if findings and self.is_terminal and self._console.width >= TABLE_WIDTH:
            self._console.print(_table(findings))
            return
        for finding in findings:
            head, text = finding_lines(finding)
            self.line(*head)
            if self.is_terminal:
                self._console.print(Padding(Text(text), (0, 0, 0, 2)), soft_wrap=False)
            else:
                self.line(("  ", ""), (text, ""))

    def begin(self) -> None:
        """Begin to be live, on a terminal."""
        if self.is_terminal:
            dots = "dots" if self._console.encoding.startswith("utf") else "line"
            self._status = self._console.status("", spinner=dots)
            self._status.start()

    def now(self, text: str) -> None:
        """Show what goes on now, where live."""
        if self._status is not None:
            self._status.update(Text(text))

    def end(self) -> None:
        """Be live no more."""
        if self._status is not None:
            self._status.stop()
            self._status = None


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)
    if console.no_color:
        # NO_COLOR takes rich's colours only; without a colour system there is no bold and no dim either.
        return Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False, color_system=None)
    return console


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("finding", no_wrap=True)
    for column in ("where", "what", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        table.add_row(
            Text(finding.id, style=severity_style(finding)),
            *(Text(visible_line(text)) for text in (place(finding), finding.message, finding.hint)),
        )
    return table
