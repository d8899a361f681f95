"""Every check of every gate fails for what it is there for, and only then: violations are planted, each seen."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from agentos_action.evidence.layout import ANSWERS, DIFF, TAPE
from agentos_action.gates import capabilities, end_to_end, kinds, pairs, provider
from agentos_action.gates.capabilities import Claims
from agentos_action.gates.check import CheckResult, judged
from agentos_action.gates.claims import claimed
from agentos_action.gates.registry import GATES, PROVIDERS
from agentos_action.gates.seen import Left, gather
from agentos_action.gates.setting import Setting
from agentos_action.gates.walks import Unreached, asked, committed
from agentos_action.pipeline.answer import Judgement
from tests.adapters.faulty import Behaviour, FaultyServer, reply
from tests.agents import install
from tests.git import git
from tests.sealing import reseal

from .serving import (
    DIALECTS,
    DOES_IT,
    PROBED,
    Capable,
    at,
    capable,
    committing,
    good,
    in_the_run,
    numbered,
    props,
    wordless,
    writing,
)
from .serving import setting as setting_for

Line = dict[str, Any]


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


def failed(checks: tuple[CheckResult, ...]) -> set[str]:
    return {check.id for check in checks if check.status == "failed"}


def say(checks: tuple[CheckResult, ...]) -> dict[str, str]:
    return {check.id: f"{check.status}: {check.why}" for check in checks}


# What was left behind, changed afterwards; a forger makes every sum and hash right again.


def told(event: str, **changes: object) -> Callable[[Left], None]:
    """Change what one event tells."""

    def change(left: Left) -> None:
        reseal(left.folder, lambda line: line.update(changes) if line["event"] == event else None)

    return change


def within(event: str, field: str, **changes: object) -> Callable[[Left], None]:
    """Change something inside a field of one event."""

    def change(left: Left) -> None:
        reseal(left.folder, lambda line: line[field].update(changes) if line["event"] == event else None)

    return change


def without(event: str, field: str) -> Callable[[Left], None]:
    """Take a field away from one event."""

    def change(left: Left) -> None:
        reseal(left.folder, lambda line: line.pop(field) if line["event"] == event else None)

    return change


def flipped(name: str) -> Callable[[Left], None]:
    """Change the last byte but one of a file."""

    def change(left: Left) -> None:
        file = left.folder / name
        content = bytearray(file.read_bytes())
        content[-2] ^= 1
        file.write_bytes(bytes(content))

    return change


def lines(rearrange: Callable[[list[bytes]], list[bytes]]) -> Callable[[Left], None]:
    """Change which lines the tape has, and in which order."""

    def change(left: Left) -> None:
        tape = left.folder / TAPE
        tape.write_bytes(b"".join(rearrange(tape.read_bytes().splitlines(keepends=True))))

    return change


def another_diff(left: Left) -> None:
    """Put a diff that no git takes in its place, and its digest on the tape."""
    text = b"diff --git a/greeting.txt b/greeting.txt\n--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1 +1 @@\n-no\n+yes\n"
    (left.folder / DIFF).write_bytes(text)
    within("checks_completed", "digests", diff=hashlib.sha256(text).hexdigest())(left)


def no_diff(left: Left) -> None:
    (left.folder / DIFF).unlink()


def dropped(event: str) -> Callable[[Left], None]:
    return lines(lambda rows: [row for row in rows if f'"event":"{event}"'.encode() not in row])


# TL-R1


def another_file(left: Left) -> None:
    (left.repo / "more.txt").write_text("more\n")


def undone_in_work_tree_and_diff(left: Left) -> None:
    git(left.repo, "checkout", "--quiet", left.before.head, "--", left.path)


def taken_back(left: Left) -> None:
    git(left.repo, "reset", "--quiet", "--hard", left.before.head)


def another_name(left: Left) -> None:
    git(left.repo, "branch", "--move", "main", "other")


def another_branch(left: Left) -> None:
    git(left.repo, "branch", "evil")


def another_commit(left: Left) -> None:
    git(left.repo, "commit", "--quiet", "--allow-empty", "--message", "evil")


def amended(left: Left) -> None:
    git(left.repo, "commit", "--quiet", "--amend", "--allow-empty", "--message", "Add a footer")


@dataclass(frozen=True, slots=True)
class Plant:
    """A violation: the check that it is for, what it does to what a good run left, which others it breaks by nature."""

    check: str
    plant: Callable[[Left], None]
    also: frozenset[str] = frozenset()


def _bundle(check: str, plant: Callable[[Left], None], *also: str) -> Plant:
    # Evidence that was touched does not verify any more: that is its whole point.
    return Plant(check, plant, frozenset({"R1-I", *also}))


END_TO_END = {
    "another task": _bundle("R1-A", within("task_loaded", "task", instruction="Delete everything")),
    "another base": _bundle("R1-A", within("task_loaded", "task", base="0" * 40)),
    "other files": _bundle("R1-A", within("task_loaded", "task", files=["other.txt"])),
    "another policy": _bundle("R1-A", within("task_loaded", "policy", commit="0" * 40)),
    "no policy": _bundle("R1-A", without("task_loaded", "policy")),
    "a tool that failed": _bundle("R1-B", told("tool_dispatch_completed", status="failed", error_category="network")),
    "a tool without a model": _bundle("R1-B", told("tool_dispatch_completed", model_id=None)),
    "a tool of another provider": _bundle("R1-B", told("tool_dispatch_completed", provider="openai")),
    "a tool that nobody asked": _bundle("R1-B", dropped("tool_dispatch_started"), "R1-H"),
    "a changed byte in the diff": _bundle("R1-C", flipped(DIFF)),
    "no diff": _bundle("R1-C", no_diff),
    "a result that touches nothing": _bundle("R1-C", told("tool_result_verified", files_touched=[])),
    "another digest of the diff": _bundle("R1-C", within("checks_completed", "digests", diff="0" * 64)),
    "a verdict that refuses": _bundle("R1-D", within("tool_result_verified", "verdict", is_valid=False)),
    "another file beside": Plant("R1-E", another_file),
    "a file that did not change": Plant("R1-E", undone_in_work_tree_and_diff, frozenset({"R1-C"})),
    "a tape that names another commit": _bundle("R1-F", told("git_commit", commit="0" * 40)),
    "a commit that was made again": Plant("R1-F", amended, frozenset({"R1-I"})),
    "a commit that was taken back": Plant("R1-F", taken_back, frozenset({"R1-C", "R1-E", "R1-G", "R1-I"})),
    "a branch of another name": Plant("R1-G", another_name),
    "another branch": Plant("R1-G", another_branch),
    "another commit on top": Plant("R1-G", another_commit, frozenset({"R1-F", "R1-I", "R1-E"})),
    "a deleted event": _bundle("R1-H", dropped("health_check")),
    "swapped lines": _bundle("R1-H", lines(lambda rows: [rows[1], rows[0], *rows[2:]])),
    "a line twice": _bundle("R1-H", lines(lambda rows: [*rows[:3], rows[2], *rows[3:]])),
    "a changed byte in the answers": Plant("R1-I", flipped(ANSWERS)),
    "a tool that wrote": _bundle("R1-J", told("boundary_checked", wrote_files=True)),
    "a boundary that nobody measured": _bundle("R1-J", dropped("boundary_checked"), "R1-H"),
}


@pytest.fixture(scope="module")
def ended_well(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Left, Path]]:
    """Return what one good run left, in which everything passes, and a folder with a copy of all of it."""
    folder = tmp_path_factory.mktemp("ended")
    with committed(setting_for(folder), folder / "runs") as left:
        assert isinstance(left, Left)
        for name, place in (("bundle", left.folder), ("repo", left.repo)):
            shutil.copytree(place, folder / "copy" / name, symlinks=True)
        whole = judged(end_to_end.CHECKS, gather(left))
        assert {check.status for check in whole} == {"passed"}, say(whole)
        yield left, folder / "copy"


@pytest.mark.parametrize("name", END_TO_END)
def test_end_to_end_sees_it(name: str, ended_well: tuple[Left, Path]) -> None:
    planted = END_TO_END[name]
    left, copy = ended_well
    for kept, place in (("bundle", left.folder), ("repo", left.repo)):
        shutil.rmtree(place)
        shutil.copytree(copy / kept, place, symlinks=True)
    planted.plant(left)
    broken = judged(end_to_end.CHECKS, gather(left))
    assert planted.check in failed(broken), say(broken)
    assert failed(broken) <= {planted.check} | planted.also, say(broken)


# TL-R2-*: what a server or a command does while it is asked

Serve = Callable[[FaultyServer, str], None]


def lying_probe(server: FaultyServer, name: str) -> None:
    """Break down when the whole probe is walked, and be well again when a run comes."""
    dialect = DIALECTS[name]
    wrong = reply({"error": {"message": "no such thing", "type": "invalid_request_error"}}, status=400)
    path, number = (dialect.ask, 1) if name in PROBED else (dialect.listing, 2)
    server.at[path] = numbered(number, wrong, server.at[path])


def cut_answer(server: FaultyServer, name: str) -> None:
    dialect = DIALECTS[name]
    server.at[dialect.ask] = in_the_run(name, dialect.stream(dialect.begin + dialect.length))


def broken_off(server: FaultyServer, name: str) -> None:
    dialect = DIALECTS[name]
    server.at[dialect.ask] = in_the_run(name, dialect.stream(dialect.begin))


def no_words(server: FaultyServer, name: str) -> None:
    server.at[DIALECTS[name].ask] = in_the_run(name, wordless(name))


def writes(server: FaultyServer, name: str) -> None:
    server.at[DIALECTS[name].ask] = in_the_run(name, writing(name))


def commits(server: FaultyServer, name: str) -> None:
    server.at[DIALECTS[name].ask] = in_the_run(name, committing(name))


SERVERS: dict[str, tuple[str, Serve]] = {
    "a health that lies": ("A", lying_probe),
    "an answer that is cut off": ("B", cut_answer),
    "an answer that is broken off": ("B", broken_off),
    "an answer without a word": ("C", no_words),
    "a server that writes": ("D", writes),
    "a server that commits": ("D", commits),
}

BUNDLES: dict[str, tuple[str, Callable[[Left], None]]] = {
    "a health with a scheme in its endpoint": ("A", told("health_check", endpoint="http://127.0.0.1:1/v1")),
    "a health without a category": ("A", told("health_check", status="unreachable")),
    "a health of another step": ("A", told("health_check", adapter_id="other")),
    "a health of another address": ("A", told("health_check", endpoint="127.0.0.1:2")),
    "a tool that was asked twice": ("B", told("tool_dispatch_completed", calls=2)),
    "a tool that nobody asked": ("B", dropped("tool_dispatch_started")),
    "a tool that failed": ("B", told("tool_dispatch_completed", status="failed", error_category="model")),
    "a tool without a model": ("B", told("tool_dispatch_completed", model_id=None)),
    "a changed byte in the diff": ("C", flipped(DIFF)),
    "a verdict that refuses": ("C", within("tool_result_verified", "verdict", is_valid=False)),
    "a diff that git does not take": ("C", another_diff),
    "a verdict about another file": ("C", within("tool_result_verified", "verdict", files=["other.txt"])),
    "a boundary that measured a write": ("D", told("boundary_checked", wrote_files=True)),
    "a boundary that was not whole": ("D", told("boundary_checked", full=False)),
    "an endpoint with a scheme": ("E", told("tool_result_verified", endpoint="http://127.0.0.1:1")),
    "a failure without a category": ("E", told("tool_result_verified", status="failed")),
    "a field that is missing": ("E", without("tool_result_verified", "line_count")),
    "a result of another provider": ("E", told("tool_result_verified", provider="other")),
    "a result of another run": ("E", told("tool_result_verified", tool_run_id="other")),
    "a result of another kind": ("E", told("tool_result_verified", output_kind="analysis")),
    "a result that says it is a mock": ("E", told("tool_result_verified", mock=True)),
    "a changed byte in the answers": ("E", flipped(ANSWERS)),
}

#: What an agent command is made to do, beside the task; it runs without a sandbox, as on a machine that has none.
AGENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a command that crashes": ("B", {"crash": 1}),
    "a command that does nothing": ("C", {}),
    "a command that writes": ("D", {"code": DOES_IT + "; (ground / 'evil.txt').write_text('evil')"}),
    "a command that commits": ("D", {"code": DOES_IT + "; subprocess.run([*COMMIT], cwd=ground, check=True)"}),
}
_GROUND = (
    "COMMIT = ['git', 'commit', '-q', '--allow-empty', '-m', 'evil']; "
    "ground = next(pathlib.Path({folder!r}).glob('agentos-gate-*/repo')); "
)
_PROFILE = """{"provider": "claude_cli", "name": "claude_cli", "agent": {
  "command": ["claude", "--print"], "version_command": ["claude", "--version"],
  "login_command": ["claude", "auth", "status"], "sandbox": "none"}}"""


def checks_of(name: str) -> tuple[Any, ...]:
    prefix = next(prefix for known, prefix in PROVIDERS.values() if known == name)
    return provider.checks_of(prefix)


def letters(checks: tuple[CheckResult, ...]) -> set[str]:
    return {check.id.rpartition("-")[2] for check in checks if check.status == "failed"}


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("planted", SERVERS)
def test_a_providers_gate_sees_it(name: str, planted: str, tmp_path: Path) -> None:
    letter, serve = SERVERS[planted]
    with good(name) as server:
        serve(server, name)
        with asked(setting_for(tmp_path, name, at(server, name)), name, tmp_path / "runs") as left:
            assert isinstance(left, Left)
            checks = judged(checks_of(name), gather(left))
    assert letters(checks) == {letter}, say(checks)


@contextmanager
def a_good_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Left]:
    with ExitStack() as stack:
        if name == "claude_cli":
            own = agents_setting(tmp_path, monkeypatch, code=DOES_IT)
        else:
            server = stack.enter_context(good(name))
            own = setting_for(tmp_path, name, at(server, name))
        left = stack.enter_context(asked(own, name, tmp_path / "runs"))
        assert isinstance(left, Left), left
        yield left


@pytest.fixture(scope="module", params=[*DIALECTS, "claude_cli"])
def ran_well(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[tuple[Any, ...], Left]]:
    """Return the checks of a provider and what one good run of it left; a test leaves it as it was."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            left = stack.enter_context(a_good_run(request.param, tmp_path_factory.mktemp("good"), patch))
        yield checks_of(request.param), left


