"""How checks are told in one line: how many passed, and which did not."""

from __future__ import annotations

from collections.abc import Sequence

from agentos_action.records.check import CheckResult

_WORDS = {"passed": "passed", "failed": "failed", "timed_out": "took too long"}


def checked(checks: Sequence[CheckResult]) -> str:
    """Return `2 passed` or `1 passed, 'make test' failed (exit code 2)`; nothing where none was run."""
    passed = sum(check.status == "passed" for check in checks)
    told = [f"{passed} passed"] if passed else []
    for check in checks:
        if check.status != "passed":
            code = f" (exit code {check.exit_code})" if check.status == "failed" else ""
            told.append(f"{check.command!r} {_WORDS[check.status]}{code}")
    unboxed = any(check.sandbox == "none" for check in checks)
    return ", ".join(told) + (" without a sandbox" if unboxed else "")
