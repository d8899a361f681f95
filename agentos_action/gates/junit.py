"""The results of gates as JUnit's XML, which every CI shows: a suite a gate, a case a check."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from agentos_action.gates.check import CheckResult, GateResult
from agentos_action.report.visible import visible


def junit(results: Sequence[GateResult]) -> bytes:
    """Return the document; control characters, which XML cannot hold, are made visible."""
    root = Element("testsuites", _counted([check for result in results for check in result.checks]))
    root.set("name", "agentos gate")
    for result in results:
        suite = SubElement(root, "testsuite", _counted(result.checks))
        suite.set("name", result.gate)
        suite.set("timestamp", result.started.isoformat(timespec="seconds"))
        suite.set("time", f"{result.duration_ms / 1000:.3f}")
        for check in result.checks:
            _case(suite, result, check)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(suite: Element, result: GateResult, check: CheckResult) -> None:
    case = SubElement(suite, "testcase", {"classname": result.gate, "name": f"{check.id} {visible(check.title)}"})
    said = visible(check.why)
    if check.status == "failed":
        SubElement(case, "failure", {"message": said}).text = said
    elif check.status == "skipped":
        SubElement(case, "skipped", {"message": said})
    notes = [*(["this is a mock answer"] if result.mock else []), *map(visible, check.warnings)]
    if notes:
        SubElement(case, "system-out").text = "\n".join(notes)


def _counted(checks: Sequence[CheckResult]) -> dict[str, str]:
    said = [check.status for check in checks]
    counts = {"tests": len(said), "failures": said.count("failed"), "errors": 0, "skipped": said.count("skipped")}
    return {name: str(number) for name, number in counts.items()}
