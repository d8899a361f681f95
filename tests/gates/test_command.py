"""`agentos gate` as a person and a CI see it: exit codes, folders, JSON, JUnit, mock answers."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from agentos_action.evidence.verify import verify_bundle
from agentos_action.gates.end_to_end import ANSWER
from agentos_action.gates.registry import GATES
from agentos_action.pipeline.commit import commit_proposal
from agentos_action.records.observer import Nobody
from agentos_action.wiring import parts
from tests.adapters.dialects import LLAMACPP
from tests.adapters.faulty import CHAT, MODEL, reply, stall
from tests.git import make_repo
from tests.runs import CLI, cli, diff_answer, scripted
from tests.runs import request as run_request

from .serving import Capable, at, capable, good, numbered

GATE = {"AGENTOS_GATE_MODE": "1", "AGENTOS_MOCK_CLAUDE": "1"}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a folder to stand in, whose user has configured nothing."""
    folder = tmp_path / "here"
    (folder / "home").mkdir(parents=True)
    return folder


def gate(here: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return cli("gate", *arguments, cwd=here, env={"HOME": str(here / "home"), **environment})


def loaded(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def results(here: Path, folder: str) -> dict[str, Any]:
    return loaded(here / "outputs" / "gates" / folder / "reports" / "gate_results.json")


def health(here: Path, folder: str) -> dict[str, Any]:
    return loaded(here / "outputs" / "gates" / folder / "reports" / "health_summary.json")


def test_the_first_gate_passes_and_leaves_everything(here: Path) -> None:
    done = gate(here, "run", "TL-R1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TL-R1" in done.stdout
    assert "passed" in done.stdout
    folder = here / "outputs" / "gates" / "tl_r1"
    assert "Add a footer to index.html" in (folder / "audit" / "tl_r1_git_log.txt").read_text()
    events = [json.loads(line)["event"] for line in (folder / "audit" / "run_tape.jsonl").read_text().splitlines()]
    assert events[0] == "run_started"
    assert events[-2:] == ["git_commit", "run_finished"]
    said = results(here, "tl_r1")
    assert [check["id"] for check in said["checks"]] == list(GATES["TL-R1"].check_ids)
    assert {check["status"] for check in said["checks"]} == {"passed"}
    assert all(check["why"] for check in said["checks"])
    assert health(here, "tl_r1")["gate_passed"] is True
    (bundle,) = (folder / "runs").iterdir()
    assert verify_bundle(bundle).problems == ()
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_the_first_gate_asks_the_provider_that_is_named(here: Path) -> None:
    with capable("openai", Capable(words=(ANSWER[:20], ANSWER[20:]))) as server:
        named = ["--provider", "openai", "--base-url", at(server, "openai"), "--model", MODEL]
        done = gate(here, "run", "TL-R1", *named)
    assert done.returncode == 0, done.stdout
    assert results(here, "tl_r1")["checks"][1]["facts"]["provider"] == "openai"
    assert gate(here, "run", "TL-R1", "--provider", "openai", "--base-url", NOWHERE, "--model", "m").returncode == 4


def test_the_claims_of_a_profile_are_tested_where_it_is_named(here: Path) -> None:
    profiles = here / "home" / ".agentos" / "profiles"
    profiles.mkdir(parents=True)
    with capable("openai", Capable(frozenset({"json_mode"}))) as server:
        profile = {"provider": "openai", "name": "mine", "base_url": at(server, "openai"), "model": MODEL}
        (profiles / "mine.json").write_text(json.dumps(profile))
        done = gate(here, "run", "TL-R2-CAP-SANITY", "--profile", "mine")
    assert done.returncode == 1
    assert "CAP-JSON-MODE failed" in done.stdout
    failed = [check["id"] for check in results(here, "tl_r2_cap_sanity")["checks"] if check["status"] == "failed"]
    assert failed == ["CAP-JSON-MODE"]


def test_claims_of_a_server_that_answers_wrongly_are_no_skip(here: Path) -> None:
    with good("llamacpp") as server:
        named = ["--provider", "llamacpp", "--base-url", server.base_url, "--model", "another"]
        done = gate(here, "run", "TL-R2-CAP-SANITY", *named)
    assert done.returncode == 1
    assert "CAP-HEALTH-CHECK failed" in done.stdout


def test_a_gate_without_a_server_is_skipped_with_the_reason(here: Path) -> None:
    done = gate(here, "run", "tl-r2-llamacpp", "--base-url", NOWHERE)
    assert done.returncode == 4
    assert "connect_refused" in done.stdout
    said = results(here, "tl_r2_llamacpp")
    assert (said["status"], {check["status"] for check in said["checks"]}) == ("skipped", {"skipped"})
    assert "connect_refused" in said["why"]
    told = health(here, "tl_r2_llamacpp")
    assert (told["gate_passed"], told["gate_status"]) == (False, "skipped")
    assert told["health"]["endpoint"] == "127.0.0.1:9"


@pytest.mark.parametrize(
    ("name", "code"),
    [("TL-R2-OPENAI", "no_key"), ("TL-R2-ANTHROPIC", "no_key"), ("TL-R2-CLAUDE_CLI", "agent_missing")],
)
def test_without_key_or_command_a_gate_is_skipped(here: Path, name: str, code: str) -> None:
    done = gate(here, "run", name, "--model", "m", PATH="/usr/bin:/bin", OPENAI_API_KEY="", ANTHROPIC_API_KEY="")
    assert done.returncode == 4
    assert code in done.stdout


def test_a_server_that_answers_wrongly_fails(here: Path) -> None:
    with good("llamacpp") as server:
        server.at[CHAT] = reply({"nothing": 1})
        done = gate(here, "run", "TL-R2-LLAMACPP", "--base-url", at(server, "llamacpp"))
    assert done.returncode == 1
    assert "LLC-A failed" in done.stdout
    assert "LLC-B failed" in done.stdout


def test_all_gates_together(here: Path) -> None:
    for provider in ("llamacpp", "lmstudio"):  # whatever this machine serves at their usual ports
        profile = here / "home" / ".agentos" / "profiles" / f"{provider}.json"
        profile.parent.mkdir(parents=True, exist_ok=True)
        profile.write_text(json.dumps({"provider": provider, "name": provider, "base_url": NOWHERE}))
    none = {"OPENAI_API_KEY": "", "ANTHROPIC_API_KEY": "", "PATH": "/usr/bin:/bin", "OLLAMA_HOST": "127.0.0.1:9"}
    with capable("llamacpp", Capable()) as server:
        named = ["--provider", "llamacpp", "--base-url", server.base_url]
        done = gate(here, "run", "TL-R2-LLAMACPP", "TL-R2-CAP-SANITY", "TL-R2-OKIND-N1", *named, "--json")
        assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert [gate["status"] for gate in told["gates"]] == ["passed"] * 3
    assert (told["status"], told["exit_code"]) == ("passed", 0)
    done = gate(here, "run", "--all", **none)
    assert done.returncode == 4
    allowed = gate(here, "run", "--all", "--allow-skip", "--json", **none)
    assert allowed.returncode == 0
    assert [row["gate"] for row in json.loads(allowed.stdout)["gates"]] == list(GATES)
    assert sorted(folder.name for folder in (here / "outputs" / "gates").iterdir()) == sorted(
        each.folder for each in GATES.values()
    )


def test_one_that_failed_counts_more_than_those_that_were_skipped(here: Path) -> None:
    with good("llamacpp") as server:
        server.at[CHAT] = reply({"nothing": 1})
        done = gate(here, "run", "--all", "--allow-skip", "--provider", "llamacpp", "--base-url", server.base_url)
    assert done.returncode == 1


def test_what_an_earlier_run_left_is_not_taken_for_this_one(here: Path) -> None:
    with capable("llamacpp", Capable()) as server:
        assert gate(here, "run", "TL-R2-LLAMACPP", "--base-url", server.base_url).returncode == 0
    assert gate(here, "run", "TL-R2-LLAMACPP", "--base-url", NOWHERE).returncode == 4
    assert not (here / "outputs" / "gates" / "tl_r2_llamacpp" / "audit" / "run_tape.jsonl").exists()


def test_an_interrupted_gate_proves_nothing(here: Path) -> None:
    with good("llamacpp") as server:
        dialect = LLAMACPP
        server.at[CHAT] = numbered(1, dialect.stream(dialect.good()), stall)
        command = [*CLI, "gate", "run", "TL-R2-LLAMACPP", "--base-url", server.base_url]
        environment = {**os.environ, "HOME": str(here / "home")}
        with subprocess.Popen(
            command, cwd=here, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as ours:
            until = time.monotonic() + 120
            while sum(request.path == CHAT for request in server.seen) < 2 and time.monotonic() < until:
                time.sleep(0.02)
            ours.send_signal(signal.SIGINT)
            assert ours.wait(60) == 130
    folder = here / "outputs" / "gates" / "tl_r2_llamacpp"
    assert not (folder / "reports" / "gate_results.json").exists()
    assert gate(here, "report").returncode == 2


def test_a_folder_that_is_no_gates_own_is_left_alone(here: Path) -> None:
    precious = here / "outputs" / "gates" / "tl_r1" / "precious.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    done = gate(here, "run", "TL-R1")
    assert (done.returncode, precious.read_text()) == (2, "mine")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "TL-R1", "--all"],
        ["run", "TL-R9"],
        ["run", "TL-R1", "--allow-skip"],
        ["run", "--all", "--base-url", NOWHERE],
        ["run", "TL-R1", "--allow-mock"],
        ["report"],
        ["dance"],
    ],
)
def test_usage(here: Path, arguments: list[str]) -> None:
    assert gate(here, *arguments).returncode == 2


def test_the_list_names_every_gate_and_check(here: Path) -> None:
    told = json.loads(gate(here, "list", "--json").stdout)
    assert {row["gate"]: tuple(row["checks"]) for row in told["gates"]} == {
        name: each.check_ids for name, each in GATES.items()
    }
    shown = gate(here, "list").stdout
    assert all(name in shown for name in GATES)
    assert max(map(len, shown.splitlines())) <= 80


def test_the_report_is_junit_too(here: Path) -> None:
    gate(here, "run", "TL-R1")
    gate(here, "run", "TL-R2-LLAMACPP", "--base-url", NOWHERE)
    done = gate(here, "report", "--junit", "gates.xml")
    assert done.returncode == 4
    assert gate(here, "report", "--allow-skip").returncode == 0
    root = fromstring((here / "gates.xml").read_bytes())  # noqa: S314 - our own file
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("skipped")) == ("testsuites", "15", "0", "5")
    assert [suite.get("name") for suite in root] == ["TL-R1", "TL-R2-LLAMACPP"]
    skipped = [case.find("skipped") for case in root[1].iter("testcase")]
    assert all(one is not None and "connect_refused" in (one.get("message") or "") for one in skipped)