@pytest.mark.parametrize("wrong", [{"probe_step": "models"}, {"provider": "other"}, {"endpoint": "http://127.0.0.1:1"}])
def test_a_probe_that_tells_otherwise_is_seen(ran_well: tuple[tuple[Any, ...], Left], wrong: dict[str, str]) -> None:
    run_checks, left = ran_well
    assert left.health is not None
    checks = judged(run_checks, gather(replace(left, health=left.health.model_copy(update=wrong))))
    assert letters(checks) == {"A"}, say(checks)


def test_a_providers_gate_sees_what_is_changed_afterwards(ran_well: tuple[tuple[Any, ...], Left]) -> None:
    checks, left = ran_well
    whole = judged(checks, gather(left))
    assert {check.status for check in whole} == {"passed"}, say(whole)
    kept = {file: file.read_bytes() for file in left.folder.rglob("*") if file.is_file()}
    for planted, (letter, plant) in BUNDLES.items():
        plant(left)
        broken = judged(checks, gather(left))
        assert letter in letters(broken), (planted, say(broken))
        # Evidence that was touched does not verify any more, and that is what E looks at too.
        assert letters(broken) <= {letter, "E"}, (planted, say(broken))
        for file, content in kept.items():
            file.write_bytes(content)


@pytest.mark.parametrize("planted", AGENTS)
def test_an_agents_gate_sees_it(planted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letter, plan = AGENTS[planted]
    code = _GROUND.format(folder=tempfile.gettempdir()) + plan["code"] if "code" in plan else ""
    own = agents_setting(tmp_path, monkeypatch, **{**plan, "code": code})
    checks = agents_gate(own, tmp_path)
    assert letters(checks) == {letter}, say(checks)


def test_an_agents_gate_sees_a_health_that_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second look is the whole probe's; the run's own finds it well again.
    own = agents_setting(tmp_path, monkeypatch, name="well", code=DOES_IT)
    folder = tmp_path / "programs"
    sick_once = (
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo x >> {folder}/looks; '
        f'[ "$(wc -l < {folder}/looks)" -eq 2 ] && exit 1; fi\nexec {folder}/well "$@"\n'
    )
    (folder / "claude").write_text(sick_once)
    (folder / "claude").chmod(0o755)
    checks = agents_gate(own, tmp_path)
    assert letters(checks) == {"A"}, say(checks)


def agents_gate(own: Setting, tmp_path: Path) -> tuple[CheckResult, ...]:
    with asked(own, "claude_cli", tmp_path / "runs") as left:
        assert isinstance(left, Left), left
        return judged(checks_of("claude_cli"), gather(left))


def agents_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **plan: Any) -> Setting:
    install(tmp_path, monkeypatch, **plan)
    profiles = tmp_path / "home" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "claude_cli.json").write_text(_PROFILE)
    return setting_for(tmp_path)


