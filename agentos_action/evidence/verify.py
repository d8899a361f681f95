"""Is a bundle what it says: sums, chain, order of events, contents, and the commit that it names."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agentos_action.evidence.agreement import check_agreement
from agentos_action.evidence.calls import Whole
from agentos_action.evidence.chain import Line, check_chain, check_order, event_of
from agentos_action.evidence.contents import check_contents
from agentos_action.evidence.layout import MARK, SUMS, TAPE
from agentos_action.evidence.reading import Problem, read, rows, rows_of
from agentos_action.evidence.schema import check_schema
from agentos_action.evidence.sums import check_sums
from agentos_action.evidence.tape import ORDER
from agentos_action.records.receipt import CommitFacts
from agentos_action.records.trailer import trailer_value

_TRAILER = re.compile(r"^(AgentOS-[A-Za-z]+): (.+)$", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one bundle; `commit` is what its tape says was committed, `tape` its lines."""

    run_id: str | None
    events: int
    files: int
    commit: str | None
    problems: tuple[Problem, ...]
    tape: tuple[Line, ...] = ()


def verify_bundle(folder: Path) -> Checked:
    """Check one bundle on its own; reads hostile files and raises for none of them. The first problem says most."""
    problems: list[Problem] = []
    sums: list[Problem] = []
    files = check_sums(folder, sums)
    content = read(folder, TAPE, problems) or b""
    tape = list(rows_of(content, TAPE, problems))
    raw = content.split(b"\n", len(tape))[: len(tape)]
    run_id = tape[0].get("run_id") if tape else None
    name = run_id if isinstance(run_id, str) else None
    check_chain(tape, raw, problems)
    if _cut_off(folder, tape):
        return Checked(name, len(tape), files, None, (_unfinished(tape, problems), *problems), tuple(tape))
    check_order(tape, problems)
    check_schema(tape, raw, problems)
    check_contents(folder, tape, problems)
    check_agreement(folder, tape, problems)
    commit = _check_git_commit(tape, problems)
    # What is wrong inside a file says more than that its bytes are not the listed ones.
    return Checked(name, len(tape), files, commit, tuple(_once((*problems, *sums))), tuple(tape))


def _once(problems: tuple[Problem, ...]) -> dict[Problem, None]:
    return dict.fromkeys(problems)


def _cut_off(folder: Path, tape: list[Line]) -> bool:
    """Return whether the run was ended before it could close its folder, as `kill -9` does."""
    return not os.path.lexists(folder / SUMS) and bool(tape) and tape[-1].get("event") != ORDER[-1]


def _unfinished(tape: list[Line], problems: list[Problem]) -> Problem:
    """Return how far an unfinished tape can be trusted."""
    broken = [problem.line for problem in problems if problem.file == TAPE and problem.line]
    last = min(broken, default=len(tape) + 1) - 1
    whole = f"the chain is whole up to line {last} ({tape[last - 1].get('event')})" if last else "no line of it holds"
    return Problem(TAPE, last, f"unfinished: {len(tape)} events, {whole}; the run was cut off")


def verify_commit(folder: Path, facts: CommitFacts) -> list[Problem]:
    """Compare a commit's tree, parent and `AgentOS-*` trailers with the bundle."""
    problems: list[Problem] = []
    tape = list(rows(folder, TAPE, problems))
    return [*problems, *compare_commit(tape, facts)]


def trailers_of(message: str) -> list[tuple[str, str]]:
    """Return every `AgentOS-*` line of a commit's message, wherever it stands, in order."""
    return [(key, value) for key, value in _TRAILER.findall(message)]


def compare_commit(tape: Sequence[Line], facts: CommitFacts) -> list[Problem]:
    """Compare a commit's tree, parent and `AgentOS-*` trailers with the lines of a tape."""
    problems: list[Problem] = []
    event = event_of(tape, "git_commit")
    at = tape.index(event) if event else 0
    if at == 0:
        return [Problem(TAPE, 0, "there is no git_commit event, but the commit names this run")]
    before, result = tape[at - 1], event_of(tape, "tool_result_verified")
    digests = before.get("digests")
    digests = digests if isinstance(digests, dict) else {}
    expected = {
        "AgentOS-Run": before.get("run_id"),
        "AgentOS-Model": _model(result),
        "AgentOS-Policy": f"sha256:{digests.get('policy')}",
        "AgentOS-Diff": f"sha256:{digests.get('diff')}",
        "AgentOS-Evidence": f"sha256:{before.get('hash')}",
    }
    if "tape" in Whole.of(before).redacted and MARK in str(result.get("model_id")):
        # The commit may say what evidence must not: then the two cannot be compared.
        del expected["AgentOS-Model"]
    trailers = trailers_of(facts.message)
    for key, value in expected.items():
        said = [there for name, there in trailers if name == key]
        if said != [value]:
            told = " and ".join(said) or "nothing"
            problems.append(Problem(TAPE, at, f"the commit says {key}: {told}, the bundle says {value}"))
    if facts.tree != event.get("tree"):
        said_tree = f"the commit's tree is {facts.tree}, the bundle says {event.get('tree')}"
        problems.append(Problem(TAPE, at + 1, said_tree))
    if facts.parents != (digests.get("base"),):
        parents = " and ".join(facts.parents) or "not here (a shallow clone ends with this commit: fetch more of it)"
        problems.append(Problem(TAPE, at, f"the commit's parent is {parents}, the bundle says {digests.get('base')}"))
    return problems


def _model(result: Line) -> str:
    return trailer_value(f"{result.get('provider') or 'unknown'}/{result.get('model_id') or 'unknown'}")


def _check_git_commit(tape: list[Line], problems: list[Problem]) -> str | None:
    """Return the commit that the tape names, if it names one as the executor would."""
    event = event_of(tape, "git_commit")
    if not event:
        return None
    at = tape.index(event)
    if at == 0 or tape[at - 1].get("event") != "checks_completed":
        problems.append(Problem(TAPE, at + 1, "git_commit does not follow checks_completed"))
    commit, tree = event.get("commit"), event.get("tree")
    if not all(isinstance(name, str) and _ID.fullmatch(name) for name in (commit, tree)):
        problems.append(Problem(TAPE, at + 1, "git_commit names no commit and tree by their full ids"))
        return None
    return str(commit)