def test_what_a_server_says_steers_no_terminal_and_breaks_no_xml(here: Path) -> None:
    said = "\x1b[31m\x00]]><evil>&\u202e"
    with good("llamacpp") as server:
        server.at[CHAT] = reply({"error": {"message": said, "type": "x", "code": 400}}, status=400)
        done = gate(here, "run", "TL-R2-LLAMACPP", "--base-url", server.base_url)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    gate(here, "report", "--junit", "gates.xml")
    fromstring((here / "gates.xml").read_bytes())  # noqa: S314 - our own file


def test_a_key_is_in_nothing_that_is_left(here: Path) -> None:
    secret = "sk-0123456789abcdefSECRET"
    with good("llamacpp") as server:
        server.at[CHAT] = reply({"error": {"message": f"bad key {secret}", "type": "x", "code": 400}}, status=400)
        done = gate(here, "run", "TL-R2-LLAMACPP", "--base-url", server.base_url, LLAMACPP_API_KEY=secret)
    assert secret not in done.stdout + done.stderr
    assert not [file for file in here.rglob("*") if file.is_file() and secret.encode() in file.read_bytes()]


def test_a_mock_answer_says_so_everywhere(here: Path) -> None:
    done = gate(here, "run", "TL-R2-CLAUDE_CLI", "--allow-mock", "--json", **GATE)
    assert done.returncode == 0, done.stdout
    (told,) = json.loads(done.stdout)["gates"]
    assert told["mock"] is True
    folder = here / "outputs" / "gates" / "tl_r2_claude_cli"
    assert results(here, folder.name)["mock"] is True
    assert loaded(folder / "reports" / "run_summary.json")["tool_result"]["mock"] is True
    tape = [json.loads(line) for line in (folder / "audit" / "run_tape.jsonl").read_text().splitlines()]
    assert [line["mock"] for line in tape if "mock" in line] == [True]
    assert "mock" in gate(here, "report").stdout