# TL-R2-CAP-SANITY


def claims_of(tmp_path: Path, name: str, behaviour: Behaviour, **paths: Behaviour) -> Claims:
    with capable(name, behaviour) as server:
        server.at.update({f"/{path}": how for path, how in paths.items()})
        with claimed(setting_for(tmp_path, name, at(server, name)), tmp_path / "runs") as found:
            assert not isinstance(found, Unreached), found
            return found[0]


def lacking(name: str, capability: str) -> Callable[[Path], Claims]:
    return lambda tmp_path: claims_of(tmp_path, name, Capable(frozenset({capability})))


def lying_health(tmp_path: Path) -> Claims:
    wrong = reply({"error": {"message": "no such thing", "type": "invalid_request_error"}}, status=400)
    return claims_of(tmp_path, "llamacpp", numbered(1, wrong, Capable()))


def small_context(tmp_path: Path) -> Claims:
    return claims_of(tmp_path, "llamacpp", Capable(), props=reply(props(8)))


def without_words(tmp_path: Path) -> Claims:
    return claims_of(tmp_path, "openai", Capable(words=("***", " **")))


def claiming(**changes: object) -> Callable[[Path], Claims]:
    """Let an adapter claim what it does not; all that was seen is what a good server showed."""

    def claim(tmp_path: Path) -> Claims:
        claims = claims_of(tmp_path, "openai", Capable())
        return replace(claims, supports=claims.supports.model_copy(update=changes))

    return claim


