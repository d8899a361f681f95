"""What a workflow writes under `with:` becomes the arguments of `agentos run`, or an error that names the input."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentos_action import __version__
from agentos_action.entry.inputs import read_inputs
from agentos_action.entry.words import check_dashes, in_inputs
from agentos_action.errors import UsageError
from agentos_action.records.run import RunReport
from agentos_action.sidecar.models import find
from tests.doors.tree import ROOT


def inputs(**given: str) -> dict[str, str]:
    """Return the environment that action.yml makes of these inputs."""
    told = {f"AGENTOS_INPUT_{name.upper()}": value for name, value in given.items()}
    return {"RUNNER_TEMP": "/runner/temp", **told}


def test_silence_is_no_argument_but_the_place_of_the_evidence() -> None:
    read = read_inputs(inputs(recipe="", task_file=" \n"))
    assert read.argv == ("--branch=agentos/{task}", "--evidence=/runner/temp/agentos-evidence")
    assert read.upload


def test_every_text_is_handed_on_as_one_argument_that_cannot_become_an_option() -> None:
    read = read_inputs(inputs(instruction="--json\n--repo=/etc", branch="-f", timeout="-1"))
    assert read.argv[:3] == ("--instruction=--json\n--repo=/etc", "--timeout=-1", "--branch=-f")


def test_files_stand_one_a_line_and_may_begin_with_a_dash() -> None:
    read = read_inputs(inputs(files="a b.py\n\n  c.py\r\n--json\n"))
    assert read.argv[-4:] == ("--files", "a b.py", "c.py", "./--json")


@pytest.mark.parametrize(("word", "argued"), [("true", True), ("TRUE", True), ("false", False), ("", False)])
def test_a_boolean_is_true_or_false(word: str, *, argued: bool) -> None:
    assert ("--dry-run" in read_inputs(inputs(dry_run=word)).argv) is argued


@pytest.mark.parametrize("name", ["dry-run", "upload-evidence"])
@pytest.mark.parametrize("word", ["yes", "1", "true\nfalse", "${{ x }}"])
def test_another_boolean_is_refused_by_name(name: str, word: str) -> None:
    with pytest.raises(UsageError, match=f"the input {name} is ") as caught:
        read_inputs(inputs(**{name.replace("-", "_"): word}))
    assert caught.value.exit_code == 2


def test_action_yml_hands_on_exactly_the_inputs_that_are_read() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    source = (ROOT / "agentos_action/entry/inputs.py").read_text(encoding="utf-8")
    declared = set(
        re.findall(r"^  ([a-z0-9-]+):$", text.partition("outputs:")[0].partition("inputs:")[2], re.MULTILINE)
    )
    handed = {name.lower().replace("_", "-") for name in re.findall(r"AGENTOS_INPUT_(\w+):", text)}
    assert handed == declared - {"python"}
    assert all(f'"{name}"' in source for name in handed)


def test_exceptions_are_handed_on_one_by_one() -> None:
    read = read_inputs(inputs(recipe="docstrings", allow_path=" docs/**\n\n--json\n"))
    assert [word for word in read.argv if word.startswith("--allow-path")] == [
        "--allow-path=docs/**",
        "--allow-path=--json",
    ]


@pytest.mark.parametrize("name", ["allowed-paths", "forbidden-paths"])
def test_globs_stand_one_a_line(name: str) -> None:
    read = read_inputs(inputs(**{name.replace("-", "_"): " docs/**\n\n-x, y\n"}))
    assert [word for word in read.argv if word.startswith(f"--{name}")] == [f"--{name}=docs/**", f"--{name}=-x, y"]


def test_checks_are_commands_one_a_line() -> None:
    read = read_inputs(inputs(checks="make test\npython -m mypy ."))
    assert [word for word in read.argv if word.startswith("--check")] == [
        "--check=make test",
        "--check=python -m mypy .",
    ]


@pytest.mark.parametrize("name", ["allowed_paths", "base_url", "branch", "labels"])
def test_two_dashes_are_no_value(name: str) -> None:
    # argparse drops them, and what they were meant to narrow is wide open.
    with pytest.raises(UsageError, match=f"the input {name.replace('_', '-')} is '--'"):
        check_dashes(read_inputs(inputs(**{name: "--"})).argv)


def test_an_error_names_inputs_and_leaves_commands_alone() -> None:
    assert in_inputs("Start llama-server, or use --embedded.") == "Start llama-server, or use sidecar: embedded."
    assert in_inputs("Give --task FILE; not a--model, --xyz.") == "Give task-file FILE; not a--model, --xyz."
    assert in_inputs("handed in (--allowed-paths)") == "handed in (allowed-paths)"
    key = "Put it into the environment (OPENAI_API_KEY), or store it: agentos tool auth set --provider openai."
    assert in_inputs(key) == "Give it as api-key, from a secret that is there and not empty."
    proposed = "accepted; commit it: agentos commit /runner/temp/agentos-evidence/x --branch agentos/a"
    assert in_inputs(proposed) == "accepted; a step with mode: commit takes its evidence and commits it"
    nothing = "Nothing answers here. `agentos model install smollm2-135m`, then --embedded; or start llama-server."
    told = "Nothing answers here. Write sidecar: embedded, which fetches a model; or start llama-server."
    assert in_inputs(nothing) == told
    whole = "agentos tool auth set --provider openai"
    assert in_inputs(whole) == whole


def test_what_a_parser_refuses_is_told_as_an_input() -> None:
    given = {"PATH": os.environ["PATH"], **inputs(instruction="x", threads="many")}
    command = [sys.executable, "-I", "-m", "agentos_action.entry.action"]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the input threads: 'many' is no number of threads (1 to 512)" in done.stdout


@pytest.mark.parametrize("name", ["smollm2-135m", "own"])
def test_a_model_that_is_not_there_is_fetched_by_an_input(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(name, tmp_path)
    assert "agentos model install" in caught.value.hint
    assert in_inputs(caught.value.hint).startswith("Write sidecar: embedded and n")


def test_a_gguf_file_needs_its_digest() -> None:
    given = inputs(sidecar="models/own.gguf", sidecar_sha256="0" * 64, sidecar_context="8192")
    argv = read_inputs(given).argv
    assert {"--gguf=models/own.gguf", f"--gguf-sha256={'0' * 64}", "--context=8192"} <= set(argv)
    with pytest.raises(UsageError, match="the input sidecar is 'docker', and sidecar-sha256 is empty"):
        read_inputs(inputs(sidecar="docker"))
    with pytest.raises(UsageError, match="the input sidecar-sha256 is for a GGUF file"):
        read_inputs(inputs(sidecar="embedded", sidecar_sha256="0" * 64))
    with pytest.raises(UsageError, match="the input sidecar-context is given without a sidecar"):
        read_inputs(inputs(sidecar_context="8192"))


def test_a_commit_takes_the_one_bundle_of_a_folder_and_nothing_that_asks(tmp_path: Path) -> None:
    (tmp_path / "a-run").mkdir()
    (tmp_path / "a-run/SHA256SUMS").touch()
    given = {"mode": "commit", "evidence": str(tmp_path), "issue_number": "7", "delivery": "push"}
    read = read_inputs(inputs(**given))
    assert (read.half, read.argv[0]) == ("commit", str(tmp_path / "a-run"))
    assert {"--issue=7", "--delivery=push"} <= set(read.argv)
    for name in ("provider", "instruction", "checks", "api_key", "sidecar"):
        with pytest.raises(UsageError, match=f"the input {name.replace('_', '-')} says nothing to mode commit"):
            read_inputs(inputs(**given, **{name: "embedded"}))
    (tmp_path / "b-run").mkdir()
    (tmp_path / "b-run/SHA256SUMS").touch()
    assert read_inputs(inputs(**given)).argv[0] == str(tmp_path)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"mode": "judge"}, "the input mode is 'judge'"),
        ({"mode": "commit"}, "the input evidence is empty"),
        ({"evidence": "x"}, "the input evidence is for mode commit"),
        ({"mode": "propose", "delivery": "push"}, "mode propose makes no commit to deliver"),
        ({"fail_on": "rejected, refused"}, "the input fail-on names 'refused', which is no status"),
        ({"fail_on": "applied"}, "the input fail-on names 'applied', which is no status"),
        ({"fail_on": "none\nrejected"}, "the input fail-on names none and a status"),
        ({"evidence_name": "a/b"}, "the input evidence-name cannot be an artifact's name"),
        ({"mode": "commit", "evidence": "tests/doors"}, "which holds no evidence of a run"),
        ({"mode": "commit", "evidence": "x" * 300}, "the input evidence names a folder that cannot be read"),
        ({"evidence_retention_days": "0"}, "the input evidence-retention-days is '0'"),
        ({"version": "99"}, f"the input version is '99', and this is {__version__}"),
        ({"api_key": "k", "provider": "openai"}, "the input api-key: the key has 1 characters"),
        ({"api_key": "a-long-enough-key", "sidecar": "embedded"}, "a sidecar needs none"),
        ({"api_key": "a-long-enough-key", "base_url": "http://gpu.example:8080"}, "would travel unencrypted"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(given: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        read_inputs(inputs(**given))
    assert "a-long-enough-key" not in str(caught.value) + caught.value.hint


def test_the_key_is_no_argument() -> None:
    read = read_inputs(inputs(recipe="docstrings", api_key="a-long-enough-key", base_url="https://gateway.example"))
    assert not [word for word in (*read.argv, read.task) if "a-long-enough-key" in word]


@pytest.mark.parametrize(
    ("told", "status", "fails"),
    [
        ("", "rejected", True),
        ("", "no_change", False),
        ("tool_failed\nconflict", "rejected", False),
        ("tool_failed\nconflict", "conflict", True),
        ("no_change", "no_change", True),
        ("none", "boundary_violated", False),
        ("none", "usage", True),
        ("none", "bug", True),
        ("none", "interrupted", True),
    ],
)
def test_the_statuses_that_fail_the_step(told: str, status: str, *, fails: bool) -> None:
    report = RunReport.model_validate({"status": status, "exit_code": 1, "message": "m"})
    assert read_inputs(inputs(fail_on=told)).fails(report) is fails


def test_an_event_that_decides_the_task_is_named() -> None:
    assert read_inputs({**inputs(), "GITHUB_EVENT_NAME": "issues"}).task == "what the event issues asks for"
    assert read_inputs(inputs(issue_number="7")).task == "issue 7"
