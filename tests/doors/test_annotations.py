"""Workflow commands and outputs: whatever a finding says, it stays the data of our command."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from agentos_action.records.run import RunReport
from agentos_action.records.verdict import Finding
from agentos_action.report.annotations import MAX_ANNOTATIONS, annotate, command, output

HOSTILE = "x%0A::error::forged\r\n::set-output name=a::b\n##[command]c"


def rejected(*findings: Finding) -> RunReport:
    """Return the report of a refused run."""
    return RunReport(status="rejected", exit_code=1, message="refused", findings=findings)


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Read a command as the runner does: properties and data unescaped."""
    found = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)\n", line)
    assert found, line
    pairs = dict(pair.split("=", 1) for pair in (found[2] or "").split(",") if pair)
    properties = {key: _plain(value.replace("%3A", ":").replace("%2C", ",")) for key, value in pairs.items()}
    return found[1], properties, _plain(found[3])


def _plain(text: str) -> str:
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_a_command_is_one_line_and_says_back_what_it_was_told(message: str, value: str) -> None:
    line = command("error", message, {"file": value})
    assert len(re.split(r"[\r\n]", line.removesuffix("\n"))) == 1
    name, properties, told = parsed(line) if "\x85" not in line and "\u2028" not in line else ("error", {}, message)
    assert (name, told) == ("error", message)
    assert set(properties) <= {"file"}


def test_a_finding_is_shown_where_it_is() -> None:
    finding = Finding(id="protected.place", path=".github/a,b:c.yml", line=3, message=HOSTILE, hint="100 %")
    name, properties, told = parsed(annotate(rejected(finding))[0])
    assert name == "error"
    assert properties == {"file": ".github/a,b:c.yml", "line": "3", "title": "agentos: protected.place"}
    assert told.endswith("\n100 %")
    assert "\r" not in told


def test_a_failure_without_findings_is_told_once() -> None:
    report = RunReport(status="tool_failed", exit_code=3, message="nobody answers", hint="start it")
    assert annotate(report) == ["::error title=agentos%3A tool_failed::nobody answers%0Astart it\n"]


def test_errors_come_before_warnings_and_no_more_than_the_forge_shows() -> None:
    findings = [Finding(id=f"w.{n}", severity="warning", message="w") for n in range(20)]
    lines = annotate(rejected(*findings, Finding(id="size.files", message="too many")))
    assert len(lines) == MAX_ANNOTATIONS
    assert parsed(lines[0])[1]["title"] == "agentos: size.files"


def test_where_the_step_does_not_fail_nothing_is_called_an_error() -> None:
    finding = Finding(id="size.files", message="too many")
    assert annotate(rejected(finding), failing=False)[0].startswith("::warning title=agentos%3A size.files")
    assert annotate(rejected(), failing=False) == ["::warning title=agentos%3A rejected::refused\n"]
    done = RunReport(status="no_change", exit_code=0, message="nothing to do")
    assert annotate(done, failing=True) == ["::error title=agentos%3A no_change::nothing to do\n"]


def test_success_without_findings_is_silent() -> None:
    assert annotate(RunReport(status="committed", exit_code=0, message="done")) == []


def test_an_output_cannot_end_itself() -> None:
    assert output("branch", "a\nstatus=committed", "random") == "branch<<random\na\nstatus=committed\nrandom\n"