CLAIMS: dict[str, tuple[str, Callable[[Path], Claims]]] = {
    "an answer in one piece": ("CAP-STREAM", lacking("openai", "stream")),
    "prose for JSON": ("CAP-JSON-MODE", lacking("openai", "json_mode")),
    "JSON of another schema": ("CAP-JSON-SCHEMA", lacking("openai", "json_schema")),
    "prose for a grammar": ("CAP-GRAMMAR", lacking("llamacpp", "grammar")),
    "a grammar that nobody takes": ("CAP-GRAMMAR", claiming(grammar=True)),
    "prose for a call": ("CAP-FUNCTION-CALL", lacking("openai", "function_call")),
    "a context smaller than a call": ("CAP-CONTEXT-TOKENS", small_context),
    "a context of nothing": ("CAP-CONTEXT-TOKENS", claiming(context_tokens=0)),
    "an answer without a word": ("CAP-DIFF", without_words),
    "a patch that nobody takes": ("CAP-PATCH", claiming(supports_patch=True)),
    "a health that lies": ("CAP-HEALTH-CHECK", lying_health),
    "a cloud that says it is local": (
        "CAP-EXECUTION-MODE",
        lambda tmp_path: replace(claiming(execution_mode="local")(tmp_path), local=False),
    ),
}


