"""`agentos evidence show DIR`: a run as a person reads it; whatever a model or a stranger wrote steers no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse


def execute(options: argparse.Namespace) -> int:
    """Show one bundle; exit code 1 where it is not what it says."""
    from agentos_action.entry.commands.evidence_verify import require_folder  # noqa: PLC0415 - not for --help
    from agentos_action.evidence.told import tell  # noqa: PLC0415 - the same
    from agentos_action.pipeline.page import check_page  # noqa: PLC0415 - the same

    folder = Path(options.folder)
    require_folder(folder)
    told = tell(folder, check_page)
    if options.json:
        from agentos_action.entry.fail import as_line  # noqa: PLC0415 - not for people

        sys.stdout.write(as_line(told))
    else:
        from agentos_action.report.visible import unobeyed, visible  # noqa: PLC0415 - not with --json

        for line in _lines(told):
            sys.stdout.write(unobeyed(visible(line)) + "\n")
    return 0 if told["valid"] else 1


def _lines(told: dict[str, Any]) -> Iterator[str]:
    """Yield what is shown, hostile still; a text of several lines is one of them."""
    from agentos_action.report.acting import acting  # noqa: PLC0415 - not with --json
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - the same

    task, policy, model = (_dict(told[key]) for key in ("task", "policy", "model"))
    # A tape that cannot be read does not say whose it is.
    yield f"Run        {told['run_id'] or 'unknown'}: {told['status']} ({told['message'] or 'it did not end'})"
    if told["started"]:
        until = f"to {told['finished']}" if told["finished"] else "to no end"
        yield f"Time       {told['started']} {until}, version {told['version']}, {told['half']}"
    by = f", by {task['requested_by']}" if task.get("requested_by") else ""
    yield f"Task       {task.get('task_id')} ({task.get('source')}{by})" if task else "Task       none on the tape"
    if task:
        yield _block(str(task.get("instruction") or f"recipe {task.get('recipe')}"))
    yield from (f"Acting     {line}" for line in acting(_list(told["asked_by"])))
    if parent := _dict(told["parent"]):
        yield f"Goes on    from run {parent.get('run_id')}"
    yield f"Model      {_model(model, len(told['answers']))}"
    at = f"{policy.get('source')} at {policy.get('commit')}, sha256 {policy.get('sha256')}"
    yield f"Policy     {at if policy else 'none on the tape'}"
    yield from (f"Exception  {pattern}" for pattern in _list(told["exceptions"]))
    verdict = told["verdict"]
    yield f"Verdict    {'none' if not verdict else 'accepted' if _dict(verdict).get('is_valid') else 'refused'}"
    yield from _findings(_dict(verdict))
    checks = told["checks"]
    why = f": {checks['why']}" if checks["why"] else ""
    yield f"Checks     {checks['status'] or 'none'}{why}"
    for row in _list(checks["run"]):
        yield f"           {_dict(row).get('status')}: {_dict(row).get('command')}"
    made = _dict(told["commit"])
    yield f"Commit     {made['commit']} on {made['branch']}" if made else "Commit     none"
    yield f"Replay     {'possible' if told['replayable'] else told['not_replayable']}"
    yield f"Bundle     {'whole' if told['valid'] else 'NOT VALID'}, {counted(told['events'], 'event')}"
    for problem in told["problems"]:
        place = f"{problem['file']}:{problem['line']}" if problem["line"] else problem["file"]
        yield f"           {place}: {problem['message']}"
    if told["diff"]:
        yield ""
        yield told["diff"].rstrip("\n")


def _model(model: dict[str, Any], answers: int) -> str:
    if model.get("provider") is None and not answers:
        return "none was asked"
    from agentos_action.report.terminal import counted  # noqa: PLC0415 - as above

    usage = _dict(model.get("usage"))
    tokens = f", {usage['completion_tokens']} tokens answered" if usage.get("completion_tokens") is not None else ""
    where = f" at {model['endpoint']}" if model.get("endpoint") else ""
    wanted = f" (asked for {model['requested_model']})" if model.get("requested_model") else ""
    return f"{model.get('provider')}/{model.get('model_id')}{wanted}{where}, {counted(answers, 'answer')}{tokens}"


def _findings(verdict: dict[str, Any]) -> Iterator[str]:
    for finding in (*_list(verdict.get("errors")), *_list(verdict.get("warnings"))):
        told = _dict(finding)
        place = f"{told.get('path')}:{told.get('line')}: " if told.get("path") else ""
        yield f"           {told.get('severity')} {told.get('id')}: {place}{told.get('message')}"


def _block(text: str) -> str:
    return "\n".join(f"           {line}" for line in text.split("\n"))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
