"""Lines for a GitHub runner: workflow commands and output files that no foreign text can forge."""

from __future__ import annotations

from collections.abc import Mapping

from agentos_action.records.run import RunReport
from agentos_action.records.verdict import Finding
from agentos_action.report.visible import visible_line

#: The forge shows no more errors than this of one step; the summary lists all findings.
MAX_ANNOTATIONS = 10
MAX_TEXT = 1000


def command(name: str, message: str, properties: Mapping[str, str | int | None] | None = None) -> str:
    """Return one workflow command as a line; its message and properties are escaped as the runner unescapes them."""
    pairs = ((key, _property(str(value))) for key, value in (properties or {}).items() if value is not None)
    told = ",".join(f"{key}={value}" for key, value in pairs)
    return f"::{name}{' ' if told else ''}{told}::{_data(message)}\n"


def annotate(report: RunReport, *, failing: bool | None = None) -> list[str]:
    """Return a command for each finding, errors first, or one for a failure that has none.

    `failing` says whether the step fails, None that its exit code does; where it does not, nothing is called an error.
    """
    failing = bool(report.exit_code) if failing is None else failing
    ordered = sorted(report.findings, key=lambda finding: finding.severity)[:MAX_ANNOTATIONS]
    lines = [_of_finding(finding, failing=failing) for finding in ordered]
    if (report.exit_code or failing) and not any(finding.severity == "error" for finding in ordered):
        text = "\n".join(filter(None, (_short(report.message), _short(report.hint))))
        lines.insert(0, command("error" if failing else "warning", text, {"title": f"agentos: {report.status}"}))
    return lines


def output(name: str, value: str, delimiter: str) -> str:
    """Return one value as GITHUB_OUTPUT takes it; `delimiter` is random, so that the value cannot end itself."""
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _of_finding(finding: Finding, *, failing: bool) -> str:
    place = {"file": finding.path, "line": finding.line if finding.path else None, "title": f"agentos: {finding.id}"}
    text = "\n".join(filter(None, (_short(finding.message), _short(finding.hint))))
    return command(finding.severity if failing else "warning", text, place)


def _short(text: str) -> str:
    return visible_line(text)[:MAX_TEXT]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible_line(text)).replace(":", "%3A").replace(",", "%2C")