@pytest.mark.parametrize("name", ["llamacpp", "openai"])
def test_a_server_that_can_everything_passes(name: str, tmp_path: Path) -> None:
    checks = judged(capabilities.CHECKS, claims_of(tmp_path, name, Capable()))
    assert {check.status for check in checks} == {"passed"}, say(checks)
    assert [check.id for check in checks if check.warnings] == []


@pytest.mark.parametrize("planted", CLAIMS)
def test_a_claim_that_is_not_true_is_seen(planted: str, tmp_path: Path) -> None:
    check, claim = CLAIMS[planted]
    checks = judged(capabilities.CHECKS, claim(tmp_path))
    assert failed(checks) == {check}, say(checks)


def test_what_is_there_and_not_claimed_is_a_warning(tmp_path: Path) -> None:
    profiles = tmp_path / "home" / "profiles"
    profiles.mkdir(parents=True)
    less = '"capabilities": {"json_mode": false, "stream": false}'
    (profiles / "openai.json").write_text(f'{{"provider": "openai", "name": "openai", {less}}}')
    checks = judged(capabilities.CHECKS, claims_of(tmp_path, "openai", Capable()))
    assert {check.id for check in checks if check.warnings} == {"CAP-JSON-MODE", "CAP-STREAM"}
    assert failed(checks) == set(), say(checks)


