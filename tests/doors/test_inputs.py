"""What a workflow writes under `with:` becomes the arguments of `agentos run`, or an error that names the input."""

from __future__ import annotations

import re

import pytest

from agentos_action.entry.action import read_inputs
from agentos_action.errors import UsageError
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


def test_an_unknown_sidecar_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="the input sidecar is 'docker'"):
        read_inputs(inputs(sidecar="docker"))


def test_action_yml_hands_on_exactly_the_inputs_that_are_read() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    source = (ROOT / "agentos_action/entry/action.py").read_text(encoding="utf-8")
    declared = set(re.findall(r"^  ([a-z-]+):$", text.partition("outputs:")[0].partition("inputs:")[2], re.MULTILINE))
    handed = {name.lower().replace("_", "-") for name in re.findall(r"AGENTOS_INPUT_(\w+):", text)}
    assert handed == declared - {"python"}
    assert all(f'"{name}"' in source for name in handed)


def test_exceptions_are_handed_on_one_by_one() -> None:
    read = read_inputs(inputs(recipe="docstrings", allow_path=" docs/**\n\n--json\n"))
    assert [word for word in read.argv if word.startswith("--allow-path")] == [
        "--allow-path=docs/**",
        "--allow-path=--json",
    ]
