"""The job summary of many tasks: one row each, what came of all of them, and the bundles that were not taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from agentos_action.report.summary import ADDRESS, MAX_ROWS, literal, table

#: In bytes: a runner drops a summary of more than 1 MiB.
MAX_TABLE = 700_000
_GOOD = frozenset({"committed", "delivered", "no change", "applied", "dry run"})
_NO_CI = (
    "They were delivered with the workflow's own token, for which the forge starts no workflows by itself: to run CI"
    " press “Approve workflows to run” there, or close and reopen them by hand; or use an App's token."
)
_HEAD = ("task", "status", "verdict", "commit", "pull request", "tokens", "run")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnd:
    """What came of one task, as the bundles of its runs tell it; every text may be a stranger's.

    `status` is in words, `message` says more where it went wrong; `run_id` is that of the last run, None where a bundle
    could not be read. `tokens` is None where the model did not say.
    """

    task: str
    status: str
    message: str = ""
    verdict: str = ""
    commit: str = ""
    branch: str = ""
    pull_request: int | None = None
    url: str = ""
    starts_ci: bool = True
    tokens: int | None = None
    run_id: str | None = None

    @property
    def good(self) -> bool:
        """Whether nobody has to look at it."""
        return self.status in _GOOD


def outcomes(ends: Sequence[TaskEnd], refused: Sequence[tuple[str, str]]) -> str:
    """Return the summary of tasks, what went wrong first; `refused` are bundles not taken, each with the reason."""
    ordered = sorted(ends, key=lambda end: (end.good, end.task, end.run_id or ""))
    rows = [_row(end) for end in ordered]
    fits = sum(size <= MAX_TABLE for size in accumulate(len("".join(row).encode()) + 32 for row in rows))
    more = f"\nand {_counted(len(rows) - fits, 'more task')}; the evidence holds all.\n" if len(rows) > fits else ""
    not_taken = [(literal(name), literal(why)) for name, why in refused[:MAX_ROWS]]
    further = f"\nand {len(refused) - MAX_ROWS} more.\n" if len(refused) > MAX_ROWS else ""
    parts = (
        f"## AgentOS: {_counted(len(ends), 'task')}\n\n{_totals(ends)}\n",
        table(_HEAD, rows[:fits]) + more,
        f"{_NO_CI}\n" if any(end.pull_request is not None and not end.starts_ci for end in ends) else "",
        table((f"evidence not taken: {len(refused)}", "why"), not_taken) + further,
    )
    return "\n".join(part for part in parts if part) + "\n"


def _totals(ends: Iterable[TaskEnd]) -> str:
    ended = Counter(end.status for end in ends)
    told = [", ".join(f"{number} {literal(status)}" for status, number in ended.most_common(MAX_ROWS)) or "no bundle"]
    pulls = {(end.pull_request, end.url) for end in ends if end.pull_request is not None}
    told += [_counted(len(pulls), "pull request")] if pulls else []
    spent = [end.tokens for end in ends if end.tokens is not None]
    told += [_counted(sum(spent), "token")] if spent else []
    return f"{'; '.join(told)}."


def _row(end: TaskEnd) -> tuple[str, ...]:
    status = literal(end.status) + (f"<br>{literal(end.message)}" if end.message and not end.good else "")
    commit = literal(end.commit[:10]) + (f" on {literal(end.branch)}" if end.commit and end.branch else "")
    number = "" if end.pull_request is None else f"#{end.pull_request}"
    pull = f"[{number}]({end.url})" if number and ADDRESS.fullmatch(end.url) else literal(number)
    spent = "" if end.tokens is None else f"{end.tokens:,}"
    # The last cell is never empty: such a row would be left out.
    return (literal(end.task), status, literal(end.verdict), commit, pull, spent, literal(end.run_id or "not known"))


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"
