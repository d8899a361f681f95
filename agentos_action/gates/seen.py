"""What a gate's run really left: its tape, its reports, the repository before and after, as checks look at them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentos_action.evidence.chain import Line, event_of
from agentos_action.evidence.layout import DIFF, SUMMARY, TAPE
from agentos_action.evidence.reading import Problem, document, read, rows
from agentos_action.evidence.verify import verify_bundle, verify_commit
from agentos_action.gates.ground import Look, changed_in, content, facts_of, look, takes
from agentos_action.records.tool import ToolHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Where a run left what: its bundle, the repository, and what was known before; `path` is the task's one file."""

    folder: Path
    repo: Path
    path: str
    before: Look
    provider: str
    instruction: str | None = None
    health: ToolHealth | None = None
    mock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the checks of one gate look at; all of it is read from what the run left.

    `git_refuses` is why git does not take the diff, empty where it does, `in_commit` the digest of the task's file.
    """

    left: Left
    tape: tuple[Line, ...]
    summary: Mapping[str, Any]
    diff: str
    diff_sha256: str
    git_refuses: str
    problems: tuple[str, ...]
    commit_problems: tuple[str, ...]
    after: Look
    parents: tuple[str, ...] = ()
    in_commit: str = ""
    changed: tuple[str, ...] = ()

    @property
    def before(self) -> Look:
        """The repository before the run."""
        return self.left.before

    @property
    def health(self) -> ToolHealth | None:
        """What the whole probe found."""
        return self.left.health

    @property
    def path(self) -> str:
        """The one file that the task is about."""
        return self.left.path

    @property
    def committed(self) -> bool:
        """Whether there is a commit that was not there before."""
        return self.after.head != self.before.head

    def event(self, name: str) -> Line:
        """Return the line of an event, an empty one where the tape has none."""
        return event_of(self.tape, name)

    @property
    def result(self) -> Mapping[str, Any]:
        """The tool's result as the summary holds it, empty where there is none."""
        found = self.summary.get("tool_result")
        return found if isinstance(found, dict) else {}

    @property
    def verdict(self) -> Mapping[str, Any] | None:
        """The verdict on the tape, None where the run ended before there was one."""
        found = self.event("tool_result_verified").get("verdict")
        return found if isinstance(found, dict) else None

    @property
    def ended(self) -> str:
        """How the run ended, in one line."""
        last = self.event("run_finished")
        return f"the run ended as {last.get('status', 'unfinished')}: {last.get('message', 'no last line')}"


def gather(left: Left) -> Seen:
    """Read everything that the run left; a file that is missing or broken is seen as such and raises nothing."""
    unread: list[Problem] = []
    diff = read(left.folder, DIFF, unread) or b""
    after = look(left.repo)
    made = after.head if after.head != left.before.head else ""
    facts = facts_of(left.repo, made) if made else None
    return Seen(
        left=left,
        tape=tuple(rows(left.folder, TAPE, unread)),
        summary=document(left.folder, SUMMARY, unread) or {},
        diff=diff.decode("utf-8", "replace"),
        diff_sha256=hashlib.sha256(diff).hexdigest(),
        git_refuses=takes(left.repo, left.folder / DIFF, reverse=bool(made)) if diff else "there is no diff",
        problems=tuple(map(_told, verify_bundle(left.folder).problems)),
        commit_problems=tuple(map(_told, verify_commit(left.folder, facts))) if facts else (),
        after=after,
        parents=facts.parents if facts else (),
        in_commit=content(left.repo, made, left.path) if made else "",
        changed=changed_in(left.repo, made) if made else (),
    )


def _told(problem: Problem) -> str:
    where = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return f"{where}: {problem.message}"
