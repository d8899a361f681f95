"""What a person reads on terminals of several widths, and in a log."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from agentos_action.records.patch import Placed, Rung
from agentos_action.records.recipe import LeftAlone
from agentos_action.records.run import RunReport
from agentos_action.records.verdict import Finding
from agentos_action.report.placement import guessing
from agentos_action.report.summary import summary
from agentos_action.report.terminal import Reporter

FINDINGS = tuple(
    Finding(id=name, path="src/some/longer/folder/module.py", line=3, message="this file is not open", hint="Open it.")
    for name in ("paths.forbidden", "size.too_many_changed_lines")
)
DIFF = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two\n"


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, width: int | None, **fields: Any) -> tuple[str, str]:
    """Return what stdout and stderr got; `width` None is a log."""
    out, err = (io.StringIO(), io.StringIO()) if width is None else (Screen(), Screen())
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width or 80))
    monkeypatch.setenv("LINES", "40")
    report = {"status": "rejected", "exit_code": 1, "message": "refused", "findings": FINDINGS, "diff": DIFF}
    Reporter().report(RunReport.model_validate({**report, **fields}))
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize("width", [30, 60, 80, 119, 120, 140, None])
def test_an_id_is_never_broken(monkeypatch: pytest.MonkeyPatch, width: int | None) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    _, said = shown(monkeypatch, width)
    for finding in FINDINGS:
        assert finding.id in said
    assert ("what to do" in said) == (width is not None and width >= 120)


def test_a_log_gets_two_lines_for_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    _, said = shown(monkeypatch, None)
    assert "error [paths.forbidden] src/some/longer/folder/module.py:3\n  this file is not open. Open it.\n" in said


def test_a_warning_that_was_said_meanwhile_is_not_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    reporter = Reporter(plain=True)
    reporter.warning("the policy does not count. Commit it. [policy.uncommitted]")
    said = Finding(id="policy.uncommitted", severity="warning", message="the policy does not count", hint="Commit it.")
    other = Finding(id="policy.uncommitted", severity="warning", message="another does not", hint="Commit it.")
    shorter = Finding(id="policy.uncommitted", severity="warning", message="the policy", hint="Commit it.")
    report = {"status": "no_change", "exit_code": 0, "message": "", "findings": (said, other, shorter)}
    reporter.report(RunReport.model_validate(report))
    assert err.getvalue().count("the policy does not count") == 1
    assert "warning [policy.uncommitted]\n  the policy. Commit it.\n" in err.getvalue(), "only the beginning was said"
    assert "warning [policy.uncommitted]\n  another does not. Commit it.\n" in err.getvalue()


@pytest.mark.parametrize("status", ["committed", "applied", "dry_run"])
def test_a_diff_that_came_through_is_data(monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    out, _ = shown(monkeypatch, None, status=status)
    assert out == DIFF


@pytest.mark.parametrize("width", [None, 80])
@pytest.mark.parametrize("status", ["rejected", "conflict", "boundary_violated"])
def test_another_diff_is_talk(monkeypatch: pytest.MonkeyPatch, status: str, width: int | None) -> None:
    out, said = shown(monkeypatch, width, status=status)
    assert out == ""
    assert "+two" in said


def test_no_color_means_no_style_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in shown(monkeypatch, 140)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in "".join(shown(monkeypatch, 140, status="committed"))


def test_facts_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    left = (LeftAlone("a.py::f", "a.py", 1, "left for the next run"),)
    fields = {"message": "on main", "commit": "abc", "branch": "main", "policy": "built-in", "left": left}
    _, said = shown(monkeypatch, None, status="committed", **fields)
    assert "1 place is left for the next run\ncommitted: on main\n" in said
    assert "commit    abc\npolicy    built-in\ntime      0.00 s\n" in said
    _, said = shown(monkeypatch, None, status="usage", message="no", policy="built-in")
    assert "time" not in said
    assert "policy" not in said


def test_what_was_guessed_is_one_short_phrase_and_nothing_is_said_of_exact_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rungs: tuple[Rung, ...] = ("exact", "indent", "exact", "blanks")
    places = [Placed("a", hunk, 9 * hunk, rung) for hunk, rung in enumerate(rungs, 1)]
    _, said = shown(monkeypatch, None, placements=places)
    assert "\nplacing   2 of 4 hunks placed by blanks at the ends of lines, indentation\n" in said
    _, said = shown(monkeypatch, None, placements=places[:1])
    assert "placed" not in said
    assert guessing(places[1:2]) == "1 of 1 hunk placed by indentation"
    assert guessing([]) == ""


def test_the_job_summary_says_the_same() -> None:
    places = (Placed("a", 1, 1, "similar"), Placed("a", 2, 9, "exact"))
    report = RunReport(status="dry_run", exit_code=0, message="m", placements=places)
    assert "| placing | 1 of 2 hunks placed by similar lines |\n" in summary(report, task="t", evidence_name=None)


def test_the_job_summary_is_never_so_long_that_the_runner_drops_it() -> None:
    told = [Finding(id="a.b", path="`" * 999, line=1, message="`" * 999, hint="`" * 999)] * 99
    report = RunReport(
        status="rejected",
        exit_code=1,
        message="m",
        findings=tuple(told),
        files=("`" * 999,) * 99,
        diff="\U000e0041" * 10**6,
    )
    assert len(summary(report, task="t", evidence_name="e").encode()) < 1024 * 1024
