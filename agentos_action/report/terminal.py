"""What a person sees: progress on a terminal, plain lines in a log; data on stdout, talk on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.table import Table
from rich.text import Text

from agentos_action.records.run import RunReport
from agentos_action.records.verdict import Finding
from agentos_action.report.checks import checked
from agentos_action.report.placement import guessing
from agentos_action.report.visible import visible, visible_line

#: More lines than a person reads; the evidence holds the whole diff.
MAX_DIFF_LINES = 400
MAX_LEFT = 10

#: A narrower terminal would break the ids, which people search for.
TABLE_WIDTH = 120

_GOOD = frozenset({"committed", "applied", "dry_run", "no_change"})
#: Only what came through is data: somebody may pipe it into `git apply`.
_DATA = frozenset({"committed", "applied", "dry_run"})


class Reporter:
    """An Observer that talks on stderr; `quiet` says nothing at all (for --json).

    Nothing here catches OSError: the streams that `entry/fail.py` opens do not raise.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._talk = _console(stderr=True)
        self._quiet = quiet
        self._verbose = verbose
        self._status: Status | None = None
        self._stage = ""

    def __enter__(self) -> Self:
        if not self._quiet and self._talk.is_terminal:
            self._status = self._talk.status("", spinner="dots" if self._talk.encoding.startswith("utf") else "line")
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
            self._status.update(Text(f"{visible_line(self._stage)} … {counted(received, 'token')}"))

    def place(self, done: int, total: int, name: str, filling: str | None) -> None:
        """Say what a place was filled with."""
        self._stage = f"{done} of {counted(total, 'place')} done"
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
        """Say what a run came to: a diff that came through on stdout, everything else on stderr."""
        self._diff(report)
        self.findings(report.findings)
        self._left(report)
        style = "bold green" if report.status in _GOOD else "bold red"
        head = Text(report.status.replace("_", " "), style=style)
        if report.message:
            head.append(f": {visible_line(report.message)}", style="default")
        self._talk.print(head)
        if report.hint:
            self._talk.print(Text(f"  {visible_line(report.hint)}"))
        for name, value in _facts(report):
            self._talk.print(Text.assemble((f"{name:<9} ", "dim"), visible_line(value)))

    def findings(self, findings: Sequence[Finding]) -> None:
        """Say every finding: a table where there is room for it, else two lines each."""
        if not findings:
            return
        if self._talk.is_terminal and self._talk.width >= TABLE_WIDTH:
            self._talk.print(_table(findings))
            return
        for finding in findings:
            head = Text.assemble(
                (finding.severity, _severity_style(finding)), f" [{finding.id}] {visible_line(_place(finding))}"
            )
            head.rstrip()
            self._talk.print(head)
            what = Text(visible_line(f"{finding.message.removesuffix('.')}. {finding.hint}"))
            if self._talk.is_terminal:
                self._talk.print(Padding(what, (0, 0, 0, 2)), soft_wrap=False)
            else:
                self._talk.print(Text("  ").append(what))

    def _diff(self, report: RunReport) -> None:
        if not report.diff:
            return
        out = self._talk
        if report.status in _DATA:
            # FORCE_COLOR makes a pipe a terminal for rich, but data is data.
            if not sys.stdout.isatty():
                sys.stdout.write(report.diff)
                return
            out = _console(stderr=False)
        lines = report.diff.split("\n")[:-1]
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
            verb = "is" if len(later) == 1 else "are"
            self._talk.print(Text(f"{counted(len(later), 'place')} {verb} {visible_line(later[0].reason)}"))


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)
    if console.no_color:
        # NO_COLOR takes rich's colours only; without a colour system there is no bold and no dim either.
        return Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False, color_system=None)
    return console


def _place(finding: Finding) -> str:
    return f"{finding.path or ''}{f':{finding.line}' if finding.line else ''}"


def _severity_style(finding: Finding) -> str:
    return "red" if finding.severity == "error" else "yellow"


def _style(line: str) -> str:
    if line.startswith(("diff --git", "--- ", "+++ ", "new file", "deleted file", "rename ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=True, header_style="bold")
    table.add_column("finding", no_wrap=True)
    for column in ("where", "what", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        table.add_row(
            Text(finding.id, style=_severity_style(finding)),
            *(Text(visible_line(text)) for text in (_place(finding), finding.message, finding.hint)),
        )
    return table


def _facts(report: RunReport) -> list[tuple[str, str]]:
    usage, timing = report.usage, report.timing_ms
    rows = [("placing", guessing(report.placements)), ("model", report.model_id), ("checks", checked(report.checks))]
    rows.append(("proposal", report.parent))
    if usage.prompt_tokens is not None:
        prompt = f"{usage.prompt_tokens:,} prompt ({usage.cached_tokens or 0:,} cached)"
        rows.append(("tokens", f"{prompt}, {usage.completion_tokens or 0:,} answer"))
    spent = ", ".join(f"{name} {ms} ms" for name, ms in timing.items() if name != "total" and ms)
    rows.append(("commit", report.commit))
    if report.status != "usage":
        rows.append(("policy", report.policy))
        rows.append(("time", f"{timing.get('total', 0) / 1000:.2f} s{f' ({spent})' if spent else ''}"))
    rows.append(("evidence", report.evidence))
    return [(name, value) for name, value in rows if value]
