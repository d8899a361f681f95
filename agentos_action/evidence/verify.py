"""Is a bundle what it says: sums, chain, order of events, contents, and the commit that it names."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from agentos_action.evidence.chain import Line, check_chain, check_order, event_of
from agentos_action.evidence.contents import MARK, check_contents, redacted_in
from agentos_action.evidence.layout import SUMS, TAPE
from agentos_action.evidence.reading import MAX_FILES, Problem, names, read, rows
from agentos_action.records.receipt import CommitFacts
from agentos_action.records.trailer import trailer_value

_SUM = re.compile(r"([0-9a-f]{64})  ([^\0\n]+)")
_TRAILER = re.compile(r"^(AgentOS-[A-Za-z]+): (.+)$", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of checking one bundle; `commit` is what its tape says was committed."""

    run_id: str | None
    events: int
    files: int
    commit: str | None
    problems: tuple[Problem, ...]


def verify_bundle(folder: Path) -> Checked:
    """Check one bundle on its own; reads hostile files and raises for none of them."""
    problems: list[Problem] = []
    files = _check_sums(folder, problems)
    tape = list(rows(folder, TAPE, problems))
    check_chain(tape, problems)
    check_order(tape, problems)
    check_contents(folder, tape, problems)
    commit = _check_git_commit(tape, problems)
    run_id = tape[0].get("run_id") if tape else None
    return Checked(run_id if isinstance(run_id, str) else None, len(tape), files, commit, tuple(problems))


def verify_commit(folder: Path, facts: CommitFacts) -> list[Problem]:
    """Compare a commit's tree, parent and `AgentOS-*` trailers with the bundle."""
    problems: list[Problem] = []
    tape = list(rows(folder, TAPE, problems))
    event = event_of(tape, "git_commit")
    at = tape.index(event) if event else 0
    if at == 0:
        return [*problems, Problem(TAPE, 0, "there is no git_commit event, but the commit names this run")]
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
    if "tape" in redacted_in(before) and MARK in str(expected["AgentOS-Model"]):
        del expected["AgentOS-Model"]
    trailers = _TRAILER.findall(facts.message)
    for key, value in expected.items():
        said = [there for name, there in trailers if name == key]
        if said != [value]:
            told = " and ".join(said) or "nothing"
            problems.append(Problem(TAPE, at, f"the commit says {key}: {told}, the bundle says {value}"))
    if facts.tree != event.get("tree"):
        said_tree = f"the commit's tree is {facts.tree}, the bundle says {event.get('tree')}"
        problems.append(Problem(TAPE, at + 1, said_tree))
    if facts.parents != (digests.get("base"),):
        parents = " and ".join(facts.parents) or "none"
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


def _check_sums(folder: Path, problems: list[Problem]) -> int:
    content = read(folder, SUMS, problems)
    if content is None:
        return 0
    listed: set[str] = set()
    lines = content.decode("utf-8", "replace").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        match = _SUM.fullmatch(line)
        if match is None or match[2] in listed or number > MAX_FILES:
            problems.append(Problem(SUMS, number, "not a line of sha256sum about one more file of this bundle"))
            break
        listed.add(match[2])
        found = read(folder, match[2], problems)
        if found is not None and hashlib.sha256(found).hexdigest() != match[1]:
            problems.append(Problem(match[2], 0, f"its bytes are not those that {SUMS} lists"))
    there = names(folder, problems) - {SUMS}
    problems += [Problem(name, 0, f"is not listed in {SUMS}") for name in sorted(there - listed)]
    return len(listed)
