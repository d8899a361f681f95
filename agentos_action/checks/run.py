"""The commands of the policy, one after the other, on an export of the candidate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agentos_action import process
from agentos_action.checks import sandbox
from agentos_action.checks.environment import for_check, scrubbed
from agentos_action.checks.output import Ends
from agentos_action.errors import UsageError
from agentos_action.records.check import CheckResult, CheckStatus
from agentos_action.records.policy import CheckRules

#: No core dumps, no file over 4 GiB (blocks of 512 bytes), no input, one stream for all that is said.
_OUTSIDE = 'ulimit -c 0; ulimit -f 8388608 2>/dev/null; exec "$@" </dev/null 2>&1'
#: Processes are counted for the sandbox alone, so the limit stands inside of it (`-u` in bash, `-p` in dash).
_INSIDE = '{ ulimit -u 4096 || ulimit -p 4096; } 2>/dev/null; exec /bin/sh -c "$0"'
_SHOWN = 60


def require(rules: CheckRules, hidden: Iterable[Path] = ()) -> None:
    """Raise UsageError where the policy wants checks in a sandbox and none can be made here; asked before a model is.

    A sandbox is really made to find out, with all that the policy wants to be readable; what is `hidden` (the
    repository) has no part in it, not even by a `bwrap` of its own on the PATH.
    """
    if not rules.commands or rules.sandbox == "none":
        return
    reason = sandbox.available(rules, hidden)
    if reason is not None:
        hint = (
            "Install it (apt-get install bubblewrap; docs/checks.md says what containers need), or set "
            'sandbox = "none" in [checks]: code that a model wrote then runs with your rights, files and network.'
        )
        raise UsageError(f"the policy's checks need a sandbox: {reason}", hint)


def run_checks(
    rules: CheckRules,
    folder: Path,
    home: Path,
    *,
    hidden: Iterable[Path] = (),
    on_stage: Callable[[str], None],
) -> tuple[CheckResult, ...]:
    """Run the commands in `folder` up to the first that fails and return a result for each that was started.

    `home` is an empty folder that serves as HOME where there is no sandbox; `hidden` (the repository) is not shown in
    one whatever lies around it. The time limit is for all together. What a command wrote is left where it is.
    """
    end = time.monotonic() + rules.timeout_seconds
    place = _Place(rules, folder, home, tuple(hidden), scrubbed(rules.environment))
    results: list[CheckResult] = []
    for command in rules.commands:
        on_stage(f"Check: {_short(command)}")
        results.append(_run(place, command, end - time.monotonic()))
        if results[-1].status != "passed":
            break
    return tuple(results)


def _short(command: str) -> str:
    line = " ".join(command.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."


@dataclass(frozen=True, slots=True)
class _Place:
    rules: CheckRules
    folder: Path
    home: Path
    hidden: tuple[Path, ...]
    outer: Mapping[str, str]

    def argv(self, command: str) -> Sequence[str]:
        inner = ["/bin/sh", "-c", command]
        if self.rules.sandbox == "bubblewrap":
            inner = ["/bin/sh", "-c", _INSIDE, command]
            inner = sandbox.command(inner, self.folder, self.rules, self.outer, self.hidden)
        return ["/bin/sh", "-c", _OUTSIDE, "sh", *inner]

    def environment(self) -> dict[str, str]:
        if self.rules.sandbox == "bubblewrap":
            return for_check(self.outer, sandbox.home_of(self.outer), sandbox.TEMPORARY)
        temporary = self.home / "tmp"
        temporary.mkdir(exist_ok=True)
        return for_check(self.outer, self.home, temporary)


def _run(place: _Place, command: str, seconds: float) -> CheckResult:
    began = time.monotonic()
    said = Ends()
    # Bubblewrap goes into the folder itself, after it has hidden what lies around it.
    ended = process.run(
        place.argv(command),
        timeout=max(0.0, seconds),
        cwd=place.folder if place.rules.sandbox == "none" else Path("/"),
        env=place.environment(),
        on_stdout=said.add,
    )
    status: CheckStatus = "timed_out" if ended.timed_out else "passed" if ended.returncode == 0 else "failed"
    return CheckResult(
        command=command,
        status=status,
        exit_code=None if ended.timed_out else ended.returncode,
        duration_ms=round((time.monotonic() - began) * 1000),
        output=said.text(),
        truncated=said.truncated,
        sandbox=place.rules.sandbox,
    )
