"""Every agent-made commit of a range: whether its bundle is there, whole and its own, and which policy was in force."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agentos_action.branches import history
from agentos_action.evidence.chain import event_of
from agentos_action.evidence.layout import SUMS
from agentos_action.evidence.verify import compare_commit, trailers_of, verify_bundle
from agentos_action.records.receipt import CommitFacts
from agentos_action.repo import RepoView
from agentos_action.settings.policy import POLICY_FILE, built_in

State: TypeAlias = Literal["verified", "no_bundle", "wrong"]

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DIGESTS = ("AgentOS-Policy", "AgentOS-Diff", "AgentOS-Evidence")
RUN, MODEL = "AgentOS-Run", "AgentOS-Model"
#: However it is spelled, indented (as a squash does) or quoted: git takes it for a trailer, or a person does.
_NAMED = re.compile(rf"^[ \t>*-]*{RUN}[ \t]*:", re.MULTILINE | re.IGNORECASE)

_MEND = (
    "What was amended, rebased or squashed is not what was judged: take the AgentOS lines out of its message, and it"
    " counts as a person's; or bring the judged commit itself."
)


@dataclass(frozen=True, slots=True)
class Audited:
    """One commit that says a run made it; `policy` tells what was in force, `problems` what is wrong.

    `altered`: it is the bundle that was changed, whatever the commit is.
    """

    commit: str
    run_id: str
    subject: str
    state: State
    model: str | None = None
    policy: str | None = None
    bundle: str | None = None
    problems: tuple[str, ...] = ()
    altered: bool = False


@dataclass(slots=True)
class _Policies:
    """The digest that the policy of a commit has, read once for each."""

    repo: RepoView
    known: dict[str, tuple[str, str] | None] = field(default_factory=dict)

    def of(self, commit: str) -> tuple[str, str] | None:
        """Return (where it stands, its sha256); None where the commit is not in this repository."""
        if commit not in self.known:
            self.known[commit] = self._read(commit)
        return self.known[commit]

    def _read(self, commit: str) -> tuple[str, str] | None:
        if self.repo.commit_facts(commit) is None:
            return None
        version = self.repo.snapshot(commit).read(POLICY_FILE)
        if version is None:
            return "built-in", built_in().sha256
        return f"{POLICY_FILE}@{commit[:10]}", hashlib.sha256(version.content).hexdigest()


def mends(found: Iterable[Audited]) -> list[str]:
    """Return what to do about the commits that are wrong, a sentence for each kind of fault."""
    wrong = [one for one in found if one.state == "wrong"]
    said = [
        f"The evidence in {one.bundle} was changed since it was written: take an unchanged copy of it, which"
        " the run's artifact is, and ask who touched it."
        for one in wrong
        if one.altered
    ]
    return [*said, *([_MEND] if any(not one.altered for one in wrong) else [])]


def audit(repo: RepoView, tip: str, without: str | None, roots: Iterable[Path]) -> list[Audited]:
    """Check every commit that carries `AgentOS-Run`, the newest first; a run makes one commit and no second."""
    policies = _Policies(repo)
    places = tuple(roots)
    found = [_audited(commit, facts, places, policies) for commit, facts in _agents(repo, tip, without)]
    often = Counter(one.run_id for one in found)
    return [_doubted(one) if often[one.run_id] > 1 and one.state != "verified" else one for one in found]


def _agents(repo: RepoView, tip: str, without: str | None) -> Iterator[tuple[str, CommitFacts]]:
    for commit, facts in history(repo.raw, tip, without):
        if _NAMED.search(facts.message):
            yield commit, facts


def _doubted(one: Audited) -> Audited:
    said = f"another commit names the run {one.run_id} too, and a run makes one"
    return replace(one, state="wrong", problems=(*one.problems, said))


def _audited(commit: str, facts: CommitFacts, roots: tuple[Path, ...], policies: _Policies) -> Audited:
    trailers = trailers_of(facts.message)
    runs = [value for key, value in trailers if key == RUN]
    run_id = runs[0] if runs else ""
    models = [value for key, value in trailers if key == MODEL]
    about = Audited(commit, run_id, facts.message.split("\n", 1)[0], "wrong", models[0] if models else None)
    problems = _ill_formed(trailers)
    folder = _bundle(run_id, roots) if not problems else None
    if problems:
        return replace(about, problems=tuple(problems))
    if folder is None:
        digest = next(value for key, value in trailers if key == "AgentOS-Policy")
        return replace(about, state="no_bundle", policy=digest)
    checked = verify_bundle(folder)
    problems += [one.told for one in checked.problems]
    altered = bool(problems)
    if not problems and checked.commit != commit:
        problems.append(f"the bundle is of the commit {checked.commit}: these trailers are a copy")
    if not problems:
        problems += [one.message for one in compare_commit(checked.tape, facts)]
    policy, wrong = _policy(event_of(checked.tape, "task_loaded"), policies) if not problems else (None, ())
    problems += wrong
    return replace(
        about,
        state="wrong" if problems else "verified",
        policy=policy,
        bundle=str(folder),
        problems=tuple(problems),
        altered=altered,
    )


def _ill_formed(trailers: list[tuple[str, str]]) -> list[str]:
    """Return what is wrong with a commit's trailers on their own: each stands there once, as the executor writes it."""
    problems = []
    for key in (RUN, MODEL, *_DIGESTS):
        values = [value for name, value in trailers if name == key]
        if len(values) != 1:
            problems.append(f"the commit has {len(values)} trailers {key}, and one is written")
        elif (key in _DIGESTS and not _DIGEST.fullmatch(values[0])) or (key == RUN and not _RUN.fullmatch(values[0])):
            problems.append(f"{key}: {values[0]} is no value that is written")
    return problems


def _bundle(run_id: str, roots: tuple[Path, ...]) -> Path | None:
    for root in roots:
        for folder in (root / run_id, root):
            if folder.name == run_id and (folder / SUMS).is_file():
                return folder
    # A run that was killed left no sums, but its tape says so.
    return next((root / run_id for root in roots if (root / run_id).is_dir()), None)


def _policy(loaded: dict[str, Any], policies: _Policies) -> tuple[str | None, tuple[str, ...]]:
    """Return which policy was in force, and what is wrong with what the tape says of it."""
    told = loaded.get("policy")
    if not isinstance(told, dict):
        return None, ("the bundle does not say which policy was in force",)
    commit, sha256, source = (str(told.get(key)) for key in ("commit", "sha256", "source"))
    there = policies.of(commit)
    if there is None:
        return source, (f"its policy is of {commit[:40]}, which is no commit of this repository",)
    where, digest = there
    if source == "built-in" and where == "built-in":
        # Its digest changes with the version; that of the version that ran stands on the tape.
        return f"built-in (at {commit[:10]})", ()
    if sha256 != digest:
        return where, (f"the policy at {commit[:10]} has the digest {digest}, the bundle says {sha256}",)
    return where, ()
