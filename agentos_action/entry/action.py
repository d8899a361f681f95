"""The GitHub Action's door: inputs → the same run as `agentos run` → outputs, annotations and the job summary."""

from __future__ import annotations

import argparse
import io
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from agentos_action.entry.commands import run as run_command
from agentos_action.entry.delivery import WAYS
from agentos_action.entry.fail import guarded
from agentos_action.entry.request import known_secrets
from agentos_action.errors import EXIT_INTERRUPTED, AgentOSError, UsageError
from agentos_action.evidence.layout import DIFF
from agentos_action.interrupts import deferred
from agentos_action.records.run import RunReport
from agentos_action.redact import Redactor
from agentos_action.report.annotations import annotate, command, output
from agentos_action.report.summary import summary
from agentos_action.tasks.event import read_event

if TYPE_CHECKING:
    from agentos_action.records.run import RunStatus

#: Input → option of `agentos run`; the value is handed on as it is.
OPTIONS = {
    "task-file": "--task",
    "instruction": "--instruction",
    "recipe": "--recipe",
    "provider": "--provider",
    "profile": "--profile",
    "base-url": "--base-url",
    "model": "--model",
    "policy-ref": "--policy-ref",
    "timeout": "--timeout",
    "threads": "--threads",
    "delivery": "--delivery",
}
#: A run of a workflow leaves the branch that set it off alone; the task's id stands for `{task}`.
DEFAULT_BRANCH = "agentos/{task}"
_TRUTH = {"": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the workflow's `with:` says: the arguments of `agentos run`, the task in words, the artifact's name."""

    argv: tuple[str, ...]
    task: str
    evidence_name: str
    upload: bool


NOTHING = Inputs((), "none", "", upload=False)


def read_inputs(environment: Mapping[str, str]) -> Inputs:
    """Read `AGENTOS_INPUT_*`; raises UsageError naming the input that cannot be understood."""

    def text(name: str) -> str:
        return environment.get(f"AGENTOS_INPUT_{name.upper().replace('-', '_')}", "").strip()

    def truth(name: str, default: bool) -> bool:  # noqa: FBT001 - it is the value itself
        value = text(name).lower()
        if value not in _TRUTH:
            raise UsageError(f"the input {name} is {value!r}", "Write true or false.")
        found = _TRUTH[value]
        return default if found is None else found

    argv = [f"{option}={text(name)}" for name, option in OPTIONS.items() if text(name)]
    argv.append(f"--branch={text('branch') or DEFAULT_BRANCH}")
    if not text("policy-ref") and (base := _pull_request_base(environment)):
        argv.append(f"--policy-ref={base}")
    sidecar = text("sidecar") or "none"
    if sidecar not in {"none", "embedded"}:
        raise UsageError(f"the input sidecar is {sidecar!r}", "Write none or embedded.")
    argv += ["--embedded"] * (sidecar == "embedded") + ["--dry-run"] * truth("dry-run", default=False)
    argv.append(f"--evidence={Path(environment.get('RUNNER_TEMP') or tempfile.gettempdir(), 'agentos-evidence')}")
    argv += [f"--allow-path={line.strip()}" for line in text("allow-path").splitlines() if line.strip()]
    _check_delivery(text("delivery"), token=bool(text("github-token")))
    argv += ["--draft"] * truth("draft", default=False) + ["--no-comment"] * (not truth("comment", default=True))
    argv += [f"--label={line.strip()}" for line in re.split(r"[\n,]", text("labels")) if line.strip()]
    files = [line.strip() for line in text("files").splitlines() if line.strip()]
    if files:
        # A name that begins with a dash is a file all the same.
        argv += ["--files", *(f"./{file}" if file.startswith("-") else file for file in files)]
    told = [(name, text(name)) for name in ("recipe", "task-file", "instruction")]
    task = ", ".join(f"{name} {value}" for name, value in told if value) or "none"
    return Inputs(tuple(argv), task, text("evidence-name"), truth("upload-evidence", default=True))


def _check_delivery(way: str, *, token: bool) -> None:
    """Raise UsageError for a delivery that is none, or that has no token."""
    if way not in {"", *WAYS}:
        raise UsageError(f"the input delivery is {way!r}", f"Write one of {', '.join(WAYS)}.")
    if way == "pull-request" and not token:
        hint = "Give it `${{ github.token }}`, or an App's token; it opens the pull request."
        raise UsageError("the input github-token is empty", hint)


def _pull_request_base(environment: Mapping[str, str]) -> str | None:
    """Return the commit that a pull request goes to: its own head may not bring the policy it is judged by.

    Raises UsageError where the event says that it is about a pull request and does not name that commit.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    if not name.startswith("pull_request"):
        return None
    hint = "Give the input policy-ref, for example the name of the target branch."
    try:
        target = read_event(name, Path(environment.get("GITHUB_EVENT_PATH", ""))).target
    except UsageError as error:
        raise UsageError(error.message, hint) from error
    if target is None:
        raise UsageError("the event does not name the commit that the pull request goes to", hint)
    return target


@dataclass(slots=True)
class Walked:
    """How far the action came: its inputs once they are read, its report once there is one."""

    inputs: Inputs = NOTHING
    report: RunReport | None = None


def main() -> int:
    """Run the action once and return the run's exit code; the step fails with it."""
    environment = dict(os.environ)
    walked = Walked()
    _one_stream()
    token = secrets.token_hex(20)
    # Between these two lines the runner takes nothing for a command, whatever a model or a task wrote.
    _say(command("stop-commands", token))
    code = guarded(lambda: _run(environment, walked), as_json=False)
    with deferred(last=True):
        _say(f"\n::{token}::\n")
        _publish(walked.report or _unreported(code), walked.inputs, environment)
    return code


def _one_stream() -> None:
    """Send both streams down one pipe: a runner reads two in any order, and here the order matters."""
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def _say(text: str) -> None:
    sys.stderr.flush()
    sys.stdout.write(text)
    sys.stdout.flush()


def _run(environment: Mapping[str, str], walked: Walked) -> int:
    try:
        walked.inputs = read_inputs(environment)
        walked.report = run_command.perform(_options(walked.inputs.argv), obeyed=False)
    except AgentOSError as error:
        walked.report = _refused(error)
        raise
    return walked.report.exit_code


def _options(argv: tuple[str, ...]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False, add_help=False)
    run_command.arguments(parser)
    try:
        return parser.parse_args(argv)
    except argparse.ArgumentError as error:
        option = error.argument_name or ""
        name = next((name for name, of in OPTIONS.items() if of == option), option)
        raise UsageError(f"the input {name}: {error.message}", "See the inputs in action.yml.") from error


def _refused(error: AgentOSError) -> RunReport:
    return RunReport(
        status=cast("RunStatus", error.status),
        exit_code=error.exit_code,
        error_category=error.category,
        raw_error_code=error.raw_error_code,
        message=error.message,
        hint=error.hint,
    )


def _unreported(code: int) -> RunReport:
    if code == EXIT_INTERRUPTED:
        return RunReport(status="interrupted", exit_code=code, message="interrupted")
    return RunReport(status="bug", exit_code=code, message="an unexpected error", hint="The log says more.")


def _publish(report: RunReport, inputs: Inputs, environment: Mapping[str, str]) -> None:
    """Write annotations, outputs and the summary, all without secrets."""
    clean = Redactor(known_secrets(environment)).text
    report = report.model_copy(
        update={"message": clean(report.message), "hint": clean(report.hint), "diff": clean(report.diff)}
    )
    for line in annotate(report):
        _say(line)
    name = inputs.evidence_name or "-".join(filter(None, ("agentos-evidence", report.run_id)))
    diff = Path(report.evidence, DIFF) if report.evidence else None
    outputs = {
        "status": report.status,
        "exit-code": str(report.exit_code),
        "error-category": report.error_category or "",
        "commit": report.commit or "",
        "branch": report.branch or "",
        "evidence-path": report.evidence or "",
        "evidence-name": name,
        "diff-path": str(diff) if diff is not None and diff.is_file() else "",
        "run-id": report.run_id or "",
        "pull-request-url": report.pull_request_url or "",
    }
    delimiter = f"agentos-{secrets.token_hex(20)}"
    told = "".join(output(key, value, delimiter) for key, value in outputs.items())
    _append(environment.get("GITHUB_OUTPUT"), told)
    text = summary(report, task=clean(inputs.task), evidence_name=name if inputs.upload else None)
    _append(environment.get("GITHUB_STEP_SUMMARY"), text)


def _append(file: str | None, text: str) -> None:
    if file:
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)


if __name__ == "__main__":
    sys.exit(main())
