"""What a person sees: progress on a terminal, plain lines in a log; data on stdout, talk on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from agentos_action.report.visible import forms_command, visible, visible_line

if TYPE_CHECKING:
    from agentos_action.records.run import RunReport
    from agentos_action.records.verdict import Finding
    from agentos_action.report.plain import Talk

#: More lines than a person reads; the evidence holds the whole diff.
MAX_DIFF_LINES = 400
MAX_LEFT = 10

_GOOD = frozenset({"committed", "applied", "dry_run", "no_change"})
#: Only what came through is data: somebody may pipe it into `git apply`.
_DATA = frozenset({"committed", "applied", "dry_run"})


class Reporter:
    """An Observer that talks on stderr; `quiet` says nothing at all (for --json).

    `plain` is for a stderr that is known to be no terminal and to get no colours: rich is not imported then.
    `runner` says that a CI runner reads what is written and obeys commands in it. `near` shortens paths.
    Nothing here catches OSError: the streams that `entry/fail.py` opens do not raise.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        plain: bool = False,
        runner: bool = False,
        near: Callable[[str], str] = str,
    ) -> None:
        self._runner = runner
        self._near = near
        self._quiet = quiet
        self._verbose = verbose
        self._plain = plain
        self._stage = ""
        self._warned: list[str] = []

    @cached_property
    def _talk(self) -> Talk:
        if self._plain:
            from agentos_action.report.plain import Plain  # noqa: PLC0415 - one of the two is enough

            return Plain(runner=self._runner)
        return _coloured(stderr=True)

    def __enter__(self) -> Self:
        if not self._quiet:
            self._talk.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._quiet:
            self._talk.end()

    def stage(self, text: str) -> None:
        """Say what begins now."""
        if text == self._stage:
            return
        self._stage = text
        self._show(text, line=True)

    def tokens(self, received: int) -> None:
        """Count up on a terminal; a log hears nothing of single tokens."""
        if not self._quiet and self._talk.live:
            self._talk.now(f"{visible_line(self._stage)} … {counted(received, 'token')}")

    def place(self, done: int, total: int, name: str, filling: str | None) -> None:
        """Say what a place was filled with."""
        self._stage = f"{done} of {counted(total, 'place')} done"
        self._show(f"{done}/{total} {name}: {filling if filling is not None else 'left alone'}", line=True)

    def warning(self, text: str) -> None:
        """Say a warning; also with --json, because stderr is not data."""
        self._warned.append(text)
        self._talk.line((f"warning: {visible_line(self._near(text))}", "yellow"))

    def transfer(self, what: str, done: int, total: int | None) -> None:
        """Show how far a download is, on a terminal only; a log gets one line."""
        if self._quiet or not self._talk.live:
            self.stage(what)
            return
        of = f" of {total / 1e6:.0f}" if total else ""
        self._talk.now(f"{visible_line(what)} {done / 1e6:.0f}{of} MB")

    def _show(self, text: str, *, line: bool) -> None:
        if self._quiet:
            return
        self._talk.now(visible_line(text))
        if line and (not self._talk.live or self._verbose or "/" in text.split(" ", 1)[0]):
            self._talk.line((visible_line(text), "dim" if self._talk.is_terminal else ""))

    def report(self, report: RunReport) -> None:
        """Say what a run came to: a diff that came through on stdout, everything else on stderr."""
        self._diff(report)
        self.findings([finding for finding in report.findings if not self._heard(finding)])
        self._left(report)
        style = "bold green" if report.status in _GOOD else "bold red"
        message = f": {visible_line(self._near(report.message))}" if report.message else ""
        self._talk.line((report.status.replace("_", " "), style), (message, "default"))
        if report.hint:
            self._talk.line((f"  {visible_line(self._near(report.hint))}", ""))
        for name, value in _facts(report):
            self._talk.line((f"{name:<9} ", "dim"), (visible_line(self._near(value)), ""))

    def findings(self, findings: Sequence[Finding]) -> None:
        """Say every finding: a table where there is room for it, else two lines each."""
        if findings:
            self._talk.findings(findings)

    def _heard(self, finding: Finding) -> bool:
        """Tell whether a finding is a warning that was said while the run went on."""
        said = f"{finding.message.removesuffix('.')}. {finding.hint}".strip()
        return finding.severity == "warning" and f"{said} [{finding.id}]" in self._warned

    def _diff(self, report: RunReport) -> None:
        if not report.diff:
            return
        out = self._talk
        if report.status in _DATA:
            # FORCE_COLOR makes a pipe a terminal for rich, but data is data.
            if not sys.stdout.isatty():
                self._data(report)
                return
            out = _coloured(stderr=False)
        lines = report.diff.split("\n")[:-1]
        for text in lines[:MAX_DIFF_LINES]:
            out.line((visible(text.rstrip("\r")), _style(text)))
        if len(lines) > MAX_DIFF_LINES:
            out.line((f"… {len(lines) - MAX_DIFF_LINES} more lines: patch/canonical.diff in the evidence", ""))

    def _data(self, report: RunReport) -> None:
        """Write the diff as it is; not where a CI runner reads along and would take a line of it for a command."""
        if self._runner and forms_command(report.diff):
            said = "the diff holds lines that this runner would take for commands, so it is not printed"
            self.warning(f"{said}; it is {report.evidence}/patch/canonical.diff")
        else:
            sys.stdout.write(report.diff)

    def _left(self, report: RunReport) -> None:
        later = [alone for alone in report.left if alone.reason.startswith("left for the next run")]
        others = [alone for alone in report.left if alone not in later]
        for alone in others[: None if self._verbose else MAX_LEFT]:
            place = f"{visible_line(alone.place_id)} (line {alone.line})"
            self._talk.line((f"left alone: {place}: {visible_line(alone.reason)}", ""))
        if len(others) > MAX_LEFT and not self._verbose:
            self._talk.line((f"left alone: {len(others) - MAX_LEFT} more; --verbose lists them", ""))
        if later:
            verb = "is" if len(later) == 1 else "are"
            self._talk.line((f"{counted(len(later), 'place')} {verb} {visible_line(later[0].reason)}", ""))


def counted(number: int, noun: str) -> str:
    """Return `1 file`, `2 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _coloured(*, stderr: bool) -> Talk:
    from agentos_action.report.coloured import Coloured  # noqa: PLC0415 - rich costs a pipe more than it gives

    return Coloured(stderr=stderr)


def _style(line: str) -> str:
    if line.startswith(("diff --git", "--- ", "+++ ", "new file", "deleted file", "rename ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")


def _facts(report: RunReport) -> list[tuple[str, str]]:
    from agentos_action.report.checks import checked  # noqa: PLC0415 - not for a list of findings
    from agentos_action.report.placement import guessing  # noqa: PLC0415 - the same

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
