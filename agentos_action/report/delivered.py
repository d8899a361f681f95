"""A pull request and the comment on an issue: all that a model, a task or a file name says stays text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from agentos_action.records.check import CheckResult
from agentos_action.records.verdict import Finding
from agentos_action.report.checks import checked
from agentos_action.report.plain import place
from agentos_action.report.summary import NO_CI, by_line, literal, stacked

MAX_ROWS = 30
#: The forge takes 65,536 characters.
MAX_BODY = 60_000
_DECIMAL = re.compile(r"&#([0-9]+);")
_URL = re.compile(r"https?://[A-Za-z0-9.:/_-]+")
_CLOSING = "It is updated by every later run, so answer below it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of a run; every text may be a stranger's. `run_url` is left out where it is no plain address.

    `checks` is None where nobody knows which ones ran.
    """

    status: str
    message: str
    hint: str = ""
    task: str
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[CheckResult, ...] | None = ()
    model: str = ""
    policy: str = ""
    run_id: str
    run_url: str | None = None
    issue: int | None = None
    evidence: str = ""
    trailers: tuple[str, ...] = ()


def proposal(told: Told, marker: str) -> str:
    """Return the body of a pull request: hidden marker, summary, findings, evidence, trailers as its last paragraph."""
    asked = f"Asked in #{told.issue}. " if told.issue else ""
    parts = (
        f"{marker}\n{by_line(told.task, _text)}\n",
        f"{asked}Proposed by a model, judged under the policy, committed by AgentOS Action.\n",
        _facts(told),
        _findings(told.findings),
    )
    # The trailers are ours, but the name of a model stands in one.
    trailers = "\n".join(html.escape(line, quote=False).replace("`", "&#96;") for line in told.trailers)
    return _whole(parts, trailers)


def answer(told: Told, marker: str, *, pull_request: int | None, starts_ci: bool) -> str:
    """Return the one comment on an issue."""
    parts = (
        f"{marker}\n**AgentOS: {html.escape(told.status.replace('_', ' '))}**\n",
        # Of a commit that was delivered the next line says where it is, in words that can be followed.
        f"{_text(told.message)}\n" if pull_request is None or told.status not in {"committed", "delivered"} else "",
        f"{_text(told.hint)}\n" if told.hint else "",
        f"The change is in #{pull_request}. {'' if starts_ci else NO_CI}".rstrip() + "\n" if pull_request else "",
        _findings(told.findings),
        _facts(told),
    )
    return _whole(parts, _CLOSING)


def _whole(parts: Iterable[str], last: str) -> str:
    text = "\n".join(part for part in parts if part)
    if len(text) + len(last) > MAX_BODY:
        # Cut where a row ends: half an entity would be another character.
        text = text[: MAX_BODY - len(last)].rpartition("\n")[0] + "\n\nThis is not all; the evidence holds the rest.\n"
    return f"{text}\n{last}\n"


def _facts(told: Told) -> str:
    run = told.run_url if told.run_url and _URL.fullmatch(told.run_url) else None
    rows = (
        ("files", stacked(told.files, "", _text)),
        ("model", _text(told.model)),
        ("policy", _text(told.policy)),
        ("checks", "not known" if told.checks is None else _text(checked(told.checks)) or "none ran"),
        ("run", f"{_text(told.run_id)}{f' ([log]({run}))' if run else ''}"),
        ("evidence", _text(told.evidence)),
    )
    body = "".join(f"| {name} | {value} |\n" for name, value in rows if value)
    return f"|  |  |\n| --- | --- |\n{body}"


def _findings(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return ""
    rows = "".join(
        f"| {finding.severity} | {_text(finding.id)} | {_text(place(finding))} | {_text(finding.message)}"
        f" | {_text(finding.hint)} |\n"
        for finding in findings[:MAX_ROWS]
    )
    more = f"\n{len(findings) - MAX_ROWS} more findings are in the evidence.\n" if len(findings) > MAX_ROWS else ""
    return f"|  | finding | where | what | what to do |\n| --- | --- | --- | --- | --- |\n{rows}{more}"


def _text(text: str) -> str:
    """Return foreign text as `literal` does; in hex, for `&#124;` holds what a careless reader takes for an issue."""
    return _DECIMAL.sub(lambda found: f"&#x{int(found[1]):x};", literal(text))
