"""The GitHub Action's step: inputs → the same run as on the command line → outputs, annotations and the job summary."""

from __future__ import annotations

import argparse
import ctypes
import io
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from agentos_action.entry.commands import commit as commit_command
from agentos_action.entry.commands import run as run_command
from agentos_action.entry.delivery import TOKENS
from agentos_action.entry.fail import guarded, take_out
from agentos_action.entry.inputs import NOTHING, Inputs, read_inputs
from agentos_action.entry.request import known_secrets, run_request, secrets_in
from agentos_action.entry.said import told
from agentos_action.entry.words import check_dashes, in_inputs, input_of
from agentos_action.errors import EXIT_INTERRUPTED, EXIT_REJECTED, AgentOSError, UsageError
from agentos_action.evidence.layout import DIFF
from agentos_action.interrupts import deferred
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.pipeline.run import run
from agentos_action.records.run import RunReport
from agentos_action.redact import Redactor
from agentos_action.report.annotations import annotate, command, output
from agentos_action.report.summary import summary
from agentos_action.settings.key import GIVEN

if TYPE_CHECKING:
    from agentos_action.records.run import RunStatus
    from agentos_action.records.tool import Usage

#: The key of whichever model is asked, under the name that every command knows.
KEY, KEY_INPUT = GIVEN, "AGENTOS_INPUT_API_KEY"
#: What is taken out of the environment once it is read.
SECRETS = (KEY, KEY_INPUT, TOKENS[0])
# From linux/prctl.h.
_PR_SET_DUMPABLE = 4


@dataclass(slots=True)
class Walked:
    """How far the action came: its inputs once they are read, its report once there is one."""

    inputs: Inputs = NOTHING
    report: RunReport | None = None


def main() -> int:
    """Run the action once and return the step's exit code: the run's own, or 0 where it is not to fail the step."""
    _close_to_others()
    for name in (KEY_INPUT, TOKENS[0]):
        # A secret that was stored from a file ends a line, and one with a line end is found in nothing that is written.
        os.environ[name] = os.environ.get(name, "").strip()
    if given := os.environ[KEY_INPUT]:
        os.environ[KEY] = given
    environment = dict(os.environ)
    walked = Walked()
    _one_stream()
    token = secrets.token_hex(20)
    # Between these two lines the runner takes nothing for a command, whatever a model or a task wrote.
    _say(command("stop-commands", token))
    code = guarded(lambda: _run(environment, walked), as_json=False)
    with deferred(last=True):
        _say(f"\n::{token}::\n")
        report = walked.report or _unreported(code)
        _publish(report, walked.inputs, environment)
    return (report.exit_code or EXIT_REJECTED) if walked.inputs.fails(report) else 0


def _close_to_others() -> None:
    """Keep other processes of this user out of ours: what it was started with stays in /proc, whatever is taken out.

    A check or an agent's command outside of a sandbox is such a process. Children are open again, and root sees all.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _one_stream() -> None:
    """Send both streams down one pipe: a runner reads two in any order, and here the order matters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Before: a stream to a file is asked where it stands, and a pipe in its place stands nowhere.
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())


def _say(text: str) -> None:
    sys.stderr.flush()
    sys.stdout.write(text)
    sys.stdout.flush()


def _run(environment: Mapping[str, str], walked: Walked) -> int:
    try:
        walked.inputs = read_inputs(environment)
        half = walked.inputs.half
        options = _options(walked.inputs)
        request = commit_command.request_of(options) if half == "commit" else run_request(options, half=half)
        # From here on the request holds them, and so does whatever keeps secrets out of what is written.
        take_out(*SECRETS)
        walk = commit_proposal if half == "commit" else run
        walked.report = run_command.reported(options, request, walk, obeyed=False)
    except AgentOSError as error:
        walked.report = _refused(error)
        raise
    return walked.report.exit_code


def _options(inputs: Inputs) -> argparse.Namespace:
    check_dashes(inputs.argv)
    parser = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False, add_help=False)
    (commit_command if inputs.half == "commit" else run_command).arguments(parser)
    try:
        return parser.parse_args(inputs.argv)
    except argparse.ArgumentError as error:
        what, hint = told(f"the input {input_of(error.argument_name or '')}", error.message)
        raise UsageError(what, hint or "See the inputs in action.yml.") from error


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
    clean = Redactor(_secrets(environment)).text
    report = report.model_copy(
        update={
            "message": in_inputs(clean(report.message)),
            "hint": in_inputs(clean(report.hint)),
            "diff": clean(report.diff),
        }
    )
    for line in annotate(report, failing=inputs.fails(report)):
        _say(line)
    name = inputs.evidence_name or "-".join(filter(None, ("agentos-evidence", report.run_id)))
    diff = Path(report.evidence, DIFF) if report.evidence else None
    outputs = {
        "status": report.status,
        "exit-code": str(report.exit_code),
        "error-category": report.error_category or "",
        "commit": report.commit or "",
        "branch": (report.branch or "") if report.commit or report.delivery else "",
        "evidence-path": report.evidence or "",
        "evidence-name": name,
        # Silence where the inputs could not be read: then action.yml goes by what stands there.
        "upload": "" if inputs is NOTHING else str(inputs.upload).lower(),
        "diff-path": str(diff) if diff is not None and diff.is_file() else "",
        "run-id": report.run_id or "",
        "pull-request-url": report.pull_request_url or "",
        "tokens": _tokens(report.usage),
    }
    delimiter = f"agentos-{secrets.token_hex(20)}"
    lines = "".join(output(key, value, delimiter) for key, value in outputs.items())
    _append(environment.get("GITHUB_OUTPUT"), lines)
    text = summary(report, task=clean(inputs.task), evidence_name=name if inputs.upload else None)
    _append(environment.get("GITHUB_STEP_SUMMARY"), text)


def _secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    try:
        return known_secrets(environment)
    except UsageError:
        # The file of keys is what the report may be about.
        return tuple(secrets_in(environment).values())


def _tokens(usage: Usage) -> str:
    """Return how many tokens went there and back in all, nothing where the model did not say."""
    counts = [count for count in (usage.prompt_tokens, usage.completion_tokens) if count is not None]
    return str(sum(counts)) if counts else ""


def _append(file: str | None, text: str) -> None:
    if file:
        with Path(file).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)


if __name__ == "__main__":
    sys.exit(main())