# TL-R2-OKIND-N1


@pytest.fixture(scope="module")
def judgements() -> dict[str, Judgement]:
    return kinds.judge_all()


def test_every_pair_is_judged_as_it_should(judgements: dict[str, Judgement]) -> None:
    checks = judged(kinds.CHECKS, judgements)
    assert {check.status for check in checks} == {"passed"}, say(checks)
    assert len(pairs.NEGATIVE) >= 20


KINDS = {pair.id: ("OKN-P1", "OKN-P2") for pair in pairs.NEGATIVE} | {pair.id: ("OKN-01",) for pair in pairs.POSITIVE}


@pytest.mark.parametrize("check", KINDS)
def test_a_kind_that_is_judged_wrongly_is_seen(check: str, judgements: dict[str, Judgement]) -> None:
    for other in KINDS[check]:
        checks = judged(kinds.CHECKS, {**judgements, check: judgements[other]})
        assert failed(checks) == {check}, say(checks)
    missing = {name: said for name, said in judgements.items() if name != check}
    assert failed(judged(kinds.CHECKS, missing)) == {check}


@pytest.mark.parametrize("check", [pair.id for pair in pairs.NEGATIVE])
def test_a_refusal_for_another_reason_is_seen(check: str, judgements: dict[str, Judgement]) -> None:
    said = judgements[check]
    other = replace(said, findings=tuple(replace(finding, id="size.answer") for finding in said.findings))
    assert failed(judged(kinds.CHECKS, {**judgements, check: other})) == {check}


# All of them together


def planted_checks() -> set[str]:
    """Return the id of every check that a test above breaks."""
    http = {letter for letter, _ in SERVERS.values()} & {letter for letter, _ in BUNDLES.values()} | {"E"}
    agents = {letter for letter, _ in AGENTS.values()} | {"A"} | {letter for letter, _ in BUNDLES.values()}
    found = {f"{prefix}-{letter}" for name, prefix in PROVIDERS.values() if name in DIALECTS for letter in http}
    found |= {f"CLI-{letter}" for letter in agents}
    found |= {plant.check for plant in END_TO_END.values()}
    found |= {check for check, _ in CLAIMS.values()}
    return found | set(KINDS)


def test_every_check_has_a_violation_of_its_own() -> None:
    checks = {check for gate in GATES.values() for check in gate.check_ids}
    assert checks - planted_checks() == set()
    assert planted_checks() - checks == set()


def test_no_two_checks_have_one_id() -> None:
    ids = [check for gate in GATES.values() for check in gate.check_ids]
    assert len(ids) == len(set(ids))