def test_a_bad_mock_answer_fails_its_gate(here: Path) -> None:
    (here / "answer.md").write_text("I did nothing at all.")
    done = gate(here, "run", "TL-R2-CLAUDE_CLI", "--allow-mock", **{**GATE, "AGENTOS_MOCK_CLAUDE": "answer.md"})
    assert done.returncode == 1
    assert "CLI-C failed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["--allow-mock"], {"AGENTOS_MOCK_CLAUDE": "1"}),
        ([], GATE),
        ([], {"AGENTOS_MOCK_CLAUDE": "1"}),
        (["--allow-mock"], {**GATE, "AGENTOS_MOCK_CLAUDE": "no-such-file.md"}),
    ],
)
def test_a_mock_answer_is_given_only_where_it_is_asked_for_in_full(
    here: Path, arguments: list[str], environment: dict[str, str]
) -> None:
    assert gate(here, "run", "TL-R2-CLAUDE_CLI", *arguments, **environment).returncode == 2


def test_no_mock_without_the_word_for_it(here: Path) -> None:
    done = gate(here, "run", "TL-R2-CLAUDE_CLI", "--allow-mock", AGENTOS_GATE_MODE="1", PATH="/usr/bin:/bin")
    assert done.returncode == 4
    assert results(here, "tl_r2_claude_cli")["mock"] is False


