"""The job summary: Markdown in which everything that a model, a task or a file name says stays text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from agentos_action.records.delivery import Delivered
from agentos_action.records.run import SKIPPED, RunReport
from agentos_action.report.checks import checked
from agentos_action.report.placement import guessing
from agentos_action.report.visible import visible, visible_line

#: A runner drops a summary of more than 1 MiB; the evidence holds everything.
MAX_DIFF = 100_000
MAX_ROWS = 30
MAX_TEXT = 400
#: Of texts below each other, in characters as they are written: a sign takes six.
MAX_SHOWN = 20_000
#: Told wherever a pull request is: without it a missing CI run looks like a fault.
NO_CI = (
    "It was delivered with the workflow's own token, for which the forge starts no workflows by itself: press"
    " “Approve workflows to run” there, or close and reopen it by hand, to run CI; or give <code>github-token</code> an"
    " App's token."
)
#: An address of the forge's that holds no sign of Markdown or HTML; any other is shown as text.
ADDRESS = re.compile(r"https://[A-Za-z0-9.:-]+(?:/[A-Za-z0-9._-]+){2}/pull/[0-9]+")
_TOLD_BY_MARKDOWN = re.compile(r"[^A-Za-z0-9 \u00a0-\U0010ffff]")


def summary(report: RunReport, *, task: str, evidence_name: str | None) -> str:
    """Return the summary of one run; `evidence_name` is the artifact's name, None where none is uploaded.

    An event that asked for nothing is one quiet line: every comment in a repository may be one.
    """
    if report.status == "no_change" and report.message.startswith(SKIPPED):
        return f"AgentOS: {literal(report.message)}\n"
    parts = (
        f"## AgentOS: {report.status.replace('_', ' ')}\n\n{literal(report.message)}\n",
        f"{literal(report.hint)}\n" if report.hint else "",
        table(("", ""), _facts(report, task, evidence_name)),
        _findings(report),
        _diff(report.diff),
        _left(report),
    )
    return "\n".join(part for part in parts if part) + "\n"


def literal(text: str) -> str:
    """Return foreign text as one line of code: every ASCII sign is an entity, so it is neither Markdown nor HTML.

    Code is also where a forge looks for no mentions, issue numbers or addresses.
    """
    line = visible_line(text)
    shown = line[:MAX_TEXT] + ("…" if len(line) > MAX_TEXT else "")
    return f"<code>{_TOLD_BY_MARKDOWN.sub(lambda sign: f'&#{ord(sign[0])};', shown)}</code>" if shown else ""


def by_line(text: str, shown: Callable[[str], str] = literal) -> str:
    """Return foreign text with its lines below each other, the blank ones left out, as `shown` shows a line."""
    return stacked([line for line in text.splitlines() if line.strip()], " lines", shown)


def stacked(texts: Sequence[str], what: str, shown: Callable[[str], str] = literal) -> str:
    """Return foreign texts below each other, `what` they are where not all are shown.

    They never take so much room that what we ourselves tell below them is cut off.
    """
    parts = [shown(text) for text in texts[:MAX_ROWS]]
    fits = max(1, sum(size <= MAX_SHOWN for size in accumulate(map(len, parts))))
    more = f"<br>and {len(texts) - fits} more{what}" if len(texts) > fits else ""
    return "<br>".join(parts[:fits]) + more


def fenced(text: str, language: str) -> str:
    """Return foreign text as a code block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{visible(text).rstrip(chr(10))}\n{fence}\n"


def _facts(report: RunReport, task: str, evidence_name: str | None) -> Iterator[tuple[str, str]]:
    usage, timing = report.usage, report.timing_ms
    yield "task", by_line(report.task or task)
    errors = sum(finding.severity == "error" for finding in report.findings)
    if report.files or report.findings:
        told = f"{_counted(errors, 'error')}, {_counted(len(report.findings), 'finding')}"
        yield "verdict", f"{'refused' if errors else 'accepted'}: {told}"
    yield "files", "<br>".join(literal(path) for path in report.files[:MAX_ROWS])
    yield "placing", guessing(report.placements)
    yield "checks", literal(checked(report.checks))
    yield "proposal", literal(report.parent or "")
    yield "model", literal(report.model_id or report.requested_model or "")
    if report.commit:
        yield "commit", f"{literal(report.commit)} on {literal(report.branch or '')}"
    if report.delivery:
        yield "delivered", _delivered(report.delivery, report.pull_request_url)
    if report.error_category:
        yield "error", literal(f"{report.error_category} {report.raw_error_code or ''}")
    if usage.prompt_tokens is not None:
        asked = f"{usage.prompt_tokens:,} prompt ({usage.cached_tokens or 0:,} cached)"
        yield "tokens", f"{asked}, {usage.completion_tokens or 0:,} answer"
    if timing:
        spent = ", ".join(f"{name} {took} ms" for name, took in timing.items() if name != "total" and took)
        yield "time", f"{timing.get('total', 0) / 1000:.2f} s ({spent})"
    yield "run", literal(report.run_id or "")
    if report.evidence:
        yield "evidence", f"artifact {literal(evidence_name)}" if evidence_name else "not uploaded by this step"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def _delivered(given: Delivered, url: str | None) -> str:
    """Return what was delivered; the forge's own note on CI is repeated, for its silence looks like a fault."""
    if given.pull_request is None:
        return literal(f"{given.branch} ({given.done})")
    ci = "" if given.starts_ci else f"<br>{NO_CI}"
    shown = f"<{url}>" if url and ADDRESS.fullmatch(url) else literal(url or "")
    return f"pull request {given.pull_request} {given.done}{' as a draft' * given.draft}: {shown}{ci}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table without the rows whose last cell is empty; nothing where none is left."""
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows if row[-1])
    return f"| {' | '.join(head)} |\n|{' --- |' * len(head)}\n{body}" if body else ""


def _findings(report: RunReport) -> str:
    rows = [
        (
            finding.severity,
            literal(finding.id),
            literal(f"{finding.path or ''}{f':{finding.line}' if finding.line else ''}"),
            literal(finding.message),
            literal(finding.hint) or "&nbsp;",
        )
        for finding in report.findings[:MAX_ROWS]
    ]
    more = len(report.findings) - len(rows)
    tail = f"\n{more} more findings are in the evidence.\n" if more > 0 else ""
    return table(("", "finding", "where", "what", "what to do"), rows) + tail


def _diff(diff: str) -> str:
    if not diff:
        return ""
    # Made visible a sign may take ten.
    shown = visible(diff[: MAX_DIFF + 1])
    cut = "\nThe diff is longer; the evidence holds all of it.\n" if len(shown) > MAX_DIFF else ""
    return f"<details><summary>Diff</summary>\n\n{fenced(shown[:MAX_DIFF], 'diff')}{cut}\n</details>\n"


def _left(report: RunReport) -> str:
    if not report.left:
        return ""
    rows = [(literal(f"{alone.path}:{alone.line}"), literal(alone.reason)) for alone in report.left[:MAX_ROWS]]
    more = len(report.left) - len(rows)
    tail = f"\n{more} more are in the evidence.\n" if more > 0 else ""
    head = f"<details><summary>Left alone: {len(report.left)} places</summary>\n\n"
    return f"{head}{table(('where', 'why'), rows)}{tail}\n</details>\n"
