"""What a person sees: progress on a terminal, plain lines in a log; data on stdout, talk on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from agentos_action.records.run import RunReport
from agentos_action.report.visible import visible, visible_line

#: More lines than a person reads; the evidence holds the whole diff.
MAX_DIFF_LINES = 400
MAX_LEFT = 10

_GOOD = frozenset({"committed", "applied", "dry_run", "no_change"})


class Reporter:
    """An Observer that talks on stderr; `quiet` says nothing at all (for --json)."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._talk = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)
        self._quiet = quiet
        self._verbose = verbose
        self._status: Status | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        if not self._quiet and self._talk.is_terminal:
            self._status = self._talk.status("", spinner="dots")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def stage(self, text: str) -> None:
        """Say what begins now."""
        if text == self._stage:
            return
        self._stage = text
        self._show(text, line=True)

    def tokens(self, received: int) -> None:
        """Count up on a terminal; a log hears nothing of single tokens."""
        if self._status is not None:
            self._status.update(Text(f"{visible_line(self._stage)} … {received} tokens"))

    def place(self, done: int, total: int, name: str, filling: str | None) -> None:
        """Say what a place was filled with."""
        self._stage = f"{done} of {total} places done"
        self._show(f"{done}/{total} {name}: {filling if filling is not None else 'left alone'}", line=True)

    def warning(self, text: str) -> None:
        """Say a warning; also with --json, because stderr is not data."""
        self._talk.print(Text(f"warning: {visible_line(text)}", style="yellow"))

    def transfer(self, what: str, done: int, total: int | None) -> None:
        """Show how far a download is, on a terminal only; a log gets one line."""
        if self._status is None:
            self.stage(what)
            return
        of = f" of {total / 1e6:.0f}" if total else ""
        self._status.update(Text(f"{visible_line(what)} {done / 1e6:.0f}{of} MB"))

    def _show(self, text: str, *, line: bool) -> None:
        if self._quiet:
            return
        if self._status is not None:
            self._status.update(Text(visible_line(text)))
        if line and (self._status is None or self._verbose or "/" in text.split(" ", 1)[0]):
            self._talk.print(Text(visible_line(text), style="dim" if self._talk.is_terminal else ""))

    def report(self, report: RunReport) -> None:
        """Say what a run came to: the diff on stdout, everything else on stderr."""
        self._diff(report.diff)
        self._findings(report)
        self._left(report)
        style = "bold green" if report.status in _GOOD else "bold red"
        head = Text(report.status.replace("_", " "), style=style)
        head.append(f": {visible_line(report.message)}", style="default")
        self._talk.print(head)
        if report.hint:
            self._talk.print(Text(f"  {visible_line(report.hint)}"))
        for name, value in _facts(report):
            self._talk.print(Text.assemble((f"{name:<9} ", "dim"), visible_line(value)))

    def _findings(self, report: RunReport) -> None:
        if not report.findings:
            return
        if self._talk.is_terminal:
            self._talk.print(_table(report))
            return
        for finding in report.findings:
            place = f"{finding.path or ''}{f':{finding.line}' if finding.line else ''}"
            line = f"{finding.severity} [{finding.id}] {place} {finding.message}. {finding.hint}"
            self._talk.print(Text(visible_line(line)))

    def _diff(self, diff: str) -> None:
        if not diff:
            return
        out = Console(highlight=False, soft_wrap=True, emoji=False, markup=False)
        if not out.is_terminal:
            sys.stdout.write(diff)
            return
        lines = diff.split("\n")[:-1]
        for text in lines[:MAX_DIFF_LINES]:
            out.print(Text(visible(text.rstrip("\r")), style=_style(text)))
        if len(lines) > MAX_DIFF_LINES:
            out.print(Text(f"… {len(lines) - MAX_DIFF_LINES} more lines: patch/canonical.diff in the evidence"))

    def _left(self, report: RunReport) -> None:
        later = [alone for alone in report.left if alone.reason.startswith("left for the next run")]
        others = [alone for alone in report.left if alone not in later]
        for alone in others[: None if self._verbose else MAX_LEFT]:
            self._talk.print(
                Text(f"left alone: {visible_line(alone.place_id)} (line {alone.line}): {visible_line(alone.reason)}")
            )
        if len(others) > MAX_LEFT and not self._verbose:
            self._talk.print(Text(f"left alone: {len(others) - MAX_LEFT} more; --verbose lists them"))
        if later:
            self._talk.print(Text(f"{len(later)} places are {visible_line(later[0].reason)}"))


def _style(line: str) -> str:
    if line.startswith(("diff --git", "--- ", "+++ ", "new file", "deleted file", "rename ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def _table(report: RunReport) -> Table:
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    for column in ("finding", "where", "what", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in report.findings:
        where = f"{finding.path or ''}{f':{finding.line}' if finding.line else ''}"
        style = "red" if finding.severity == "error" else "yellow"
        table.add_row(
            Text(finding.id, style=style),
            *(Text(visible_line(text)) for text in (where, finding.message, finding.hint)),
        )
    return table


def _facts(report: RunReport) -> list[tuple[str, str]]:
    usage, timing = report.usage, report.timing_ms
    rows = [("model", report.model_id)]
    if usage.prompt_tokens is not None:
        prompt = f"{usage.prompt_tokens:,} prompt ({usage.cached_tokens or 0:,} cached)"
        rows.append(("tokens", f"{prompt}, {usage.completion_tokens or 0:,} answer"))
    spent = ", ".join(f"{name} {ms} ms" for name, ms in timing.items() if name != "total" and ms)
    rows.append(("commit", f"{report.commit} on {report.branch}" if report.commit else None))
    rows.append(("time", f"{timing.get('total', 0) / 1000:.2f} s ({spent})"))
    rows.append(("evidence", report.evidence))
    return [(name, value) for name, value in rows if value]