def test_a_run_gives_no_mock_answer(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    done = cli("run", "--instruction", "x", "--provider", "claude_cli", cwd=repo, env=GATE)
    assert done.returncode == 2
    assert "only a gate" in done.stderr


def test_nobody_commits_a_mock_answer(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a.txt": "one\n"})
    proposed = scripted(
        repo, tmp_path, diff_answer("a.txt", "one", "1"), half="propose", parts=replace(parts(), mock=True)
    )
    assert proposed.status == "dry_run"
    again = run_request(repo, tmp_path, half="commit", proposal=Path(proposed.evidence or ""), instruction=None)
    report = commit_proposal(again, parts(), Nobody())
    assert (report.status, report.commit) == ("rejected", None)
    assert [finding.id for finding in report.findings] == ["bundle.no-proposal"]
    assert "mock" in report.findings[0].message


def test_two_at_once_do_not_mix_what_they_leave(here: Path) -> None:
    with good("llamacpp") as server:
        server.at[CHAT] = stall
        command = [*CLI, "gate", "run", "TL-R2-LLAMACPP", "--base-url", server.base_url]
        environment = {**os.environ, "HOME": str(here / "home")}
        with subprocess.Popen(command, cwd=here, env=environment, stderr=subprocess.PIPE) as first:
            until = time.monotonic() + 120
            while not server.seen and time.monotonic() < until:
                time.sleep(0.02)
            second = gate(here, "run", "TL-R2-OKIND-N1")
            elsewhere = gate(here, "run", "TL-R2-OKIND-N1", "--out", "other")
            first.send_signal(signal.SIGINT)
            first.wait(60)
    assert (second.returncode, "give another folder with --out" in second.stderr) == (2, True)
    assert elsewhere.returncode == 0
    assert gate(here, "run", "TL-R2-OKIND-N1").returncode == 0


def test_a_folder_that_cannot_be_written_is_told_with_the_gates_own_option(here: Path) -> None:
    (here / "file").write_text("")
    done = gate(here, "run", "TL-R2-OKIND-N1", "--out", "file")
    assert (done.returncode, "--out" in done.stderr, "--evidence" in done.stderr) == (2, True, False)
