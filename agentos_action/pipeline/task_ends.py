"""Bundles side by side → what came of each task: a proposal, its commit and its delivery are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agentos_action.evidence.chain import event_of
from agentos_action.evidence.verify import Checked
from agentos_action.report.outcomes import TaskEnd

#: The status of a proposal that no run here has taken up.
PROPOSED = "proposed"
#: More of a text than is shown: a hostile tape may hold any amount of it, and there are hundreds of tapes.
_MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How one run ended; `parent` is the run that it goes on from, `began` when it began, `valid` whether it holds."""

    name: str
    parent: str
    began: str
    end: TaskEnd
    valid: bool = True


def run_end(name: str, checked: Checked) -> RunEnd:
    """Return what the bundle in a folder of this name tells; one that is not what it says tells nothing but that."""
    if checked.problems or checked.run_id != name:
        said = checked.problems[0].told if checked.problems else f"it is the bundle of {checked.run_id}"
        end = TaskEnd(task="", status="not verified", message=_text(said), run_id=name)
        return RunEnd(name, "", "", end, valid=False)
    started, finished, result, made = (
        event_of(checked.tape, event) for event in ("run_started", "run_finished", "tool_result_verified", "git_commit")
    )
    given, status = _dict(finished, "delivery"), _status(started, finished)
    number = given.get("pull_request")
    end = TaskEnd(
        task=_text(_dict(event_of(checked.tape, "task_loaded"), "task").get("task_id")),
        status=status,
        # A proposal's own message is the command that commits it, on a runner that is gone.
        message="" if status == PROPOSED else _text(finished.get("message")),
        verdict=_verdict(_dict(result, "verdict")),
        commit=_text(made.get("commit")),
        branch=_text(given.get("branch") or made.get("branch")),
        pull_request=number if isinstance(number, int) else None,
        url=_text(finished.get("pull_request_url")),
        starts_ci=given.get("starts_ci") is not False,
        tokens=_tokens(_dict(result, "usage")),
        run_id=name,
    )
    return RunEnd(name, _text(_dict(started, "parent").get("run_id")), _text(started.get("ts")), end)


def task_ends(runs: Sequence[RunEnd]) -> list[TaskEnd]:
    """Return how each task ended: runs of one task are those that name each other as parent."""
    whole = {run.name: run for run in runs if run.valid}
    ways = {name: _way(name, whole) for name in whole}
    tasks: dict[str, TaskEnd] = {}
    for name in sorted(whole, key=lambda name: (len(ways[name]), whole[name].began)):
        first, end = ways[name][-1], whole[name].end
        tasks[first] = _followed(tasks[first], end) if first in tasks else end
    return [*(run.end for run in runs if not run.valid), *tasks.values()]


def _way(name: str, whole: Mapping[str, RunEnd]) -> list[str]:
    """Return a run, its parent, that one's parent, as far as they are here; whoever names parents in a ring ends it."""
    # Not a list: hundreds of tapes may name each other in one long row.
    way, parent = {name: None}, whole[name].parent
    while parent in whole and parent not in way:
        way[parent] = None
        parent = whole[parent].parent
    return list(way)


def _followed(before: TaskEnd, end: TaskEnd) -> TaskEnd:
    """Return how a task ended whose later run ended so: what that one does not tell is as it was before."""
    delivered = end.pull_request is not None
    return replace(
        end,
        task=end.task or before.task,
        verdict=end.verdict or before.verdict,
        commit=end.commit or before.commit,
        branch=end.branch or before.branch,
        pull_request=end.pull_request if delivered else before.pull_request,
        url=end.url if delivered else before.url,
        starts_ci=end.starts_ci if delivered else before.starts_ci,
        # A commit repeats what its proposal tells of the model.
        tokens=before.tokens if end.tokens is None else end.tokens,
    )


def _status(started: Mapping[str, Any], finished: Mapping[str, Any]) -> str:
    known = {("propose", "dry_run"): PROPOSED, ("deliver", "no_change"): "delivered"}
    status = _text(finished.get("status"))
    return known.get((_text(started.get("half")), status), status.replace("_", " "))


def _verdict(verdict: Mapping[str, Any]) -> str:
    """Return a verdict in words, empty where none was given."""
    if not isinstance(verdict.get("is_valid"), bool):
        return ""
    counts = ((len(verdict.get(key) or ()), key) for key in ("errors", "warnings"))
    told = ", ".join(f"{number} {key[:-1] if number == 1 else key}" for number, key in counts if number)
    return ("accepted" if verdict["is_valid"] else "refused") + (f": {told}" if told else "")


def _tokens(usage: Mapping[str, Any]) -> int | None:
    counts = [usage.get(key) for key in ("prompt_tokens", "completion_tokens")]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known else None


def _dict(line: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = line.get(key)
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value[:_MAX_TEXT] if isinstance(value, str) else ""
