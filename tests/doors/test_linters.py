"""Action, workflows, examples and hook manifest pass the linters that know these formats, offline."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.doors.tree import ROOT

ACTION = ROOT / "action.yml"
WORKFLOWS = sorted([*(ROOT / ".github/workflows").glob("*.yml"), *(ROOT / "examples/workflows").glob("*.yml")])
BIN = Path(sys.executable).parent
PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def assert_passes(*argv: str | Path) -> None:
    """Run a tool of the development environment; the test fails with its words where it does."""
    done = subprocess.run([BIN / argv[0], *argv[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_workflows_and_examples() -> None:
    assert {"ci.yml", "docstrings.yml"} <= {path.name for path in WORKFLOWS}


def test_every_example_is_told_apart_from_the_others() -> None:
    text = (ROOT / "examples/README.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| \[([\w-]+\.yml)\]\(workflows/\1\) \|", text, re.MULTILINE)
    assert sorted(told) == sorted(file.name for file in (ROOT / "examples/workflows").iterdir())
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert not [link for link in links if not (ROOT / "examples" / link).exists()]


def test_zizmor_finds_nothing() -> None:
    assert_passes("zizmor", "--offline", "--no-progress", "--persona", "pedantic", ACTION, *WORKFLOWS)


def test_the_action_has_the_form_of_an_action() -> None:
    assert_passes("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)


def test_the_workflows_have_the_form_of_workflows() -> None:
    assert_passes("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)


def test_pre_commit_takes_the_manifest_and_our_own_configuration() -> None:
    assert_passes("pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")
    assert_passes("pre-commit", "validate-config", ROOT / ".pre-commit-config.yaml")


@pytest.mark.parametrize("file", [ACTION, *WORKFLOWS], ids=lambda file: file.name)
def test_every_foreign_action_is_pinned_by_commit_with_its_version(file: Path) -> None:
    used = [
        line.strip().removeprefix("- ") for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    foreign = [line for line in used if not line.startswith(("uses: ./", "#"))]
    assert [line for line in foreign if not PINNED.fullmatch(line)] == []


def test_no_input_is_spliced_into_a_script() -> None:
    text = ACTION.read_text(encoding="utf-8")
    scripts = re.findall(r"^ +run: (?:\|\n((?:(?: {8,}.*)?\n)+)|(.*)\n)", text, re.MULTILINE)
    assert len(scripts) == 4
    assert not [script for pair in scripts for script in pair if "${{" in script]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_no_artifact_stands_in_the_way_of_another_attempt(file: Path) -> None:
    jobs = yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values()
    uploads = [step["with"] for job in jobs for step in job["steps"] if "upload-artifact@" in step.get("uses", "")]
    assert not [given for given in uploads if not given.get("overwrite") and "run_attempt" not in given["name"]]
